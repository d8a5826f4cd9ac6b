import { LRUCache } from 'lru-cache';
import type { Clock } from '../core/clock.ts';

export interface RateLimit {
  /** Counts one request of the caller's: 0 when it may go on, else how long to wait, in milliseconds. */
  take(caller: string): number;
  /** As `take`, without counting. */
  peek(caller: string): number;
}

export interface RateLimitOptions {
  clock: Clock;
  /** Requests a second that a caller can keep up. */
  perSecond: number;
  /** Requests that a caller who was quiet can send at once. */
  burst: number;
}

/** Callers that are remembered. Whoever is forgotten starts afresh, so it takes this many names to get more than one's share. */
const MAX_CALLERS = 10_000;

/**
 * The generic cell rate algorithm: of each caller only the time is kept at which all requests so far would have been sent at
 * the steady rate. Counts in this process alone: with several replicas each allows the whole rate.
 */
export function createRateLimit({ clock, perSecond, burst }: RateLimitOptions): RateLimit {
  const intervalMs = 1000 / perSecond;
  const paidUntilMs = new LRUCache<string, number>({ max: MAX_CALLERS });

  function next(caller: string): { paidUntil: number; waitMs: number } {
    const now = clock.monotonic();
    const paidUntil = Math.max(paidUntilMs.get(caller) ?? now, now) + intervalMs;
    const waitMs = paidUntil - now - burst * intervalMs;
    // A sum of fractions, which can end a hair above the bound that it reaches.
    return { paidUntil, waitMs: waitMs > 1e-6 ? waitMs : 0 };
  }

  return {
    take(caller) {
      const { paidUntil, waitMs } = next(caller);
      if (waitMs === 0) paidUntilMs.set(caller, paidUntil);
      return waitMs;
    },
    peek: (caller) => next(caller).waitMs,
  };
}
