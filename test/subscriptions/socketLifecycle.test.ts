import { getEventListeners } from 'node:events';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Viewer } from '../../src/core/viewer.ts';
import type { GatewayContext } from '../../src/graphql/context.ts';
import { createAdmission } from '../../src/auth/admission.ts';
import { viewerOf } from '../../src/auth/scopes.ts';
import { CLOSE } from '../../src/subscriptions/closeCodes.ts';
import { createConnections } from '../../src/subscriptions/connections.ts';
import { createSocketOperations } from '../../src/subscriptions/socketOperations.ts';
import { createSubscriptionSource } from '../../src/subscriptions/subscriptionSource.ts';
import type { SubscriptionSource } from '../../src/graphql/updates.ts';
import { createSchema } from '../../src/graphql/schema.ts';
import { createCache } from '../support/cache.ts';
import { createFakeUpstream, pageOf, runOf } from '../support/fakeUpstream.ts';
import { FakeSocket } from '../support/fakeSocket.ts';
import { unreadObservation } from '../support/fixtures.ts';
import { createVirtualClock } from '../support/virtualClock.ts';

const ACTIONS = [
  'open',
  'init',
  'authenticate',
  'refuse',
  'subscribe',
  'resubscribe',
  'complete',
  'message',
  'stall',
  'take',
  'drop',
  'close',
  'revoke',
  'drain',
  'pass',
] as const;
const SOCKETS = 3;
const schema = createSchema();
const reached = {
  subscribed: 0,
  closedWhileAuthenticating: 0,
  slow: 0,
  revoked: 0,
  subscribedOnClosing: 0,
  drained: 0,
};

const step = fc.record({
  action: fc.constantFrom(...ACTIONS, 'stall', 'pass', 'drop'),
  socket: fc.nat(SOCKETS - 1),
  id: fc.nat(2),
});
/** The first socket starts on its way to a subscription, so that most sequences reach one. */
const prefix = (['open', 'init', 'authenticate', 'subscribe'] as const).map((action) => ({
  action,
  socket: 0,
  id: 1,
}));

test('no order of socket events leaves anything behind when all sockets are closed', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(0, 2, prefix.length, prefix.length),
      fc.array(step, { minLength: 5, maxLength: 25 }),
      async (given, steps) => {
        const scene = createScene();
        for (const { action, socket, id } of [...prefix.slice(0, given), ...steps]) {
          await scene.run(action, socket, id);
        }
        await scene.end();
      },
    ),
    { numRuns: 4000 },
  );
  // Each relevant state is reached often enough to be tested.
  for (const count of Object.values(reached)) expect(count).toBeGreaterThan(30);
}, 120_000);

test('rejected subscriptions leave no listener on their connection', async () => {
  const { run, end, all, closingSignals, clock } = createScene();
  for (const { action } of prefix) await run(action, 0, 1);
  const payloads = {
    // LIVE_MAX_PER_CALLER is reached after ten.
    source: { query: 'subscription { pipelineRunsUpdated(projectId: 1) { totalCount } }' },
    variables: { query: 'subscription($id: ID!) { pipelineRunsUpdated(projectId: $id) { totalCount } }' },
    document: { query: 'subscription { unknown }' },
  };
  for (const [kind, payload] of Object.entries(payloads)) {
    for (let count = 0; count < 100; count += 1) {
      all[0]?.say({ id: `${kind} ${count}`, type: 'subscribe', payload });
      await clock.advance(50);
    }
  }
  const codes = all[0]?.taken.flatMap(codesOf) ?? [];
  expect(countsOf(codes)).toEqual({
    TOO_MANY_SUBSCRIPTIONS: 91,
    BAD_USER_INPUT: 100,
    GRAPHQL_VALIDATION_FAILED: 100,
  });
  expect(closingSignals.map((signal) => getEventListeners(signal, 'abort').length)).toEqual([10]);
  await end();
});

/** Of an `error` message, or of a `next` message without data. */
function codesOf({ payload }: Record<string, unknown>): string[] {
  const { errors = [] } = (Array.isArray(payload) ? { errors: payload } : (payload ?? {})) as {
    errors?: { extensions: { code: string } }[];
  };
  return errors.map(({ extensions }) => extensions.code);
}

function countsOf(codes: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const code of codes) counts[code] = (counts[code] ?? 0) + 1;
  return counts;
}

const viewer = viewerOf({ name: 'ana', projects: '*', may: [] });
const report = () => undefined;
const bugs: unknown[] = [];
const onBug = (error: unknown) => void bugs.push(error);
/** Those of the current scene. */
let subscriptions: SubscriptionSource;
/** One for all scenes, so that each document is validated once. */
const operations = createSocketOperations({
  schema,
  introspection: true,
  limits: {
    depth: 20,
    aliases: 20,
    rootFields: 5,
    directives: 5,
    selections: 100,
    tokens: 1000,
    rows: 10_000,
    responseBytes: 1_000_000,
  },
  trustedDocuments: () => null,
  admission: createAdmission({ authenticate: () => viewer, rateLimit: null, onBug }),
  createContext: ({ requestId }) =>
    ({
      requestId,
      viewer,
      subscriptions,
      loaders: {
        authorised: (key: unknown) => key,
        runs: () => ({ price: () => [], cachedRows: () => null }),
        prices: { run: () => [] },
      },
      cost: { ceiling: 100, atWorst: 0 },
      output: { countedObjects: 0, objectsLeft: 10_000 },
      staleParts: [],
    }) as unknown as GatewayContext,
  observe: unreadObservation,
  report,
  onBug,
});

function createScene() {
  const clock = createVirtualClock();
  const upstream = createFakeUpstream(clock, {
    ListPipelineRuns: (params) => ({
      ...pageOf([runOf('a', 'RUNNING')], params),
      // Every poll finds a change.
      totalCount: 1 + (Math.floor(clock.now() / 1000) % 1_000_000),
    }),
  });
  const { upstream: cache } = createCache(upstream, {
    maxBytes: 1_000_000,
    freshMs: 5000,
    staleMs: 60_000,
    patienceMs: 1000,
    clock,
    report,
  });
  bugs.length = 0;
  subscriptions = createSubscriptionSource(cache, {
    clock,
    limits: { perCaller: 10, inAll: 20, objectsPerCaller: 10_000 },
    pageSize: () => 10,
    fastMs: 5000,
    slowMs: 30_000,
    deadlineMs: 1000,
    report,
  });
  const pending: ((viewer: Viewer | 'invalid') => void)[] = [];
  let isRevoked = false;
  let isFirst = true;
  const admission = createAdmission({
    authenticate: () =>
      isFirst ? new Promise((resolve) => pending.push(resolve)) : isRevoked ? 'invalid' : viewer,
    rateLimit: null,
    onBug,
  });
  const closingSignals: AbortSignal[] = [];
  const observed: typeof operations = {
    opened(socket, connection) {
      closingSignals.push(connection.closing);
      return operations.opened(socket, connection);
    },
  };
  const connections = createConnections(observed, {
    clock,
    admission,
    sockets: { perCaller: 2, inAll: 5 },
    isAuthenticated: true,
    onBug,
  });
  const sockets: (FakeSocket | null)[] = Array<null>(SOCKETS).fill(null);
  const all: FakeSocket[] = [];
  return { run, end, all, closingSignals, clock };

  async function run(action: (typeof ACTIONS)[number], index: number, id: number): Promise<void> {
    const socket = sockets[index] ?? null;
    if (action === 'open') {
      if (socket === null) {
        sockets[index] = new FakeSocket();
        all.push(sockets[index]);
        connections.open(sockets[index].asWebSocket(), { id: 'r', ip: '::1', hostname: '', headers: {} });
      }
    } else if (action === 'authenticate') pending.shift()?.(viewer);
    else if (action === 'refuse') pending.shift()?.('invalid');
    else if (action === 'revoke') {
      isRevoked = true;
      isFirst = false;
      const ready = connections.counts().authenticated;
      await clock.advance(4000);
      if (ready > 0) reached.revoked += 1;
      isRevoked = false;
      isFirst = true;
    } else if (action === 'drain') {
      if (connections.counts().authenticated > 0) reached.drained += 1;
      connections.closeAll(CLOSE.goingAway, 'Going away');
    } else if (action === 'pass') {
      isFirst = false;
      await clock.advance(21_000);
      isFirst = true;
    } else if (socket) act(socket, action, id);
    if (action === 'drop' || socket?.readyState === 3) sockets[index] = null;
    // In a third of the cases the next action comes before anything has settled.
    if (id > 0) await clock.advance(0);
    if (subscriptions.counts().subscriptions > 0) reached.subscribed += 1;
  }

  function act(socket: FakeSocket, action: (typeof ACTIONS)[number], id: number): void {
    const subscribe = {
      id: String(id),
      type: 'subscribe',
      payload: { query: `subscription { pipelineRunsUpdated(projectId: ${id + 1}) { totalCount } }` },
    };
    if (action === 'init') socket.say({ type: 'connection_init' });
    if (action === 'subscribe') {
      if (socket.readyState === 2) reached.subscribedOnClosing += 1;
      socket.say(subscribe);
    }
    if (action === 'resubscribe') {
      for (const message of [subscribe, { id: String(id), type: 'complete' }, subscribe]) socket.say(message);
    }
    if (action === 'complete') socket.say({ id: String(id), type: 'complete' });
    if (action === 'message') socket.say({ type: 'ping' });
    if (action === 'stall') socket.stall();
    if (action === 'take') socket.take();
    if (action === 'drop') {
      if (pending.length > 0) reached.closedWhileAuthenticating += 1;
      socket.drop();
    }
    if (action === 'close') socket.complete();
  }

  async function end(): Promise<void> {
    reached.slow += all.filter(({ closedWith }) => closedWith?.code === CLOSE.slowConsumer).length;
    connections.closeAll(CLOSE.goingAway, 'Going away');
    await clock.advance(0);
    expect(subscriptions.counts()).toEqual({ subscriptions: 0, pollers: 0 });
    for (const resolve of pending.splice(0)) resolve(viewer);
    isFirst = false;
    await clock.advance(20_000);
    expect(all.map(({ readyState }) => readyState)).toEqual(all.map(() => 3));
    connections.stop();
    upstream.newCalls();
    await clock.advance(200_000);
    expect({
      ...connections.counts(),
      ...subscriptions.counts(),
      calls: upstream.newCalls(),
      timers: clock.pendingTimers(),
      bugs,
    }).toEqual({
      pending: 0,
      authenticated: 0,
      subscriptions: 0,
      pollers: 0,
      calls: [],
      timers: 0,
      bugs: [],
    });
  }
}
