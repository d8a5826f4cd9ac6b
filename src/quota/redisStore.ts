import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';

import { within } from '../core/deadline.ts';
import { backoffMs } from './backoff.ts';
import { createLocalStore, type LocalStoreOptions } from './localStore.ts';
import type { Denial, Permit, QuotaStore } from './permit.ts';
import { runTakeScript, type TakeReply } from './redisScript.ts';

export interface SharedOptions {
  /** Connected or connecting. Its owner handles its errors. */
  redis: Redis;
  /** Names the account and region in keys. Hashed by the caller: anybody who reads Redis reads keys. */
  identity: string;
  /** How many replicas there are; without Redis each has its share of the limits, of the second at least 1. Default: 2. */
  replicas?: number;
  /** How long one command may take before Redis counts as unavailable, in milliseconds. Default: 150. */
  commandTimeoutMs?: number;
  /**
   * How long the last replica may take to notice that Redis is back, in milliseconds: until then, and a span longer, each keeps
   * to its share. More than the longest delay between two connection attempts (2 s by ioredis' default) and than 1 s, the longest
   * delay between tries of a Redis that hangs. Default: 4000.
   */
  noticeMs?: number;
}

/** Change it with the meaning of a key, so that replicas of two versions never read each other's data. */
const keyVersion = 2;
/** How long a call keeps its place if its end is never reported, which is longer than any call takes. */
const maxCallMs = 5_000;
/** A call must depart within this time after Redis was asked, so that it ends while it holds its place. */
const maxPermitDelayMs = 1_000;
const shortestRetryMs = 10;
const longestRetryMs = 100;
const ignore = () => undefined;
const retryBackoff = { firstMs: 100, longestMs: 1_000 };

/**
 * Counts the calls of all replicas in Redis, in one script. The second is a sliding log of calls in Redis' own time. Day and month
 * are hashes with a total per replica: each replica reports its own total, so a repeated script counts nothing twice, and a Redis
 * that lost its data has it back after a call of each replica.
 *
 * While Redis is unavailable, each replica uses its share. The change must never let more than the limit through: a replica that
 * loses Redis first waits a span, until the last calls of the others count no more. A replica that finds Redis again keeps to its
 * share until the others must have found it, too. Not covered: Redis is unavailable for one replica only. The others then have
 * the whole limit, and the share of that replica comes on top.
 */
export function createRedisStore(
  { redis, identity, replicas = 2, commandTimeoutMs = 150, noticeMs = 4_000 }: SharedOptions,
  options: LocalStoreOptions,
  random: () => number,
): QuotaStore {
  const { clock, limits } = options;
  const { perSecond } = limits;
  const spanMs = options.spanMs + options.marginMs;
  const holdMs = maxCallMs + spanMs;
  const replicaId = randomUUID();
  const keyPrefix = `quota:v${keyVersion}:{${identity}}`;
  const secondKey = `${keyPrefix}:second`;
  const local = createLocalStore(options);
  let mode: 'redis' | 'fallback' = 'redis';
  let failures = 0;
  let retryAtMs = -Infinity;
  let shareUntilMs = -Infinity;
  let calls = 0;
  /** Redis' time minus the monotonic time, as of its last reply. */
  let redisAheadMs: number | null = null;

  // An idle replica would otherwise not notice a restart, and use what the others count as their shares.
  redis.on('close', lost);
  redis.on('ready', regained);

  function lost(): void {
    const nowMs = clock.monotonic();
    if (mode === 'redis') {
      mode = 'fallback';
      failures = 0;
      // Replies to the other replicas may still be on their way.
      local.window.setOthers([]);
      local.window.fill(nowMs + commandTimeoutMs);
    }
    retryAtMs = nowMs + backoffMs(retryBackoff, failures, random);
    failures += 1;
  }

  function regained(): void {
    if (mode === 'redis') return;
    mode = 'redis';
    shareUntilMs = clock.monotonic() + noticeMs + spanMs;
  }

  /** Of the second. */
  function limit(): number {
    const hasAll = mode === 'redis' && clock.monotonic() >= shareUntilMs;
    return hasAll ? perSecond : Math.max(1, Math.floor(perSecond / replicas));
  }

  function mayTryRedis(): boolean {
    return mode === 'redis' || clock.monotonic() >= retryAtMs;
  }

  /** When Redis is due for a retry, it may have more of the day than this replica's share. */
  function forecast(ahead: number): Denial {
    return local.forecast(ahead, limit(), mayTryRedis() ? null : replicas);
  }

  async function take(): Promise<Permit | Denial> {
    if (!mayTryRedis()) return local.take();
    try {
      const permit = await takeInRedis();
      regained();
      return permit;
    } catch {
      lost();
      const denialOfShare = forecast(0);
      return denialOfShare.waitMs > 0 ? denialOfShare : local.take();
    }
  }

  async function takeInRedis(): Promise<Permit | Denial> {
    if (redis.status !== 'ready') throw new Error('Redis is not connected.');
    const callId = `${replicaId}:${(calls += 1)}`;
    const askedAtMs = clock.monotonic();
    const nowMs = clock.now();
    const periods = local.calendarWindows.map((window) => {
      const count = window.at(nowMs);
      return { window, count, own: count.own };
    });
    const work = runTakeScript(
      redis,
      [secondKey, ...periods.map(({ window, count }) => `${keyPrefix}:${window.name}:${count.name}`)],
      [
        ...[callId, replicaId, perSecond, holdMs],
        redisAheadMs === null ? -1 : Math.ceil(askedAtMs + maxPermitDelayMs + redisAheadMs),
        ...periods.flatMap(({ window, own }) => [window.limit === Infinity ? -1 : window.limit, own]),
      ],
    );
    const { granted, redisMs, totals, log } = await within(work, {
      clock,
      timeoutMs: commandTimeoutMs,
      giveUp() {
        work.then(() => release(callId, null), ignore);
        return new Error(`Redis did not answer within ${commandTimeoutMs} ms.`);
      },
    });
    redisAheadMs = redisMs - askedAtMs;
    for (const [index, { own, count }] of periods.entries()) {
      const total = totals[index] ?? -1;
      if (total < 0) continue;
      // The total includes this replica's own as just reported, and the call if it is granted.
      count.reported = own + granted;
      count.others = Math.max(count.others, total - count.reported);
    }
    const receivedAtMs = clock.monotonic();
    const freeInMs = readLog(log, redisMs);
    local.window.setOthers(freeInMs.map((inMs) => receivedAtMs + inMs));
    if (granted === 1 && receivedAtMs - askedAtMs <= maxPermitDelayMs) {
      // Redis read its clock after it was asked, so that the translated time is never too early.
      return local.take(
        (freeAtMs) => release(callId, freeAtMs === null ? null : freeAtMs - askedAtMs + redisMs),
        nowMs,
      );
    }
    if (granted === 1) release(callId, null);
    const denial = forecast(0);
    const retryMs = Math.min(Math.max(...freeInMs, shortestRetryMs), longestRetryMs);
    return denial.waitMs > 0 ? denial : { window: 'second', waitMs: retryMs };
  }

  /** In how many milliseconds the calls of the other replicas free their places, at the earliest. */
  function readLog(log: TakeReply['log'], redisMs: number): number[] {
    return log
      .filter(({ callId }) => !callId.startsWith(replicaId))
      .map(({ freeAtMs }) => earliestFreeMs(freeAtMs - redisMs));
  }

  /** A score far ahead belongs to a call under way, which may end now. Its real place is free a span after it departed at least. */
  function earliestFreeMs(freeInMs: number): number {
    return freeInMs <= spanMs ? freeInMs : Math.max(freeInMs - holdMs + spanMs, longestRetryMs);
  }

  /** Sets when the place of a call is free for all replicas: null for at once. If the command is lost, it is after `holdMs`. */
  function release(callId: string, freeAtRedisMs: number | null): void {
    const command =
      freeAtRedisMs === null
        ? redis.zrem(secondKey, callId)
        : redis.zadd(secondKey, 'XX', Math.ceil(freeAtRedisMs), callId);
    command.catch(ignore);
  }

  return {
    take,
    forecast,
    fillSecond: local.fillSecond,
    second: () => local.second(limit()),
    calendar: () => local.calendar(mode === 'redis' ? null : replicas),
    location: () => mode,
  };
}
