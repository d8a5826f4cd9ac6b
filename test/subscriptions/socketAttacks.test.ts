import { once } from 'node:events';
import { afterEach, describe, expect, test } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocket } from 'ws';
import { bearer, captureLog, digestOf, temporaryFiles, type TemporaryFiles } from '../support/fixtures.ts';
import { startTestGateway, type TestGateway, type TestGatewayOptions } from '../support/gateway.ts';
import { openSocket, socketUrlOf } from '../support/sockets.ts';
import { createVirtualClock, type VirtualClock } from '../support/virtualClock.ts';

const TOKEN = 'dwg_reader';
const LIST = 'subscription { pipelineRunsUpdated(projectId: 10003) { totalCount } }';
const INIT = JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${TOKEN}` } });

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

describe('a flood', () => {
  test('of messages before connection_init is closed at the first message', async () => {
    const { gateway, clock } = await start();
    const sockets = await Promise.all(Array.from({ length: 4 }, () => connect(gateway)));
    const ping = JSON.stringify({ type: 'ping' });
    const cpu = process.cpuUsage();
    for (const { socket } of sockets) for (let count = 0; count < 20_000; count++) socket.send(ping);
    await turns(200);
    // Includes the time of the senders.
    expect(process.cpuUsage(cpu).user / 1000).toBeLessThan(6000);
    await clock.advance(5000);
    await Promise.all(sockets.map(({ closed }) => closed));
    for (const { received } of sockets) expect(received).toEqual([]);
  });

  test.each([
    ['messages', false, (socket: WebSocket) => socket.send('{"type":"ping"}')],
    ['control frames', true, (socket: WebSocket) => socket.ping()],
    ['refused subscriptions', false, (socket: WebSocket, id: number) => socket.send(subscribe(id, '{'))],
  ])(
    'of %s by an authenticated client is closed with 1013, answered and logged up to the limit',
    async (_, isControl, send) => {
      const log = captureLog();
      const { gateway, clock } = await start({ logger: log.logger });
      const { socket, closed, received } = await connect(gateway);
      const pongs = { count: 0 };
      socket.on('pong', () => (pongs.count += 1));
      socket.send(INIT);
      await once(socket, 'message');
      for (let id = 0; id < 20_000; id++) send(socket, id);
      await turns(500);
      await clock.advance(5000);
      // ws cuts the connection of a peer that does not read its pongs.
      expect([1013, isControl ? 1006 : 1013]).toContain((await closed).code);
      // LIVE_MAX_PER_CALLER is 100: subscribe and complete for each, and 100 more.
      expect(received.length + pongs.count).toBeLessThanOrEqual(301);
      expect(log.text().length).toBeLessThan(301 * 1000);
    },
  );

  test('of one socket does not delay the messages of another', async () => {
    const { gateway } = await start();
    const [flooding, other] = await Promise.all([connect(gateway), connect(gateway)]);
    for (const { socket } of [flooding, other]) {
      socket.send(INIT);
      await once(socket, 'message');
    }
    for (let id = 0; id < 290; id++) flooding.socket.send(subscribe(id, LIST));
    other.socket.send(JSON.stringify({ type: 'ping' }));
    await once(other.socket, 'message');
    expect(flooding.received.length).toBeLessThan(290);
  });

  test.each([
    ['ping', { type: 'ping' }, 4401],
    ['subscribe', { id: '1', type: 'subscribe', payload: { query: LIST } }, 4401],
    ['JSON array', [1], 4400],
    ['connection_init of 90 kB', { type: 'connection_init', payload: { a: 'a'.repeat(90_000) } }, 4400],
  ])('is not needed: one %s before connection_init closes the socket', async (_, message, code) => {
    const { gateway } = await start();
    const { socket, closed } = await connect(gateway);
    socket.send(JSON.stringify(message));
    expect(await closed).toMatchObject({ code });
  });

  test('of subscriptions within LIVE_MAX_PER_CALLER is accepted', async () => {
    const { gateway } = await start();
    const { socket, received } = await connect(gateway);
    socket.send(INIT);
    await once(socket, 'message');
    for (let id = 0; id < 100; id++) socket.send(subscribe(id, LIST));
    while (received.length < 101) await once(socket, 'message');
    expect(received.slice(1).map(({ type }) => type)).toEqual(Array(100).fill('next'));
  });
});

describe('sockets that never authenticate', () => {
  test('do not count for LIVE_MAX, and are closed after 10 s', async () => {
    const { gateway, clock } = await start({ settings: { LIVE_MAX: '3' } });
    const silent = await Promise.all(Array.from({ length: 10 }, () => connect(gateway)));
    await using client = openSocket(gateway.url, { headers: bearer(TOKEN) });
    await client.subscribe(LIST).until(1);
    // They do not complete the closing handshake either.
    for (const { socket } of silent) (socket as unknown as { _socket: { pause(): void } })._socket.pause();
    await clock.advance(10_000);
    await clock.advance(3000);
    for (const { socket } of silent) (socket as unknown as { _socket: { resume(): void } })._socket.resume();
    const ends = await Promise.all(silent.map(({ closed }) => closed));
    expect(new Set(ends.map(({ code }) => code))).toEqual(new Set([4408]));
  });

  test('are limited per address, and the oldest is closed for a client that authenticates', async () => {
    const { gateway } = await start();
    const silent: Awaited<ReturnType<typeof connect>>[] = [];
    for (let count = 0; count < 200; count++) silent.push(await connect(gateway));
    await using client = openSocket(gateway.url, { headers: bearer(TOKEN) });
    await client.subscribe(LIST).until(1);
    expect((await silent[0]!.closed).code).toBe(1013);
    const open = silent.filter(({ socket }) => socket.readyState === socket.OPEN);
    expect(open).toHaveLength(199);
  });

  test('and disconnect while the key set is fetched are not counted any more', async () => {
    const keys = await slowKeySet();
    const { gateway } = await start({
      settings: {
        AUTH_JWKS_URL: keys.url,
        AUTH_ISSUER: 'https://issuer.example',
        AUTH_AUDIENCE: 'runs',
        LIVE_MAX_PER_CALLER: '2',
      },
    });
    const headers = bearer(await keys.token());
    const init = JSON.stringify({ type: 'connection_init', payload: headers });
    for (let count = 0; count < 100; count++) {
      const { socket, closed } = await connect(gateway);
      socket.send(init);
      await turns(10);
      socket.terminate();
      await closed;
    }
    expect(keys.waiting()).toBeGreaterThan(0);
    keys.release();
    await turns(100);
    const clients = [1, 2].map(() => openSocket(gateway.url, { headers }));
    await Promise.all(clients.map((client) => client.subscribe(LIST).until(1)));
    await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
  });
});

describe('a subscription', () => {
  test('that arrives on a closing socket starts no poller', async () => {
    const { gateway, clock } = await start();
    const { socket, closed } = await connect(gateway);
    socket.send(INIT);
    await once(socket, 'message');
    const tcp = (socket as unknown as { _socket: { pause(): void; resume(): void } })._socket;
    // The client reads nothing: the first event is pending for longer than the send timeout.
    tcp.pause();
    const long = `subscription { pipelineRunsUpdated(projectId: 10000) { updates { run {
      runId message description stages { code detail } } } } }`;
    for (let id = 0; id < 100; id++) socket.send(subscribe(id, long));
    await turns(300);
    for (let step = 0; step < 4; step++) await clock.advance(5000);
    for (let id = 200; id < 205; id++)
      socket.send(subscribe(id, `subscription { pipelineRunsUpdated(projectId: 1000${id % 5}) { asOf } }`));
    await turns(100);
    for (let step = 0; step < 4; step++) await clock.advance(5000);
    await turns(50);
    expect(await pollersOf(gateway)).toBe(0);
    gateway.newCalls();
    for (let step = 0; step < 20; step++) await clock.advance(30_000);
    expect(gateway.newCalls()).toEqual([]);
    tcp.resume();
    await closed;
  });

  test.each([5, 101, 5000])(
    'whose id of %i characters is used twice closes the socket with 4409',
    async (length) => {
      const log = captureLog();
      const { gateway } = await start({ logger: log.logger });
      const { socket, closed } = await connect(gateway);
      socket.send(INIT);
      await once(socket, 'message');
      const id = 'ü'.repeat(length);
      const message = JSON.stringify({ id, type: 'subscribe', payload: { query: LIST } });
      socket.send(message);
      socket.send(message);
      expect(await closed).toMatchObject({ code: 4409, reason: expect.stringMatching(/^Subscriber for ü+/) });
      expect(log.lines().filter(({ level }) => level >= 50)).toEqual([]);
    },
  );
});

describe('a token', () => {
  test.each([
    ['is revoked', [], /^UNAUTHENTICATED/],
    [
      'grants other projects',
      [{ name: 'reader', sha256: digestOf(TOKEN), projects: ['10001'] }],
      /^FORBIDDEN/,
    ],
  ])('that %s ends its sockets within 10 s', async (_, content, reason) => {
    const { gateway, clock, files } = await start();
    const client = openSocket(gateway.url, { headers: bearer(TOKEN) });
    const other = openSocket(gateway.url, { headers: bearer('dwg_other') });
    await Promise.all([client, other].map((one) => one.subscribe(LIST).until(1)));
    await clock.advance(8000);
    await files.write('tokens.json', [
      ...content,
      { name: 'other', sha256: digestOf('dwg_other'), projects: '*' },
    ]);
    for (let passedMs = 0; passedMs < 10_000; passedMs += 1000) {
      await clock.advance(1000);
      await turns(100);
    }
    expect(await client.closed).toMatchObject({ code: 4403, reason: expect.stringMatching(reason) });
    await other.subscribe(LIST).until(1);
    await other[Symbol.asyncDispose]();
  });

  test('whose key left the key set ends its sockets within 10 s', async () => {
    const keys = await keyFile();
    const { gateway, clock } = await start({ settings: keys.settings });
    const client = openSocket(gateway.url, { headers: bearer(await keys.token(clock)) });
    await client.subscribe(LIST).until(1);
    await keys.replace();
    for (let passedMs = 0; passedMs < 10_000; passedMs += 1000) {
      await clock.advance(1000);
      await turns(100);
    }
    expect(await client.closed).toMatchObject({ code: 4403 });
  });
});

interface Scene {
  gateway: TestGateway;
  clock: VirtualClock;
  files: TemporaryFiles;
}

async function start(options: TestGatewayOptions = {}): Promise<Scene> {
  const clock = createVirtualClock(Date.now());
  const files = await temporaryFiles();
  const tokens = await files.write('tokens.json', [
    { name: 'reader', sha256: digestOf(TOKEN), projects: '*', may: ['metrics'] },
    { name: 'other', sha256: digestOf('dwg_other'), projects: '*' },
  ]);
  const gateway = await startTestGateway({
    clock,
    simulator: { now: () => clock.now() },
    ...options,
    settings: {
      AUTH_TOKENS_FILE: tokens,
      UPSTREAM_TRY_TIMEOUT_MS: '60000',
      REQUEST_DEADLINE_MS: '120000',
      ...options.settings,
    },
  });
  cleanups.push(
    () => files[Symbol.asyncDispose](),
    () => gateway.close(),
  );
  return { gateway, clock, files };
}

async function connect(gateway: TestGateway) {
  const socket = new WebSocket(socketUrlOf(gateway.url), 'graphql-transport-ws');
  const received: { type: string }[] = [];
  socket.on('message', (data: Buffer) => received.push(JSON.parse(data.toString()) as { type: string }));
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  cleanups.push(() => socket.terminate());
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  socket.on('error', () => undefined);
  return { socket, received, closed };
}

function subscribe(id: number, query: string): string {
  return JSON.stringify({ id: String(id), type: 'subscribe', payload: { query } });
}

async function pollersOf(gateway: TestGateway): Promise<number> {
  const response = await fetch(`${gateway.url}/metrics`, { headers: bearer(TOKEN) });
  const line = (await response.text()).split('\n').find((one) => /^\w*pollers /.test(one));
  return Number(line?.split(' ')[1]);
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** An issuer that responds with its key set when the test releases it. */
async function slowKeySet() {
  const pair = await generateKeyPair('RS256');
  const jwk = { ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'RS256' };
  const waiting: (() => void)[] = [];
  let isReleased = false;
  const server = createServer((_, response) => {
    const answer = () =>
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [jwk] }));
    if (isReleased) answer();
    else waiting.push(answer);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    waiting: () => waiting.length,
    release() {
      isReleased = true;
      for (const answer of waiting.splice(0)) answer();
    },
    token: () => signed(pair.privateKey, Date.now()),
  };
}

async function keyFile() {
  const files = await temporaryFiles();
  cleanups.push(() => files[Symbol.asyncDispose]());
  const pair = await generateKeyPair('RS256');
  const write = async ({ publicKey }: { publicKey: CryptoKey }) =>
    files.write('jwks.json', { keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256' }] });
  return {
    settings: {
      AUTH_JWKS_FILE: await write(pair),
      AUTH_ISSUER: 'https://issuer.example',
      AUTH_AUDIENCE: 'runs',
    },
    replace: async () => write(await generateKeyPair('RS256')),
    token: (clock: VirtualClock) => signed(pair.privateKey, clock.now()),
  };
}

function signed(key: CryptoKey, nowMs: number): Promise<string> {
  return new SignJWT({ sub: 'ana', iss: 'https://issuer.example', aud: 'runs', projects: '*' })
    .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
    .setExpirationTime(Math.floor(nowMs / 1000) + 3600)
    .sign(key);
}
