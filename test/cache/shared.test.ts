import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDemand } from '../../src/cache/demand.ts';
import {
  createRedisTier,
  type RedisTier,
  type SharedOptions,
  withSharedCache,
} from '../../src/cache/withSharedCache.ts';
import { sharedKey } from '../../src/cache/sharedEntry.ts';
import { createSteadyClock, systemClock } from '../../src/core/clock.ts';
import type { PipelineRun } from '../../src/core/domain.ts';
import type { Actions, CallContext, CallEvent, Upstream } from '../../src/core/upstream.ts';
import { connectRedis } from '../../src/core/redis.ts';
import { createCache } from '../support/cache.ts';
import { createFakeUpstream, type FakeUpstream, pageOf, runOf } from '../support/fakeUpstream.ts';
import { describeWithRedis, type RedisServer, startRedisServer } from '../support/redisServer.ts';

const freshMs = 5_000;
const staleMs = 600_000;
const identity = 'account';

/** Real time and a real server; the wall clock alone is moved, so that things age without waiting. */
describeWithRedis('answers shared through Redis', () => {
  let server: RedisServer;
  let connections: Redis[];
  let replicas: RedisTier[];
  let runs: PipelineRun[];
  let upstream: FakeUpstream;
  let events: CallEvent[];
  let aheadMs = 0;

  const clock = createSteadyClock({
    now: () => Date.now() + aheadMs,
    monotonic: () => performance.now() + aheadMs,
    after: (delayMs, task) => systemClock.after(delayMs, task),
  });

  const demand = createDemand({ clock, freshMs, staleMs, allowances: () => [] });

  beforeEach(async () => {
    server = await startRedisServer();
    connections = [];
    replicas = [];
    events = [];
    aheadMs = 0;
    runs = Array.from({ length: 45 }, (_, n) => runOf(`r${n}`));
    upstream = createFakeUpstream(clock, {
      ListPipelineRuns: (params) => pageOf(runs, params),
      GetPipelineRun: ({ runId }) => runs.find((run) => run.runId === runId) ?? null,
    });
  });

  afterEach(async () => {
    for (const replica of replicas) replica.close();
    for (const redis of connections) redis.disconnect();
    await server[Symbol.asyncDispose]();
  });

  async function connect(): Promise<Redis> {
    const redis = new Redis(server.port, '127.0.0.1', {
      lazyConnect: true,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      retryStrategy: () => 20,
    });
    redis.on('error', () => undefined);
    connections.push(redis);
    await redis.connect();
    return redis;
  }

  async function startShared(
    options: Partial<SharedOptions> = {},
    below: Upstream = upstream,
  ): Promise<RedisTier & Upstream> {
    const tier = createRedisTier({
      redis: await connect(),
      identity,
      clock,
      demand,
      // A busy machine is not a slow Redis.
      commandTimeoutMs: 5_000,
      ...options,
    });
    replicas.push(tier);
    return { ...tier, ...withSharedCache(below, tier) };
  }

  function startCached(below: Upstream): Upstream {
    const { upstream: cache } = createCache(below, {
      clock,
      freshMs,
      staleMs,
    });
    return cache;
  }

  const startReplica = async () => startCached(await startShared());

  function context(more: Partial<CallContext> = {}): CallContext {
    return {
      deadline: clock.now() + 10_000,
      priority: 'interactive',
      report: (event) => events.push(event),
      ...more,
    };
  }

  const params = (pageNumber: number): Actions['ListPipelineRuns']['params'] => ({
    projectId: '1',
    filter: {},
    pageNumber,
    pageSize: 10,
  });
  const page = (replica: Upstream, pageNumber: number, more?: Partial<CallContext>) =>
    replica.call('ListPipelineRuns', params(pageNumber), context(more));
  const head = (replica: Upstream, more?: Partial<CallContext>) => page(replica, 1, more);
  const idsOf = ({ value }: { value: { rows: PipelineRun[] } }) => value.rows.map(({ runId }) => runId);

  /** Waits for what is on its way in the background, as a poller would see it. */
  async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
    while (!(await isSo())) await sleep(5);
  }

  const stored = async () => connections[0]!.keys('*');

  describe('between two replicas', () => {
    test('each page is read once, in any order of replicas', async () => {
      const replicas = [await startReplica(), await startReplica()];
      for (const pageNumber of [1, 2, 3]) {
        for (const replica of replicas) {
          expect(idsOf(await page(replica, pageNumber))).toEqual(
            pageOf(runs, { pageNumber, pageSize: 10 }).rows.map(({ runId }) => runId),
          );
          await until(async () => (await stored()).every((key) => !key.endsWith(':claim')));
        }
      }
      expect(upstream.calls).toEqual([1, 2, 3].map((pageNumber) => `ListPipelineRuns ${pageNumber}`));
    });

    test('each page is read once when both request it at the same time', async () => {
      const replicas = [await startReplica(), await startReplica()];
      const answers = await Promise.all(
        [1, 2, 3].flatMap((pageNumber) => replicas.map((replica) => page(replica, pageNumber))),
      );
      expect([...upstream.calls].sort()).toEqual([1, 2, 3].map((n) => `ListPipelineRuns ${n}`));
      expect(answers[0]).toEqual(answers[1]);
    });

    test('one call refreshes what both have cached, each time it expires', async () => {
      const replicas = [await startReplica(), await startReplica()];
      for (const replica of replicas) await head(replica);
      for (let window = 1; window <= 3; window++) {
        aheadMs += freshMs;
        const before = clock.now();
        for (const replica of replicas) expect((await head(replica)).staleBecause).toBe('REFRESHING');
        for (const replica of replicas) await until(async () => (await head(replica)).asOf >= before);
        expect(upstream.calls).toHaveLength(1 + window);
      }
    });

    test('a replica that refreshes a moment after the other reads the answer of that one', async () => {
      const [first, second] = [await startReplica(), await startReplica()];
      await head(first);
      await head(second);
      aheadMs += freshMs;
      const before = clock.now();
      await head(first);
      await until(async () => (await head(first)).asOf >= before);
      aheadMs += freshMs / 2;
      await head(second);
      await until(async () => (await head(second)).asOf >= before);
      expect(await head(second)).toEqual(await head(first));
      expect(upstream.calls).toHaveLength(2);
    });

    test('an answer that must be newer is read anew and then serves the other', async () => {
      const [first, second] = [await startShared(), await startShared()];
      const { asOf } = await head(first);
      await until(() => clock.now() > asOf);
      const notBefore = clock.now();
      await head(first, { notBefore });
      await until(async () => (await stored()).length === 1);
      expect((await head(second, { notBefore })).asOf).toBeGreaterThanOrEqual(notBefore);
      expect(upstream.calls).toHaveLength(2);
    });

    test('a replica that waits for another makes the call itself when that one fails', async () => {
      upstream.hold();
      const [first, second] = [await startShared(), await startShared()];
      const failing = head(first);
      await until(() => upstream.held.length === 1);
      const waiting = head(second);
      await sleep(60);
      expect(upstream.held).toHaveLength(1);
      upstream.held[0]!.fail('unavailable');
      await expect(failing).rejects.toMatchObject({ kind: 'unavailable' });
      await until(() => upstream.held.length === 2);
      upstream.held[1]!.answer();
      expect((await waiting).value.rows).toHaveLength(10);
    });

    test('a replica stops waiting when its caller leaves', async () => {
      upstream.hold();
      const [first, second] = [await startShared(), await startShared()];
      const making = head(first);
      await until(() => upstream.held.length === 1);
      const leaving = new AbortController();
      const left = head(second, { signal: leaving.signal });
      await sleep(30);
      leaving.abort();
      await expect(left).rejects.toMatchObject({ kind: 'timeout' });
      upstream.held[0]!.answer();
      await making;
    });

    test('keys differ by identity, action and filter, and not by the order of parameters', () => {
      const key = (more: object, name = identity) =>
        sharedKey(name, 'ListPipelineRuns', { ...params(1), ...more });
      const keys = [
        key({}),
        key({}, 'other'),
        key({ pageNumber: 2 }),
        key({ projectId: '2' }),
        key({ filter: { creator: 'a' } }),
        key({ filter: { objectId: 'a' } }),
        sharedKey(identity, 'GetPipelineRun', { projectId: '1', runId: '1' }),
      ];
      expect(new Set(keys).size).toBe(keys.length);
      expect(key({ filter: { creator: 'a', status: 'FAILED' } })).toBe(
        key({ filter: { status: 'FAILED', objectId: undefined, creator: 'a' } }),
      );
      expect(sharedKey(identity, 'ListProjects', { projectIds: ['1', '2'] })).toBe(
        sharedKey(identity, 'ListProjects', { projectIds: ['2', '1'] }),
      );
      // If the text of a key changes, replicas of two versions do not find each other's answers: increase the version.
      expect(keys[0]).toBe(
        'dwgw:v4:account:ListPipelineRuns:01d567551c1e9ebcda1522d095f1fe19bc046a10a5c2b5e413abdebd86c2f949',
      );
    });
  });

  test('a call on the wire that its callers have left fills Redis, and its claim ends', async () => {
    upstream.hold();
    const replica = await startReplica();
    const leaving = new AbortController();
    const gone = head(replica, { signal: leaving.signal });
    await until(() => upstream.held.length === 1);
    leaving.abort();
    await expect(gone).rejects.toMatchObject({ kind: 'timeout' });
    expect(await stored()).toEqual([expect.stringMatching(/:claim$/)]);
    upstream.held[0]!.answer();
    await until(async () => (await stored()).some((key) => !key.endsWith(':claim')));
    expect((await head(await startReplica())).staleBecause).toBeNull();
    await until(async () => (await stored()).every((key) => !key.endsWith(':claim')));
    expect(upstream.calls).toHaveLength(1);
  });

  describe('when the upstream fails', () => {
    test('a replica that has just started serves the answer of another, labelled stale', async () => {
      const { asOf } = await head(await startReplica());
      await until(async () => (await stored()).length === 1);
      aheadMs += 60_000;
      upstream.failWith('unavailable');
      const fresh = await startReplica();
      expect(await head(fresh)).toMatchObject({ asOf, staleBecause: 'UPSTREAM_ERROR' });
      const calls = upstream.calls.length;
      expect(await head(fresh)).toMatchObject({ asOf, staleBecause: 'UPSTREAM_ERROR' });
      expect(upstream.calls).toHaveLength(calls);
    });

    test('an answer older than the bound or than the caller accepts is not served', async () => {
      const first = await startShared();
      const { asOf } = await head(first);
      await until(async () => (await stored()).length === 1);
      upstream.failWith('throttled');
      aheadMs += freshMs + staleMs - 1_000;
      await expect(head(first, { notBefore: asOf + 1 })).rejects.toMatchObject({ kind: 'throttled' });
      expect(await head(first)).toMatchObject({ asOf, staleBecause: 'BUDGET' });
      aheadMs += 1_000;
      await expect(head(first)).rejects.toMatchObject({ kind: 'throttled' });
    });

    test('nothing is written', async () => {
      upstream.failWith('unavailable');
      await expect(head(await startShared())).rejects.toMatchObject({ kind: 'unavailable' });
      await until(async () => (await stored()).length === 0);
    });
  });

  describe('a value in Redis', () => {
    const key = sharedKey(identity, 'ListPipelineRuns', params(1));
    const answer = { rows: [], totalCount: 0, pageNumber: 1, pageSize: 10 };

    test.each([
      ['not JSON', 'garbage'],
      ['truncated JSON', '{"version":3,"asOf":'],
      ['of another version', JSON.stringify({ version: 2, asOf: Date.now(), value: answer })],
      [
        'of another shape',
        JSON.stringify({ version: 3, asOf: Date.now(), value: { ...answer, rows: [{}] } }),
      ],
      ['undated', JSON.stringify({ version: 3, value: answer })],
      ['an answer to another action', JSON.stringify({ version: 3, asOf: Date.now(), value: null })],
      ['dated in the future', JSON.stringify({ version: 3, asOf: Date.now() + 60_000, value: answer })],
      [
        'larger than the bound',
        `${JSON.stringify({ version: 3, asOf: Date.now(), value: answer })}${' '.repeat(1_000_001)}`,
      ],
    ])('is a miss if it is %s, and is replaced', async (_, text) => {
      const replica = await startShared();
      await connections[0]!.set(key, text);
      expect((await head(replica)).value.rows).toHaveLength(10);
      await until(async () => (await connections[0]!.get(key)) !== text);
      expect((await head(replica)).value.rows).toHaveLength(10);
      expect(upstream.calls).toHaveLength(1);
      expect(replica.isUnavailable()).toBe(false);
    });

    test('is a miss if it is not a string', async () => {
      const replica = await startShared();
      await connections[0]!.lpush(key, 'a');
      expect((await head(replica)).value.rows).toHaveLength(10);
      await until(async () => (await connections[0]!.type(key)) === 'string');
      expect(replica.isUnavailable()).toBe(false);
    });

    test.each([
      ['without an expiry', async (redis: Redis) => redis.set(`${key}:claim`, 'x')],
      ['with a distant expiry', async (redis: Redis) => redis.set(`${key}:claim`, 'x', 'PX', 3_600_000)],
      ['of another type', async (redis: Redis) => redis.lpush(`${key}:claim`, 'x')],
    ])('does not delay a call if it is a claim %s', async (_, claim) => {
      const replica = await startShared();
      await claim(connections[0]!);
      const startedAt = performance.now();
      expect((await head(replica)).value.rows).toHaveLength(10);
      expect(performance.now() - startedAt).toBeLessThan(1_000);
    });

    test('that is the claim of a dead replica delays others until it expires', async () => {
      const replica = await startShared();
      await connections[0]!.set(`${key}:claim`, 'dead', 'PX', 200);
      expect((await head(replica)).value.rows).toHaveLength(10);
      expect(upstream.calls).toHaveLength(1);
    });

    test('that is the claim of another replica is not released', async () => {
      upstream.hold();
      const replica = await startShared();
      const waiting = head(replica);
      await until(() => upstream.held.length === 1);
      await connections[0]!.set(`${key}:claim`, 'another', 'PX', 2_000);
      upstream.held[0]!.answer();
      await waiting;
      await until(async () => (await connections[0]!.exists(key)) === 1);
      expect(await connections[0]!.get(`${key}:claim`)).toBe('another');
    });

    test('expires when it can no longer be served', async () => {
      await head(await startShared());
      await until(async () => (await stored()).length === 1);
      const lifeMs = await connections[0]!.pttl(key);
      expect(lifeMs).toBeGreaterThan(freshMs + staleMs - 2_000);
      expect(lifeMs).toBeLessThanOrEqual(freshMs + staleMs);
    });

    test('is not stored if it exceeds the bound', async () => {
      runs = runs.map((run) => ({ ...run, message: 'x'.repeat(110_000) }));
      const replica = await startShared();
      await head(replica);
      await until(async () => (await stored()).length === 0);
      await head(replica);
      expect(upstream.calls).toHaveLength(2);
    });

    test('is not stored if it was stale', async () => {
      const stale: Upstream = {
        call: async (...call) => ({ ...(await upstream.call(...call)), staleBecause: 'BUDGET' }),
      };
      await head(await startShared({}, stale));
      await until(async () => (await stored()).length === 0);
    });
  });

  describe('when Redis is unavailable', () => {
    test('queries are answered, and answers are shared again once it recovers', async () => {
      const sharing = [await startShared(), await startShared()];
      const replicas = sharing.map(startCached);
      for (const replica of replicas) await head(replica);
      expect(upstream.newCalls()).toHaveLength(1);
      await server.kill();
      await until(() => sharing.every((each) => each.isUnavailable()));
      for (const replica of replicas) await page(replica, 2);
      expect(upstream.newCalls()).toHaveLength(2);
      await server.restart();
      await until(() => sharing.every((each) => !each.isUnavailable()));
      for (const replica of replicas) await page(replica, 3);
      expect(upstream.newCalls()).toHaveLength(1);
    });

    test('during a call, the call is answered', async () => {
      upstream.hold();
      const answer = head(await startReplica());
      await until(() => upstream.held.length === 1);
      await server.kill();
      upstream.held[0]!.answer();
      expect((await answer).value.rows).toHaveLength(10);
      await server.restart();
      await until(() => connections[0]!.status === 'ready');
    });

    test('without replying, each answer waits for one command at most, and most for none', async () => {
      const replica = await startShared({ commandTimeoutMs: 800 });
      server.pause();
      const startedAt = performance.now();
      await Promise.all([page(replica, 1), page(replica, 2)]);
      const firstMs = performance.now() - startedAt;
      expect(firstMs).toBeGreaterThan(700);
      expect(firstMs).toBeLessThan(1_500);
      expect(replica.isUnavailable()).toBe(true);
      const againAt = performance.now();
      await page(replica, 3);
      expect(performance.now() - againAt).toBeLessThan(600);
      server.resume();
      await until(async () => {
        await page(replica, 4);
        return !replica.isUnavailable();
      });
      await page(replica, 5);
      expect(upstream.newCalls().length).toBeGreaterThan(3);
      await until(async () => (await stored()).length > 0);
      await page(replica, 5);
      expect(upstream.newCalls()).toEqual([]);
    });

    test('at the start, queries are answered', async () => {
      await server.kill();
      const redis = connectRedis(`redis://127.0.0.1:${server.port}`);
      connections.push(redis);
      const tier = createRedisTier({ redis, identity, clock, demand });
      const replica = { ...tier, ...withSharedCache(upstream, tier) };
      replicas.push(tier);
      expect((await head(replica)).value.rows).toHaveLength(10);
      expect(replica.isUnavailable()).toBe(true);
      await server.restart();
      await until(() => !replica.isUnavailable());
    });
  });

  describe('the connection', () => {
    test('reports why it fails, without the password', async () => {
      const messages: string[] = [];
      const admin = await connect();
      await admin.config('SET', 'requirepass', 'right');
      const redis = connectRedis(`redis://:s3cret@127.0.0.1:${server.port}`, (message) =>
        messages.push(message),
      );
      connections.push(redis);
      await until(() => messages.length > 0);
      expect(messages.join()).not.toContain('s3cret');
      await admin.config('SET', 'requirepass', 's3cret');
      await until(() => redis.status === 'ready');
      expect(() => connectRedis('s3cret')).toThrow(expect.not.stringContaining('s3cret'));
    });

    test('fails commands at once while Redis is down, and reconnects', async () => {
      const redis = connectRedis(`redis://127.0.0.1:${server.port}`);
      connections.push(redis);
      await until(() => redis.status === 'ready');
      await server.kill();
      await until(() => redis.status !== 'ready');
      await expect(redis.get('a')).rejects.toThrow();
      await server.restart();
      await until(() => redis.status === 'ready');
      expect(await redis.get('a')).toBeNull();
    });
  });
});
