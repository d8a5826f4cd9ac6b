import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import WebSocket from 'ws';
import { nestingError } from '../../src/graphql/nesting.ts';
import { captureLog } from '../support/fixtures.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

const log = captureLog('error');
let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ logger: log.logger, settings: { MAX_TOKENS: '100000' } });
});
beforeEach(() => void gateway.newCalls());
afterAll(() => gateway.close());

const deep = (open: string, close: string, levels: number, inside = '') =>
  open.repeat(levels) + inside + close.repeat(levels);

async function post(body: string) {
  const response = await fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  const { errors } = (await response.json()) as { errors?: { extensions: { code: string } }[] };
  return { status: response.status, code: errors?.[0]?.extensions.code };
}

const QUERY =
  '"query":"query ($f: PipelineRunFilter) { pipelineRuns(projectId: 1, filter: $f) { totalCount } }"';

describe('10,000 to 40,000 levels of nesting are rejected with 400 and not reported as a bug:', () => {
  test.each([
    ['arrays in a variable', `{${QUERY},"variables":{"f":${deep('[', ']', 40_000)}}}`],
    ['objects in a variable', `{${QUERY},"variables":{"f":${deep('{"a":', '}', 15_000, '1')}}}`],
    ['variables', `{${QUERY},"variables":${deep('[', ']', 40_000)}}`],
    ['extensions', `{${QUERY},"extensions":{"a":${deep('[', ']', 40_000)}}}`],
    ['the body', deep('[', ']', 40_000)],
    ['half a body', '['.repeat(90_000)],
    ['selections', JSON.stringify({ query: deep('{a', '}', 20_000) })],
    ['half of the selections', JSON.stringify({ query: '{'.repeat(90_000) })],
    ['a list in a document', JSON.stringify({ query: `{ node(id: ${deep('[', ']', 40_000)}) { id } }` })],
    [
      'an object in a document',
      JSON.stringify({ query: `{ node(id: ${deep('{a:', '}', 20_000, '1')}) { id } }` }),
    ],
    [
      'a type in a document',
      JSON.stringify({ query: `query ($a: ${deep('[', ']', 40_000, 'Int')}) { __typename }` }),
    ],
  ])('%s', async (_, body) => {
    expect(await post(body)).toEqual({ status: 400, code: 'BAD_REQUEST' });
    expect(log.lines()).toEqual([]);
    expect(gateway.newCalls()).toEqual([]);
  });

  test('variables in a URL', async () => {
    const variables = encodeURIComponent(deep('[', ']', 2000));
    const response = await fetch(`${gateway.url}/graphql?query=%7B__typename%7D&variables=${variables}`, {
      headers: { 'apollo-require-preflight': '1' },
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST' } }] });
  });

  test('a message through a socket', async () => {
    const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    socket.on('open', () => socket.send(`{"type":"ping","payload":{"a":${deep('[', ']', 40_000)}}}`));
    const code = await new Promise((resolve) => socket.on('close', resolve));
    expect(code).toBe(4400);
    expect(log.lines()).toEqual([]);
  });
});

describe('nesting', () => {
  test('ignores brackets in strings and comments, and closed brackets', () => {
    expect(nestingError(`"${'['.repeat(500)}"`, 'JSON')).toBeNull();
    expect(nestingError(`["\\"${'['.repeat(500)}"]`, 'JSON')).toBeNull();
    expect(nestingError('[],'.repeat(500), 'JSON')).toBeNull();
    expect(nestingError(deep('[', ']', 64), 'JSON')).toBeNull();
    expect(nestingError(deep('[', ']', 65), 'JSON')).not.toBeNull();
    const quoted = `"${'{'.repeat(500)}"`;
    const block = `"""${'{'.repeat(500)} "" \\""" """`;
    expect(nestingError(`{ a(b: ${quoted}, c: ${block}) # ${'{'.repeat(500)}\n }`, 'document')).toBeNull();
    expect(nestingError(`${block} ${deep('{', '}', 401)}`, 'document')).not.toBeNull();
  });

  test('of a long text is counted in linear time, whatever its characters', () => {
    for (const unit of ['"', '\\', '"""', '"\\', '#', '[', '"a', '\n"']) {
      const text = unit.repeat(100_000 / unit.length);
      const before = process.cpuUsage();
      nestingError(text, 'JSON');
      nestingError(text, 'document');
      expect(process.cpuUsage(before).user).toBeLessThan(300_000);
    }
  });
});
