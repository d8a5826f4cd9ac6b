import type { Redis } from 'ioredis';
import type { Clock } from '../core/clock.ts';
import { within } from '../core/deadline.ts';

export type RedisCommands = ReturnType<typeof createRedisCommands>;

const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 2000;

/**
 * Runs commands of one connection. Nothing rejects: a Redis that is unavailable or slow only makes the gateway slower. After a
 * failure, commands pause for a moment, and then one of them tries again.
 */
export function createRedisCommands(options: {
  redis: Redis;
  clock: Clock;
  /** How long one command may take before Redis counts as unavailable, in milliseconds. */
  timeoutMs: number;
}) {
  const { redis, clock, timeoutMs } = options;
  let failures = 0;
  let failedAt = -Infinity;
  let nextTryAt = -Infinity;
  redis.on('ready', succeeded);

  return {
    run,
    /** Whether the connection or the last command failed. */
    isUnavailable: () => failures > 0 || redis.status !== 'ready',
  };

  /** Returns null if the command was not run because Redis has just failed, or if it failed or timed out. */
  async function run<Reply>(command: () => Promise<Reply>): Promise<Reply | null> {
    const startedAt = clock.monotonic();
    // Without a connection, the command would be queued and sent later.
    if (redis.status !== 'ready' || startedAt < nextTryAt) return null;
    // One command finds out whether Redis is back; the others continue without it.
    if (failures > 0) nextTryAt = startedAt + timeoutMs;
    try {
      const reply = await within(command(), {
        clock,
        timeoutMs,
        giveUp: () => new Error('Redis is too slow.'),
      });
      succeeded();
      return reply;
    } catch {
      failed(startedAt);
      return null;
    }
  }

  function succeeded(): void {
    failures = 0;
    nextTryAt = -Infinity;
  }

  function failed(startedAt: number): void {
    // Commands that were in flight together count as one failure.
    if (startedAt <= failedAt) return;
    failedAt = clock.monotonic();
    nextTryAt = failedAt + Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** failures);
    failures += 1;
  }
}
