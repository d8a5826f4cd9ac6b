import { expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Quota } from '../../src/quota/quota.ts';
import type { SharedOptions } from '../../src/quota/redisStore.ts';
import type { Permit } from '../../src/quota/permit.ts';
import { takeScript } from '../../src/quota/redisScript.ts';
import { createQuota } from '../../src/quota/quota.ts';
import type { Limits } from '../../src/quota/presets.ts';
import type { CallContext } from '../../src/core/upstream.ts';
import type { UpstreamError } from '../../src/core/upstreamError.ts';
import { describeWithRedis, startRedisServer, startSlowLink } from '../support/redisServer.ts';

const perSecond = 6;
const noLimit = { perDay: null, perMonth: null };

/**
 * Real time and a real server for each test: these tests wait for permits and states, never for a time that should be enough.
 * They mostly wait, so they run at the same time.
 */
describeWithRedis('a quota shared through Redis', () => {
  test.concurrent(
    'lets two replicas together have the limit, never more of it, and asks Redis little for that',
    async () => {
      await using account = await startAccount();
      const { admittedAtMs, startReplica, permits, claimsAsked } = account;
      const limits = { perSecond, ...noLimit };
      const replicas = [await startReplica(limits), await startReplica(limits)];
      const startMs = performance.now();
      await Promise.all(replicas.map((replica) => permits(replica, 1.5 * perSecond)));
      expect(admittedAtMs).toHaveLength(3 * perSecond);
      expect(fullestSecond(admittedAtMs)).toBe(perSecond);
      // Two spans of 1050 ms if nothing is lost; at half the limit, it would be five.
      expect(performance.now() - startMs).toBeLessThan(5_000);
      expect(await claimsAsked()).toBeLessThanOrEqual(3 * 3 * perSecond);
      expect(replicas.map((replica) => replica.snapshot().shared)).toEqual(['redis', 'redis']);
    },
  );

  test.concurrent(
    'counts a span from when a call goes out, however late the answer of Redis allowed it',
    async () => {
      await using account = await startAccount();
      const { server, admittedAtMs, startReplica, permits } = account;
      await using link = await startSlowLink(server.port, 120);
      const far = await startReplica({ perSecond, ...noLimit }, { port: link.port });
      const near = await startReplica({ perSecond, ...noLimit });
      await permits(far, perSecond);
      await permits(near, perSecond);
      expect(fullestSecond(admittedAtMs)).toBe(perSecond);
      expect([far, near].map((replica) => replica.snapshot().shared)).toEqual(['redis', 'redis']);
    },
  );

  test.concurrent(
    'reserves the place of a call for all replicas until a span after its outcome',
    async () => {
      await using account = await startAccount();
      const { admittedAtMs, startReplica, permit, begin } = account;
      const limits = { perSecond: 2, ...noLimit };
      const replicas = [await startReplica(limits), await startReplica(limits)];
      const [first, second] = [await begin(replicas[0]!), await begin(replicas[0]!)];
      const waits = permit(replicas[1]!);
      await expect(permit(replicas[1]!, { deadline: Date.now() + 1_500 })).rejects.toMatchObject({
        kind: 'throttled',
      });
      const endedMs = performance.now();
      first.ended();
      await waits;
      expect(admittedAtMs.at(-1)! - endedMs).toBeGreaterThan(1_000);
      second.ended();
    },
  );

  test.concurrent('asks Redis once for an admission without other callers', async () => {
    await using account = await startAccount();
    const { startReplica, permits, claimsAsked } = account;
    const replica = await startReplica({ perSecond, ...noLimit });
    await permits(replica, perSecond);
    expect(await claimsAsked()).toBe(perSecond);
  });

  test.concurrent('shares the day, and counts admitted calls only', async () => {
    await using account = await startAccount();
    const { admittedAtMs, startReplica, permit } = account;
    const limits = { perSecond, perDay: 8, perMonth: 100 };
    const replicas = [await startReplica(limits), await startReplica(limits)];
    const answers = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) => permit(replicas[index % 2]!)),
    );
    const refusals = answers.filter((answer) => answer.status === 'rejected');
    expect(admittedAtMs).toHaveLength(8);
    expect(refusals.map(({ reason }) => (reason as UpstreamError).kind)).toEqual(
      Array(12).fill('quotaExhausted'),
    );
    expect(replicas.map((replica) => replica.snapshot().dayLeft)).toEqual([0, 0]);
  });

  test.concurrent('counts no call of the day for a denied place', async () => {
    await using account = await startAccount();
    const { startReplica, permits, countOfToday } = account;
    const limits = { perSecond, perDay: 100, perMonth: null };
    const replicas = [await startReplica(limits), await startReplica(limits)];
    await Promise.all(replicas.map((replica) => permits(replica, perSecond)));
    expect(await countOfToday()).toBe(2 * perSecond);
  });

  test.concurrent('counts accounts separately by their identity', async () => {
    await using account = await startAccount();
    const { admittedAtMs, startReplica, permits } = account;
    const one = await startReplica({ perSecond, ...noLimit }, { identity: 'one' });
    const other = await startReplica({ perSecond, ...noLimit }, { identity: 'other' });
    await Promise.all([permits(one, perSecond), permits(other, perSecond)]);
    expect(fullestSecond(admittedAtMs)).toBe(2 * perSecond);
  });

  test.concurrent(
    'holds the limit through a crash of Redis and its return without data, and recovers by itself',
    async () => {
      await using account = await startAccount();
      const { server, admittedAtMs, startReplica, demandUntil, admittedSince } = account;
      const limits = { perSecond, ...noLimit };
      const options = { replicas: 3, noticeMs: 400 };
      const busy = [await startReplica(limits, options), await startReplica(limits, options)];
      const idle = await startReplica(limits, options);
      const snapshots = () => [...busy, idle].map((replica) => replica.snapshot());
      await demandUntil(busy, () => admittedAtMs.length > perSecond);

      await server.kill();
      const killedMs = performance.now();
      await demandUntil(busy, () => admittedSince(killedMs) === 4);
      expect(snapshots().map(({ shared, second }) => [shared, second.limit])).toEqual(
        Array(3).fill(['fallback', perSecond / 3]),
      );

      await server.restart();
      const restartedMs = performance.now();
      await demandUntil([...busy, idle], () => performance.now() - restartedMs > 2_200);
      expect(snapshots().map(({ shared, second }) => [shared, second.limit])).toEqual(
        Array(3).fill(['redis', perSecond]),
      );
      expect(fullestSecond(admittedAtMs)).toBeLessThanOrEqual(perSecond);
    },
  );

  test.concurrent(
    'adds no share to what another replica has just used when Redis becomes unavailable',
    async () => {
      await using account = await startAccount();
      const { server, admittedAtMs, startReplica, permit, permits } = account;
      const replicas = [
        await startReplica({ perSecond, ...noLimit }),
        await startReplica({ perSecond, ...noLimit }),
      ];
      await permits(replicas[0]!, perSecond);
      await server.kill();
      await permit(replicas[1]!);
      expect(replicas[1]!.snapshot().shared).toBe('fallback');
      expect(fullestSecond(admittedAtMs)).toBe(perSecond);
    },
  );

  test.concurrent('holds the limit while Redis hangs, and recovers when it answers again', async () => {
    await using account = await startAccount();
    const { server, admittedAtMs, startReplica, demandUntil, admittedSince } = account;
    const limits = { perSecond, ...noLimit };
    const options = { noticeMs: 1_500, commandTimeoutMs: 50 };
    const replicas = [await startReplica(limits, options), await startReplica(limits, options)];
    const shared = () => replicas.map((replica) => replica.snapshot().shared);
    await demandUntil(replicas, () => admittedAtMs.length > perSecond);

    server.pause();
    const pausedMs = performance.now();
    await demandUntil(replicas, () => admittedSince(pausedMs) >= perSecond);
    expect(shared()).toEqual(['fallback', 'fallback']);

    server.resume();
    await demandUntil(replicas, () => shared().every((where) => where === 'redis'));
    expect(fullestSecond(admittedAtMs)).toBeLessThanOrEqual(perSecond);
  });

  test.concurrent('rejects at the deadline although Redis hangs', async () => {
    await using account = await startAccount();
    const { server, startReplica, permit } = account;
    const replica = await startReplica({ perSecond, ...noLimit }, { commandTimeoutMs: 10_000 });
    server.pause();
    const startMs = performance.now();
    await expect(permit(replica, { deadline: Date.now() + 100 })).rejects.toMatchObject({
      kind: 'throttled',
    });
    expect(performance.now() - startMs).toBeLessThan(1_000);
  });

  test.concurrent('does not start the day again when Redis has lost its count', async () => {
    await using account = await startAccount();
    const { server, startReplica, permit, permits, countOfToday } = account;
    const limits = { perSecond, perDay: 10, perMonth: null };
    const replicas = [await startReplica(limits), await startReplica(limits)];
    await permits(replicas[0]!, 3);
    await permits(replicas[1]!, 3);
    await server.restart();
    const answers = await Promise.allSettled(
      Array.from({ length: 10 }, (_, index) => permit(replicas[index % 2]!)),
    );
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(4);
    expect(await countOfToday()).toBeGreaterThanOrEqual(10);
  });

  test.concurrent(
    'uses its share of the rest of the day while Redis is unavailable, and reports it afterwards',
    async () => {
      await using account = await startAccount();
      const { server, connections, startReplica, permit, permits, countOfToday } = account;
      const limits = { perSecond, perDay: 9, perMonth: null };
      const replica = await startReplica(limits);
      await permits(replica, 3);
      await server.kill();
      const answers = await Promise.allSettled(Array.from({ length: 5 }, () => permit(replica)));
      expect(answers.map(({ status }) => status)).toEqual([
        ...Array(3).fill('fulfilled'),
        'rejected',
        'rejected',
      ]);
      expect(replica.snapshot()).toMatchObject({ shared: 'fallback', day: { used: 6, left: 0 } });

      await server.restart();
      await connections[0]!.ping();
      await permit(replica);
      expect(await countOfToday()).toBe(7);
      expect(replica.snapshot()).toMatchObject({ shared: 'redis', dayLeft: 2 });
    },
  );

  test.concurrent(
    'keeps arrivals within the limit and near it, under latency, outliers and a crash of Redis',
    async () => {
      await using account = await startAccount();
      const { server, startReplica, begin } = account;
      const limits = { perSecond, ...noLimit };
      const options = { replicas: 2, noticeMs: 400 };
      const replicas = [await startReplica(limits, options), await startReplica(limits, options)];
      const arrivals: number[] = [];
      const isOver = new AbortController();
      setMaxListeners(0, isOver.signal);
      const callOften = async (replica: Quota) => {
        while (!isOver.signal.aborted) {
          const call = await begin(replica, { signal: isOver.signal }).catch(() => null);
          if (call === null) continue;
          const delayMs = Math.random() < 0.05 ? 1_000 * Math.random() : 20 * Math.random();
          await sleep(15 + delayMs);
          arrivals.push(performance.now());
          await sleep(15 + 20 * Math.random());
          call.ended('ListPipelineRuns');
        }
      };
      const callers = replicas.flatMap((replica) =>
        Array.from({ length: perSecond }, () => callOften(replica)),
      );
      await sleep(4_000);
      const warm = arrivals.filter((atMs) => atMs > performance.now() - 2_000).length;
      await server.kill();
      await sleep(1_500);
      await server.restart();
      await sleep(2_500);
      isOver.abort();
      await Promise.all(callers);
      expect(fullestSecond(arrivals)).toBeLessThanOrEqual(perSecond);
      expect(warm / 2).toBeGreaterThan(0.7 * perSecond);
      expect(replicas.map((replica) => replica.snapshot().shared)).toEqual(['redis', 'redis']);
    },
  );

  test.concurrent('counts a repeated script once', async () => {
    await using account = await startAccount();
    const { connect } = account;
    const redis = connect();
    const keys = ['{a}:second', '{a}:day', '{a}:month'];
    const take = () =>
      redis.eval(takeScript, 3, ...keys, 'replica:1', 'replica', 5, 6_000, -1, 100, 7, -1, 7);
    const [first, second] = [(await take()) as unknown[], (await take()) as unknown[]];
    expect([first[0], first[2], first[3]]).toEqual([1, 8, -1]);
    expect([second[0], second[2], second[3]]).toEqual([1, 8, -1]);
    expect(await redis.zcard('{a}:second')).toBe(1);
    expect(await redis.hgetall('{a}:day')).toEqual({ replica: '8' });
  });

  test.concurrent('grants nothing to a script that runs too late for its caller', async () => {
    await using account = await startAccount();
    const redis = account.connect();
    const keys = ['{a}:second', '{a}:day', '{a}:month'];
    const takeUntil = async (usableUntilMs: number) => {
      const values = ['replica:1', 'replica', 5, 6_000, usableUntilMs, 100, 7, -1, 7];
      const [granted, redisMs] = (await redis.eval(takeScript, 3, ...keys, ...values)) as [number, number];
      return { granted, redisMs };
    };
    const { granted, redisMs } = await takeUntil(0);
    expect(granted).toBe(0);
    expect(await redis.zcard('{a}:second')).toBe(0);
    expect(await redis.hgetall('{a}:day')).toEqual({ replica: '7' });
    expect((await takeUntil(redisMs + 60_000)).granted).toBe(1);
  });

  test.concurrent('starts with its share if Redis is unavailable from the start', async () => {
    await using account = await startAccount();
    const { server, admittedAtMs, connect, permits } = account;
    await server.kill();
    const shared = { redis: connect(), identity: 'account' };
    const replica = createQuota({ limits: { perSecond, ...noLimit }, shared });
    await permits(replica, perSecond);
    expect(fullestSecond(admittedAtMs)).toBe(perSecond / 2);
    expect(replica.snapshot().shared).toBe('fallback');
  });
});

/** A Redis server, its replicas, and when they admitted calls. */
async function startAccount() {
  const server = await startRedisServer();
  const connections: Redis[] = [];
  const admittedAtMs: number[] = [];

  return {
    server,
    connections,
    admittedAtMs,
    connect,
    startReplica,
    permit,
    begin,
    permits,
    demandUntil,
    admittedSince,
    claimsAsked,
    countOfToday,
    async [Symbol.asyncDispose]() {
      for (const redis of connections) redis.disconnect();
      await server[Symbol.asyncDispose]();
    },
  };

  function connect(port = server.port): Redis {
    const redis = new Redis(port, '127.0.0.1', { retryStrategy: () => 20, disconnectTimeout: 20 });
    redis.on('error', () => undefined);
    connections.push(redis);
    return redis;
  }

  async function startReplica(
    limits: Limits,
    { port, ...options }: Partial<SharedOptions> & { port?: number } = {},
  ): Promise<Quota> {
    const redis = connect(port);
    await redis.ping();
    const shared = { redis, identity: 'account', commandTimeoutMs: 500, ...options };
    return createQuota({ limits, shared });
  }

  /** A call that ends as soon as it may begin, unless its end is left to the test. */
  async function permit(quota: Quota, context: Partial<CallContext> = {}): Promise<void> {
    (await begin(quota, context)).ended();
  }

  async function begin(quota: Quota, context: Partial<CallContext> = {}): Promise<Permit> {
    const deadline = Date.now() + 15_000;
    const permit = await quota.permit('ListPipelineRuns', {
      deadline,
      priority: 'interactive',
      report: () => undefined,
      ...context,
    });
    admittedAtMs.push(performance.now());
    return permit;
  }

  function admittedSince(startMs: number): number {
    return admittedAtMs.filter((timeMs) => timeMs > startMs).length;
  }

  async function permits(quota: Quota, count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => permit(quota)));
  }

  /** Lets all quotas admit what they can until the condition holds; then the remaining callers cancel. */
  async function demandUntil(quotas: Quota[], isEnough: () => boolean): Promise<void> {
    const enough = new AbortController();
    setMaxListeners(0, enough.signal);
    const demand = async (quota: Quota) => {
      while (!enough.signal.aborted) {
        await permit(quota, { signal: enough.signal }).catch((error: unknown) => {
          if (!enough.signal.aborted) throw error;
        });
        if (isEnough()) enough.abort();
      }
    };
    await Promise.all(quotas.flatMap((quota) => Array.from({ length: perSecond }, () => demand(quota))));
  }

  /** How often a counter was asked for points: `eval` for the first time of the script on a server. */
  async function claimsAsked(): Promise<number> {
    const stats = await connections[0]!.info('commandstats');
    const counts = [...stats.matchAll(/cmdstat_eval(?:sha)?:calls=(\d+).*failed_calls=(\d+)/g)];
    return counts.reduce((sum, [, calls, failed]) => sum + Number(calls) - Number(failed), 0);
  }

  async function countOfToday(): Promise<number> {
    const keys = await connections[0]!.keys('quota:v2:{account}:day:*');
    const totals = await connections[0]!.hvals(keys[0]!);
    return totals.reduce((sum, total) => sum + Number(total), 0);
  }
}

/** The most admissions that any second holds, at whatever moment it starts. */
function fullestSecond(timesMs: number[]): number {
  return Math.max(
    ...timesMs.map(
      (startMs) => timesMs.filter((timeMs) => timeMs >= startMs && timeMs < startMs + 1_000).length,
    ),
  );
}
