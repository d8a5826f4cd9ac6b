import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { bearer, captureLog, digestOf, type TemporaryFiles, temporaryFiles } from './support/door.ts';
import { startTestGateway, type TestGateway } from './support/gateway.ts';

/* What one connection can do to all others. */

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

interface Heard {
  text: string;
  ms: number;
}

function open(): Socket {
  return connect(Number(new URL(gateway.url).port), '127.0.0.1');
}

/** All that comes until the connection is closed, and how long that took. */
function heard(socket: Socket): Promise<Heard> {
  const since = performance.now();
  return new Promise((resolve) => {
    let text = '';
    socket.on('data', (piece) => (text += String(piece)));
    // Written to when it is closed already.
    socket.on('error', () => undefined);
    socket.on('close', () => resolve({ text, ms: performance.now() - since }));
  });
}

const GET = (headers = '') =>
  `GET /graphql?query=%7B__typename%7D HTTP/1.1\r\nhost: localhost\r\napollo-require-preflight: 1\r\n${headers}\r\n`;

/** The longest turn of the event loop, which client and gateway share here, while a task is under way. */
async function longestTurn(task: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let last = performance.now();
  let isOver = false;
  const look = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (!isOver) setImmediate(look);
  };
  setImmediate(look);
  await task();
  isOver = true;
  return longest;
}

async function flood(requests: string): Promise<{ answers: string[]; stallMs: number }> {
  const results = [];
  for (let round = 0; round < 3; round++) {
    let answers: string[] = [];
    const stallMs = await longestTurn(async () => {
      const socket = open();
      const all = heard(socket);
      socket.write(requests);
      answers = (await all).text.match(/HTTP\/1\.1 \d+/g) ?? [];
    });
    results.push({ answers, stallMs });
  }
  return results.sort((one, other) => one.stallMs - other.stallMs)[0]!;
}

describe('20,000 requests in one piece', () => {
  test('without a token get one answer and a closed connection, and stall nobody', async () => {
    const { answers, stallMs } = await flood(GET().repeat(20_000));
    expect(answers.length).toBeLessThanOrEqual(1);
    expect(stallMs).toBeLessThan(200);
  });

  test('to paths that need no token get no more than a hundred answers', async () => {
    const { answers, stallMs } = await flood(
      'GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n'.repeat(20_000),
    );
    expect(answers.length).toBeLessThanOrEqual(100);
    expect(stallMs).toBeLessThan(200);
  });

  test('of a caller with a token get no more than a hundred answers', async () => {
    const { answers, stallMs } = await flood(GET('authorization: Bearer quick\r\n').repeat(20_000));
    expect(answers.length).toBeLessThanOrEqual(100);
    expect(stallMs).toBeLessThan(300);
  });
});

describe('a refused request', () => {
  test('closes its connection after the answer, and the requests behind it have no effect', async () => {
    const lines = () => log.lines().filter(({ msg }) => msg === 'operation').length;
    const before = lines();
    const socket = open();
    const all = heard(socket);
    socket.write(GET() + GET('authorization: Bearer valid\r\n').repeat(5));
    const { text } = await all;
    expect(text).toMatch(/^HTTP\/1.1 401 [^]*connection: close/i);
    expect(text.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    expect(lines()).toBe(before + 1);
  });

  test('leaves the connection of a caller with a token as it is', async () => {
    const socket = open();
    socket.write(
      GET('authorization: Bearer valid\r\n').repeat(5) +
        GET('authorization: Bearer valid\r\nconnection: close\r\n'),
    );
    const { text } = await heard(socket);
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
    const end = heard(socket);
    socket.end(GET('authorization: Bearer valid\r\n').repeat(3));
    const { text } = await end;
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 429', 'HTTP/1.1 429']);
    expect(text.toLowerCase()).not.toContain('connection: close');
  });
});

describe('a request that trickles in', () => {
  const post =
    'POST /graphql HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer valid\r\ncontent-type: application/json\r\n';

  async function trickle(start: string): Promise<Heard> {
    const socket = open();
    const all = heard(socket);
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

describe('an answer that is not read', () => {
  test('is dropped with its connection', async () => {
    const socket = open();
    // Nothing is read of a quarter of a gigabyte of answers, far more than the system holds for a connection.
    const query = encodeURIComponent(
      '{ __schema { types { name description fields { name description } } } }',
    );
    const request = `GET /graphql?query=${query} HTTP/1.1\r\nhost: localhost\r\napollo-require-preflight: 1\r\nauthorization: Bearer valid\r\n\r\n`;
    socket.on('error', () => undefined);
    const before = log.lines().length;
    socket.pause();
    socket.write(request.repeat(99));
    while (log.lines().length === before) await new Promise(setImmediate);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    // A socket that is paused does not notice that it is closed, unless it is written to.
    const knock = setInterval(() => socket.write('x'), 200);
    await closed;
    clearInterval(knock);
  });
});
