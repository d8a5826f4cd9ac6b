import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { errorCodes, requestErrorCodes } from '../../src/core/errorCodes.ts';
import { metricsTable, PREFIX, renderMetricsDoc } from '../../src/telemetry/metricsTable.ts';
import { captureLog } from '../support/fixtures.ts';
import { postOperation, startTestGateway, type TestGateway } from '../support/gateway.ts';

const log = captureLog();
let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ logger: log.logger });
});
afterAll(() => gateway.close());

const lineOf = (requestId: string) =>
  log
    .text()
    .split('\n')
    .find((line) => line.includes(`"requestId":"${requestId}"`))!;

describe('a log line', () => {
  test('is short, however long the name of the operation', async () => {
    const name = `Q${'x'.repeat(90_000)}`;
    const { status } = await gateway.query(`query ${name} { __typename }`, undefined, {
      'x-request-id': 'long-name',
    });
    expect(status).toBe(200);
    const { operation } = await log.operation('long-name');
    expect(operation).toBe(`${name.slice(0, 200)}…`);
    expect(lineOf('long-name').length).toBeLessThan(2000);
  });

  test('cuts every text at any depth, arrays, and errors with their stacks', () => {
    const captured = captureLog();
    const long = 'y'.repeat(90_000);
    const error = new Error(long);
    error.name = long;
    error.stack = `Error\n${`    at ${long}\n`.repeat(100)}`;
    captured.logger.info({ long, list: Array(1000).fill(long), deep: { deep: { long } } }, long);
    captured.logger.error({ err: error }, long);
    const [line, bug] = captured.lines();
    expect(line).toMatchObject({
      long: `${'y'.repeat(200)}…`,
      deep: { deep: { long: `${'y'.repeat(200)}…` } },
    });
    expect(line!['list']).toHaveLength(20);
    expect(JSON.stringify(bug).length).toBeLessThan(6000);
    expect(bug).toMatchObject({ err: { message: `${'y'.repeat(200)}…` } });
  });
});

describe('labels of metrics', () => {
  test('take documented codes only, whatever callers send', async () => {
    const bodies: unknown[] = [
      { query: '{' },
      { query: '{ nothing }' },
      { query: '{ pipelineRun(projectId: "x", runId: "") { runId } }' },
      { query: 'query Q($p: ID!) { project(projectId: $p) { name } }', variables: { p: [] } },
      { query: 'mutation { x }' },
      { query: '{ __typename }', operationName: 'Missing' },
      { extensions: { persistedQuery: { version: 1, sha256Hash: 'x'.repeat(64) } } },
      { query: '{ __typename }', extensions: { code: 'MADE_UP' } },
      { documentId: 'x' },
      [],
    ];
    for (const body of bodies) await postOperation(gateway.url, body);
    await fetch(`${gateway.url}/graphql?query={__typename}`);
    const text = await (await fetch(`${gateway.url}/metrics`)).text();
    const codes = [...text.matchAll(/_duration_seconds_count\{code="([^"]*)"\}/g)].map(([, code]) => code);
    expect(codes.length).toBeGreaterThan(4);
    const documented = ['OK', ...Object.keys(errorCodes), ...Object.keys(requestErrorCodes)];
    expect(documented).toEqual(expect.arrayContaining(codes));
  });
});

describe('the table of metrics', () => {
  test('has a row for each metric of a scrape, in the documentation, too', async () => {
    const text = await (await fetch(`${gateway.url}/metrics`)).text();
    const scraped = [...text.matchAll(/^# TYPE (dataworks_gateway_\w+) (\w+)$/gm)].map(([, name, type]) => [
      name,
      type,
    ]);
    const listed = Object.entries(metricsTable).map(([name, { type }]) => [PREFIX + name, type]);
    expect(scraped.toSorted()).toEqual(listed.toSorted());
    for (const [name] of listed) expect(renderMetricsDoc()).toContain(`| \`${name!}\` |`);
  });
});
