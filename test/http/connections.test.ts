import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { bearer, captureLog, digestOf, type TemporaryFiles, temporaryFiles } from '../support/fixtures.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

/* The effect of one connection on all others. */

let files: TemporaryFiles;
let gateway: TestGateway;
const log = captureLog();
beforeAll(async () => {
  files = await temporaryFiles();
  gateway = await startTestGateway({
    logger: log.logger,
    settings: {
      REQUEST_DEADLINE_MS: '600',
      MAX_QUEUE_MS: '1500',
      UPSTREAM_TRY_TIMEOUT_MS: '500',
      AUTH_TOKENS_FILE: await files.write('tokens.json', [
        { name: 'valid', sha256: digestOf('valid'), projects: '*' },
        { name: 'quick', sha256: digestOf('quick'), projects: '*' },
      ]),
    },
  });
});
afterAll(async () => {
  await gateway.close();
  await files[Symbol.asyncDispose]();
});

interface Received {
  text: string;
  ms: number;
}

function open(url = gateway.url): Socket {
  return connect(Number(new URL(url).port), '127.0.0.1');
}

/** Everything received until the connection is closed, and how long that took. */
function received(socket: Socket): Promise<Received> {
  const since = performance.now();
  return new Promise((resolve) => {
    let text = '';
    socket.on('data', (piece) => (text += String(piece)));
    // Written to after it was closed.
    socket.on('error', () => undefined);
    socket.on('close', () => resolve({ text, ms: performance.now() - since }));
  });
}

const GET = (headers = '') =>
  `GET /graphql?query=%7B__typename%7D HTTP/1.1\r\nhost: localhost\r\napollo-require-preflight: 1\r\n${headers}\r\n`;

/** The status lines of the responses to requests in one chunk. stall.test.ts measures how long they block the event loop. */
async function flood(requests: string): Promise<string[]> {
  const socket = open();
  const all = received(socket);
  socket.write(requests);
  return (await all).text.match(/HTTP\/1\.1 \d+/g) ?? [];
}

describe('20,000 requests in one piece', () => {
  test('without a token get one response and a closed connection', async () => {
    const answers = await flood(GET().repeat(20_000));
    expect(answers.length).toBeLessThanOrEqual(1);
  });

  test('to paths that need no token get at most a hundred responses', async () => {
    const answers = await flood('GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n'.repeat(20_000));
    expect(answers.length).toBeLessThanOrEqual(100);
  });

  test('of a caller with a token get at most a hundred responses', async () => {
    const answers = await flood(GET('authorization: Bearer quick\r\n').repeat(20_000));
    expect(answers.length).toBeLessThanOrEqual(100);
  });
});

describe('a rejected request', () => {
  test('closes its connection after the response, and later requests of the connection have no effect', async () => {
    const lines = () => log.lines().filter(({ msg }) => msg === 'operation').length;
    const before = lines();
    const socket = open();
    const all = received(socket);
    socket.write(GET() + GET('authorization: Bearer valid\r\n').repeat(5));
    const { text } = await all;
    expect(text).toMatch(/^HTTP\/1.1 401 [^]*connection: close/i);
    expect(text.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    expect(lines()).toBe(before + 1);
  });

  test('leaves the connection of an authenticated caller unchanged', async () => {
    const socket = open();
    socket.write(
      GET('authorization: Bearer valid\r\n').repeat(5) +
        GET('authorization: Bearer valid\r\nconnection: close\r\n'),
    );
    const { text } = await received(socket);
    expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(6);
    expect(text.match(/connection: close/gi)).toHaveLength(1);
    const { status, headers } = await gateway.query('{ __typename }', undefined, bearer('valid'));
    expect([status, headers.get('connection')]).toEqual([200, 'keep-alive']);
  });

  test('leaves the connection of a rate-limited caller with a token open', async () => {
    await using limited = await startTestGateway({
      settings: {
        RATE_LIMIT_PER_SECOND: '1',
        RATE_LIMIT_BURST: '1',
        AUTH_TOKENS_FILE: await files.write('limited.json', [
          { name: 'valid', sha256: digestOf('valid'), projects: '*' },
        ]),
      },
    });
    const socket = connect(Number(new URL(limited.url).port), '127.0.0.1');
    const end = received(socket);
    socket.end(GET('authorization: Bearer valid\r\n').repeat(3));
    const { text } = await end;
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 429', 'HTTP/1.1 429']);
    expect(text.toLowerCase()).not.toContain('connection: close');
  });
});

describe('a request that arrives slowly', () => {
  const post =
    'POST /graphql HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer valid\r\ncontent-type: application/json\r\n';

  async function trickle(start: string): Promise<Received> {
    const socket = open();
    const all = received(socket);
    socket.write(start);
    const drip = setInterval(() => socket.write(' '), 50);
    const result = await all;
    clearInterval(drip);
    return result;
  }

  test.each([
    ['in its body', `${post}content-length: 5000\r\n\r\n{`],
    ['in its headers', `${post}x-filler: `],
    [
      'as the second on its connection',
      `${GET('authorization: Bearer valid\r\n')}${post}content-length: 5000\r\n\r\n{`,
    ],
  ])('%s is ended by REQUEST_DEADLINE_MS', async (name, start) => {
    const { text, ms } = await trickle(start);
    expect(ms).toBeGreaterThan(500);
    expect(ms).toBeLessThan(3000);
    expect(text).toMatch(/HTTP\/1.1 408 /);
    expect(text).toContain('"code":"REQUEST_TIMEOUT"');
    expect(text.match(/HTTP\/1\.1 /g)).toHaveLength(name.startsWith('as the second') ? 2 : 1);
  });
});

describe('a response that is not read', () => {
  test('is dropped with its connection, even if nothing more is sent', async () => {
    await using large = await startTestGateway({
      logger: log.logger,
      settings: { REQUEST_DEADLINE_MS: '500', MAX_QUEUE_MS: '100', MAX_RESPONSE_BYTES: '1000000000' },
    });
    large.simulator.fault({ kind: 'largeDetail', detailBytes: 1_000_000 });
    const run = large.simulator.runs('10002').at(-1)!.id;
    // About 30 MB, more than the system buffers for a connection.
    const query = `{ pipelineRun(projectId: 10002, runId: "${run}") { stages { detail a: detail b: detail c: detail d: detail e: detail } } }`;
    const socket = open(large.url);
    socket.on('error', () => undefined);
    socket.pause();
    const target = `/graphql?query=${encodeURIComponent(query)}`;
    const headers = 'host: localhost\r\napollo-require-preflight: 1\r\nx-request-id: unread\r\n';
    const since = performance.now();
    socket.write(`GET ${target} HTTP/1.1\r\n${headers}\r\n`);
    // Logged when the response is read completely or the connection is closed.
    expect(await log.operation('unread')).toMatchObject({ status: 200 });
    // Two deadlines, the queue and a second. Node waits twice as long if the system has buffered part of the response.
    expect(performance.now() - since).toBeGreaterThan(2100);
    expect(performance.now() - since).toBeLessThan(10_000);
    socket.destroy();
  }, 20_000);
});
