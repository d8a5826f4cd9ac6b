import type { Redis } from 'ioredis';
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';

import type { Clock } from '../core/clock.ts';

/** What a counter says of a key: the points used so far, and the milliseconds until they are forgotten. */
export interface Count {
  /** Whether the points fitted within the limit. They are counted either way. */
  granted: boolean;
  used: number;
  expiresInMs: number;
}

/** Points per key in Redis. All methods reject when Redis does not answer in time, and may have worked even then. */
export interface RedisCounter {
  /** Adds points. The lifetime counts from the first: a later one does not prolong it. */
  consume(key: string, points?: number, lifetimeSeconds?: number): Promise<Count>;
  /** Starts the key again with one point. */
  restart(key: string, lifetimeSeconds: number): Promise<void>;
}

export interface RedisConnection {
  redis: Redis;
  clock: Clock;
  commandTimeoutMs: number;
  keyPrefix: string;
}

/** A counter of at most `limit` points a key. Lifetimes are whole seconds, since the library knows no smaller ones. */
export function createRedisCounter(
  { redis, clock, commandTimeoutMs, keyPrefix }: RedisConnection,
  limit: number,
  defaultLifetimeSeconds: number,
): RedisCounter {
  const limiter = new RateLimiterRedis({
    storeClient: redis,
    keyPrefix,
    points: limit,
    duration: defaultLifetimeSeconds,
    // Otherwise the client keeps commands until it is connected again, and then claims what nobody waits for any more.
    rejectIfRedisNotReady: true,
  });
  return {
    async consume(key, points = 1, lifetimeSeconds = defaultLifetimeSeconds) {
      const answer = await inTime(
        verdictOf(limiter.consume(key, points, { customDuration: lifetimeSeconds })),
      );
      return {
        granted: answer.consumedPoints <= limit,
        used: answer.consumedPoints,
        expiresInMs: answer.msBeforeNext,
      };
    },
    async restart(key, lifetimeSeconds) {
      await inTime(limiter.set(key, 1, lifetimeSeconds));
    },
  };

  function inTime<Result>(work: Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const cancel = clock.after(commandTimeoutMs, () => {
        reject(new Error(`Redis did not answer within ${commandTimeoutMs} ms.`));
      });
      work.then(resolve, reject).finally(cancel);
    });
  }
}

/** The library rejects with its verdict when the points don't fit, and with an Error when Redis failed. */
async function verdictOf(work: Promise<RateLimiterRes>): Promise<RateLimiterRes> {
  try {
    return await work;
  } catch (reason) {
    if (reason instanceof RateLimiterRes) return reason;
    throw reason;
  }
}
