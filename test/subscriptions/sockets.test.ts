import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { Server } from 'graphql-ws';
import { createAdmission } from '../../src/auth/admission.ts';
import { anonymous } from '../../src/core/viewer.ts';
import { CLOSE_GRACE_MS, type Connection, openConnection } from '../../src/subscriptions/connection.ts';
import { createScheduler } from '../../src/subscriptions/scheduler.ts';
import { bearer, digestOf, temporaryFiles, type TemporaryFiles } from '../support/fixtures.ts';
import { FakeSocket } from '../support/fakeSocket.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { openSocket, upgradeStatusOf } from '../support/sockets.ts';
import { createVirtualClock, type VirtualClock } from '../support/virtualClock.ts';

const FRESH_MS = 5000;

const RUN = `subscription ($runId: ID!, $projectId: ID! = 10000) {
  pipelineRunUpdated(projectId: $projectId, runId: $runId) {
    kind changes { field stage before after } run { id status stages { code status } } asOf staleBecause
  }
}`;
const LIST = `subscription ($projectId: ID! = 10000) {
  pipelineRunsUpdated(projectId: $projectId) { totalCount updates { kind run { runId status } } staleBecause }
}`;

describe('subscriptions over a WebSocket', () => {
  test('report a run from its first status to its last, and complete', async () => {
    await using scene = await open();
    const [run] = scene.gateway.simulator.addRuns('10000', 1);
    await using client = openSocket(scene.gateway.url);
    const subscription = client.subscribe(RUN, { runId: run!.id });
    await scene.passUntil(subscription.ended);
    const statuses = subscription.events.map((event) => event.run.status as string);
    expect([...new Set(statuses)]).toEqual([
      'INIT',
      'RUNNING',
      expect.stringMatching(/^(SUCCEEDED|FAILED|TERMINATED|CANCELED)$/),
    ]);
    expect(subscription.events[0]).toMatchObject({ kind: 'PRESENT', changes: [], staleBecause: null });
    expect(subscription.events.slice(1).every(({ kind }) => kind === 'CHANGED')).toBe(true);
    // The changes of an event are the differences from the event before it.
    for (const [index, { changes, run: now }] of subscription.events.slice(1).entries()) {
      const stages = stagesOf(subscription.events[index].run);
      for (const { field, stage, before, after } of changes) {
        if (field !== 'status' || stage === null) continue;
        expect(stages.get(stage)).toBe(before);
        stages.set(stage, after);
      }
      expect(stages).toEqual(stagesOf(now));
    }
    expect(subscription.codes).toEqual([]);
  });

  test('of one run by a hundred clients cost as many upstream calls as one', async () => {
    await using scene = await open();
    const [run] = scene.gateway.simulator.addRuns('10000', 1);
    const clients = Array.from({ length: 10 }, () => openSocket(scene.gateway.url));
    const all = clients.flatMap((client) =>
      Array.from({ length: 10 }, () => client.subscribe(RUN, { runId: run!.id })),
    );
    await Promise.all(all.map((subscription) => subscription.until(1)));
    await scene.passUntil(Promise.all(all.map((subscription) => subscription.until(2))));
    expect(new Set(all.map(({ events }) => JSON.stringify(events))).size).toBe(1);
    expect(scene.gateway.newCalls().length).toBeLessThanOrEqual(3);
    await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
  });

  test('of a list report new runs', async () => {
    await using scene = await open();
    await using client = openSocket(scene.gateway.url);
    const subscription = client.subscribe(LIST, { projectId: '10003' });
    await subscription.until(1);
    const [run] = scene.gateway.simulator.addRuns('10003', 1);
    await scene.passUntil(subscription.until(2));
    expect(subscription.events.slice(0, 2)).toEqual([
      { totalCount: 0, updates: [], staleBecause: null },
      {
        totalCount: 1,
        updates: [{ kind: 'ADDED', run: { runId: run!.id, status: expect.any(String) } }],
        staleBecause: null,
      },
    ]);
  });

  test('stop polling when the last one ends, with a complete message or by a lost connection', async () => {
    await using scene = await open();
    const client = openSocket(scene.gateway.url);
    const [first, second] = [client.subscribe(LIST), client.subscribe(LIST)];
    await Promise.all([first.until(1), second.until(1)]);
    first.stop();
    (await client.socket()).terminate();
    await second.ended;
    await scene.settle();
    scene.gateway.newCalls();
    await scene.pass(100 * FRESH_MS);
    expect(scene.gateway.newCalls()).toEqual([]);
  });

  test('are closed with 1001 when the server shuts down, and do not delay it', async () => {
    const scene = await open();
    const client = openSocket(scene.gateway.url);
    const subscription = client.subscribe(LIST);
    await subscription.until(1);
    await scene.gateway.close();
    expect(await client.closed).toEqual({ code: 1001, reason: 'Going away' });
    await scene[Symbol.asyncDispose]();
  });

  test('last longer than the deadline of an operation', async () => {
    await using scene = await open({ REQUEST_DEADLINE_MS: '60000' });
    await using client = openSocket(scene.gateway.url);
    const subscription = client.subscribe(
      `subscription { pipelineRunsUpdated(projectId: 10003) { totalCount updates { run { project { name } } } } }`,
    );
    await subscription.until(1);
    await scene.pass(3 * 60_000, 1000);
    scene.gateway.simulator.addRuns('10003', 1);
    await scene.passUntil(subscription.until(2));
    expect(subscription.codes).toEqual([]);
    expect(subscription.events[1].updates).toEqual([{ run: { project: { name: expect.any(String) } } }]);
  });
});

describe('a socket', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({
      settings: { CORS_ORIGINS: 'https://dashboards.example.com', LIVE_MAX: '3' },
    });
  });
  afterAll(() => gateway.close());

  test.each([
    ['another path', { path: '/elsewhere' }, 404],
    ['a page of a foreign origin', { headers: { origin: 'https://evil.example' } }, 403],
    ['a page of an opaque origin', { headers: { origin: 'null' } }, 403],
    ['a page of an origin in CORS_ORIGINS', { headers: { origin: 'https://dashboards.example.com' } }, 101],
    ['a client without an origin', {}, 101],
    ['an older subprotocol', { protocol: 'graphql-ws' }, 4406],
  ])('for %s is answered with the expected status or close code', async (_, request, status) => {
    expect(await upgradeStatusOf(gateway.url, request)).toBe(status);
  });

  test('opens for a page of the gateway’s own origin', async () => {
    expect(await upgradeStatusOf(gateway.url, { headers: { origin: gateway.url } })).toBe(101);
  });

  test('is closed for a page whose host name resolves to the gateway (DNS rebinding)', async () => {
    await using client = openSocket(gateway.url, { headers: { host: 'evil.example' } });
    expect(await client.closed).toMatchObject({ code: 4403, reason: expect.stringMatching(/^FORBIDDEN/) });
  });

  test('is rejected with 503 beyond LIVE_MAX', async () => {
    const clients = Array.from({ length: 3 }, () => openSocket(gateway.url));
    await Promise.all(clients.map((client) => client.subscribe(LIST, { projectId: '10003' }).until(1)));
    expect(await upgradeStatusOf(gateway.url)).toBe(503);
    await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
    await Promise.all(clients.map(({ closed }) => closed));
  });

  test.each([
    ['query', '{ project(projectId: 10000) { name } }', 'GRAPHQL_VALIDATION_FAILED'],
    ['document with a syntax error', 'subscription {', 'GRAPHQL_PARSE_FAILED'],
    [
      'document with an unknown field',
      'subscription { pipelineRunsUpdate(projectId: 1) { asOf } }',
      'GRAPHQL_VALIDATION_FAILED',
    ],
    ['document of two subscriptions', LIST + RUN, 'GRAPHQL_VALIDATION_FAILED'],
    [
      'document beyond MAX_TOKENS',
      `subscription { pipelineRunsUpdated(projectId: 1) { ${'asOf '.repeat(2000)} } }`,
      'QUERY_TOO_EXPENSIVE',
    ],
    [
      'document beyond MAX_ALIASES',
      `subscription { pipelineRunsUpdated(projectId: 1) { ${Array.from({ length: 16 }, (__, n) => `a${n}: asOf`).join(' ')} } }`,
      'QUERY_TOO_EXPENSIVE',
    ],
    [
      'document that could need an upstream call for each run',
      'subscription { pipelineRunsUpdated(projectId: 10000) { updates { run { items { totalCount } } } } }',
      'QUERY_TOO_EXPENSIVE',
    ],
    ['document with a missing variable', RUN, 'BAD_USER_INPUT'],
    [
      'project id that is not a number',
      'subscription { pipelineRunsUpdated(projectId: "x") { asOf } }',
      'BAD_USER_INPUT',
    ],
    [
      'run that does not exist',
      'subscription { pipelineRunUpdated(projectId: 10000, runId: "none") { asOf } }',
      'BAD_USER_INPUT',
    ],
    [
      'project that DataWorks denies',
      'subscription { pipelineRunsUpdated(projectId: 10004) { asOf } }',
      'UPSTREAM_FORBIDDEN',
    ],
  ])('refuses a %s with a code, and stays open', async (_, query, code) => {
    await using client = openSocket(gateway.url);
    const refused = client.subscribe(query);
    await refused.ended;
    expect(refused).toMatchObject({ codes: [code], events: [] });
    const next = client.subscribe(LIST, { projectId: '10003' });
    await next.until(1);
  });

  test('that sends a message only servers may send is closed', async () => {
    const client = openSocket(gateway.url);
    const socket = await client.socket();
    await client.subscribe(LIST, { projectId: '10003' }).until(1);
    socket.send(JSON.stringify({ type: 'next', id: '1', payload: {} }));
    expect(await client.closed).toMatchObject({ code: 4400 });
  });

  test('is required: a subscription over HTTP is rejected with an explanation', async () => {
    const { status, errors } = await gateway.query(LIST);
    expect([status, errors]).toEqual([
      400,
      [
        {
          message:
            'Subscriptions are not available over HTTP. Open a WebSocket at this URL with the subprotocol graphql-transport-ws (graphql-ws).',
          extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
        },
      ],
    ]);
  });

  test('is not opened for another protocol: the request is answered over HTTP/1.1', async () => {
    const body = JSON.stringify({ query: '{ __typename }' });
    const response = await exchange(gateway.url, [
      'POST /graphql HTTP/1.1',
      'Host: 127.0.0.1',
      'Connection: Upgrade, HTTP2-Settings, close',
      'Upgrade: h2c',
      'HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA',
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
      '',
      body,
    ]);
    expect(response).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(response).toContain('{"data":{"__typename":"Query"}}');
  });
});

describe('a socket of a gateway with authentication', () => {
  const TOKEN = 'dwg_reader';
  const clock = createVirtualClock();
  let files: TemporaryFiles;
  let gateway: TestGateway;
  let keys: Awaited<ReturnType<typeof generateKeyPair>>;
  beforeAll(async () => {
    files = await temporaryFiles();
    keys = await generateKeyPair('RS256');
    const key = { ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'RS256' };
    gateway = await startTestGateway({
      clock,
      simulator: { now: () => clock.now() },
      settings: {
        AUTH_TOKENS_FILE: await files.write('tokens.json', [
          { name: 'reader', sha256: digestOf(TOKEN), projects: ['10001'] },
        ]),
        AUTH_JWKS_FILE: await files.write('jwks.json', { keys: [key] }),
        AUTH_ISSUER: 'https://issuer.example',
        AUTH_AUDIENCE: 'runs',
        LIVE_MAX_PER_CALLER: '2',
      },
    });
  });
  afterAll(async () => {
    await gateway.close();
    await files[Symbol.asyncDispose]();
  });

  test.each([
    ['in the connection parameters', { connectionParams: { authorization: `Bearer ${TOKEN}` } }],
    ['in the upgrade request', { headers: bearer(TOKEN) }],
  ])('is authenticated by a token %s', async (_, options) => {
    await using client = openSocket(gateway.url, options);
    const subscription = client.subscribe(LIST, { projectId: '10001' });
    await subscription.until(1);
    expect(subscription.codes).toEqual([]);
  });

  test.each([
    ['no token', {}],
    ['an unknown token', { connectionParams: { authorization: 'Bearer dwg_other' } }],
  ])('is closed for a client with %s', async (_, options) => {
    await using client = openSocket(gateway.url, options);
    expect(await client.closed).toMatchObject({
      code: 4401,
      reason: expect.stringMatching(/^UNAUTHENTICATED/),
    });
  });

  test('rejects projects that its caller may not read, without an upstream call', async () => {
    await using client = openSocket(gateway.url, { headers: bearer(TOKEN) });
    gateway.newCalls();
    for (const subscription of [
      client.subscribe(LIST, { projectId: '10002' }),
      client.subscribe(RUN, { projectId: '10002', runId: 'any' }),
    ]) {
      await subscription.ended;
      expect(subscription).toMatchObject({ codes: ['FORBIDDEN'], events: [] });
    }
    expect(gateway.newCalls()).toEqual([]);
  });

  test('rejects subscriptions and sockets beyond the limits of a caller', async () => {
    await using client = openSocket(gateway.url, { headers: bearer(TOKEN) });
    const within = [1, 2].map(() => client.subscribe(LIST, { projectId: '10001' }));
    await Promise.all(within.map((subscription) => subscription.until(1)));
    const beyond = client.subscribe(LIST, { projectId: '10001' });
    await beyond.ended;
    expect(beyond).toMatchObject({ codes: ['TOO_MANY_SUBSCRIPTIONS'], events: [] });
    await using second = openSocket(gateway.url, { headers: bearer(TOKEN) });
    const other = second.subscribe(LIST, { projectId: '10001' });
    await other.ended;
    await using third = openSocket(gateway.url, { headers: bearer(TOKEN) });
    expect(await third.closed).toMatchObject({
      code: 1013,
      reason: expect.stringMatching(/^TOO_MANY_SUBSCRIPTIONS/),
    });
  });

  test('is closed when its token expires', async () => {
    const seconds = Math.floor(clock.now() / 1000);
    const token = await new SignJWT({ sub: 'ana', iss: 'https://issuer.example', aud: 'runs', projects: '*' })
      .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
      .setExpirationTime(seconds + 60)
      .sign(keys.privateKey);
    await using client = openSocket(gateway.url, { connectionParams: { authorization: `Bearer ${token}` } });
    await client.subscribe(LIST, { projectId: '10003' }).until(1);
    await clock.advance(70_000);
    expect(await client.closed).toEqual({ code: 4403, reason: 'UNAUTHENTICATED: the token has expired' });
  });
});

describe('a slow consumer', () => {
  test('is closed with 4413 when more data is pending than a socket may buffer', async () => {
    await using scene = await open();
    const client = openSocket(scene.gateway.url);
    await client.subscribe(LIST, { projectId: '10003' }).until(1);
    const socket = await client.socket();
    socket.pause();
    const everything = `subscription { pipelineRunsUpdated(projectId: 10000) { updates { run {
      id runId projectId createTime modifyTime creator status rawStatus message description
      stages { code step type rawType name description message status rawStatus detail }
    } } } }`;
    const all = Array.from({ length: 100 }, () => client.subscribe(everything));
    await scene.settle(200);
    socket.resume();
    expect(await client.closed).toMatchObject({
      code: 4413,
      reason: expect.stringMatching(/^SLOW_CONSUMER/),
    });
    await Promise.all(all.map(({ ended }) => ended));
  });

  test('is closed with 4413 when it reads nothing for 15 s, and its subscriptions end at once', async () => {
    const { socket, clock, closed, send } = await readyConnection();
    const first = send('one');
    await first;
    socket.stall();
    const second = send('two');
    await clock.advance(14_999);
    expect(socket.closedWith).toBeNull();
    await clock.advance(1);
    expect(socket.closedWith).toMatchObject({ code: 4413, reason: expect.stringMatching(/^SLOW_CONSUMER/) });
    expect(closed).toEqual([4413]);
    await second;
    // The client does not complete the closing handshake either.
    await clock.advance(CLOSE_GRACE_MS);
    expect(socket.readyState).toBe(3);
    expect(closed).toEqual([4413]);
    expect(clock.pendingTimers()).toBe(0);
  });
});

/** Statuses by code. */
function stagesOf({ stages }: { stages: { code: string; status: string }[] }): Map<string, string> {
  return new Map(stages.map(({ code, status }) => [code, status]));
}

interface Scene extends AsyncDisposable {
  gateway: TestGateway;
  /** Advances time in steps between which calls can be answered. */
  pass(ms: number, stepMs?: number): Promise<void>;
  passUntil(done: Promise<unknown>): Promise<void>;
  /** Lets messages on the wire arrive. */
  settle(turns?: number): Promise<void>;
}

/** A gateway in virtual time. Time advances faster than messages arrive, so deadlines of calls are generous. */
async function open(settings: Record<string, string> = {}): Promise<Scene> {
  const clock = createVirtualClock();
  const gateway = await startTestGateway({
    clock,
    simulator: { now: () => clock.now() },
    settings: {
      CACHE_FRESH_MS: String(FRESH_MS),
      UPSTREAM_TRY_TIMEOUT_MS: '60000',
      REQUEST_DEADLINE_MS: '120000',
      ...settings,
    },
  });
  return { gateway, pass, passUntil, settle, [Symbol.asyncDispose]: () => gateway.close() };

  async function pass(ms: number, stepMs = FRESH_MS): Promise<void> {
    for (let passedMs = 0; passedMs < ms; passedMs += stepMs) {
      await clock.advance(stepMs);
      await settle(1);
    }
  }

  async function passUntil(done: Promise<unknown>): Promise<void> {
    const progress = { isDone: false };
    void done.then(() => (progress.isDone = true));
    while (!progress.isDone) await pass(200, 200);
  }

  async function settle(turns = 50): Promise<void> {
    for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
}

/** An authenticated connection over a fake socket. */
async function readyConnection() {
  const clock: VirtualClock = createVirtualClock();
  const closed: number[] = [];
  let sendMessage: (message: string) => Promise<void> | void = () => undefined;
  const socket = new FakeSocket();
  const server: Server<Connection> = {
    opened(given, connection) {
      sendMessage = (message) => given.send(JSON.stringify(message));
      given.onMessage(() => connection.authenticate(undefined).then(() => undefined));
      return (code = 0) => Promise.resolve(void closed.push(code));
    },
  };
  const peer = { id: 'r', ip: '::1', hostname: '', headers: {} };
  const connection = openConnection(server, socket.asWebSocket(), peer, {
    clock,
    admission: createAdmission({
      authenticate: () => anonymous,
      rateLimit: null,
      onBug: () => undefined,
    }),
    schedule: createScheduler(),
    burst: 10,
    claim: () => true,
    onBug: () => undefined,
    onClosed: () => undefined,
  });
  socket.say({ type: 'connection_init' });
  await clock.advance(0);
  expect(connection.state.phase).toBe('ready');
  return { socket, clock, closed, send: (message: string) => sendMessage(message) };
}

/** Sends lines of HTTP and returns the whole response. */
function exchange(url: string, lines: string[]): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let answer = '';
    connect(Number(port), hostname)
      .on('data', (piece) => (answer += String(piece)))
      .on('end', () => resolve(answer))
      .on('error', reject)
      .write(lines.join('\r\n'));
  });
}
