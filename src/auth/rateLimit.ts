import { LRUCache } from 'lru-cache';
import type { Clock } from '../core/clock.ts';

export interface RateLimit {
  /** Counts a request of a caller. Returns 0 if it may continue, else how long to wait, in milliseconds. */
  take(caller: string): number;
  /** Like `take`, without counting. */
  peek(caller: string): number;
}

export interface RateLimitOptions {
  clock: Clock;
  /** Sustained requests per second of one caller. */
  perSecond: number;
  /** Requests that an idle caller can send at once. */
  burst: number;
}

/** Callers that are remembered. A forgotten caller starts with a full burst, so exceeding the limit takes this many names. */
const MAX_CALLERS = 10_000;

/**
 * The generic cell rate algorithm: stores for each caller only the time at which all requests so far would have been sent at the
 * sustained rate. Counts in this process: each replica allows the whole rate.
 */
export function createRateLimit({ clock, perSecond, burst }: RateLimitOptions): RateLimit {
  const intervalMs = 1000 / perSecond;
  const paidUntilMs = new LRUCache<string, number>({ max: MAX_CALLERS });

  function attempt(caller: string, isCounted: boolean): number {
    const now = clock.monotonic();
    const paidUntil = Math.max(paidUntilMs.get(caller) ?? now, now) + intervalMs;
    const waitMs = paidUntil - now - burst * intervalMs;
    // A sum of fractions can exceed the bound that it reaches by a rounding error.
    if (waitMs > 1e-6) return waitMs;
    if (isCounted) paidUntilMs.set(caller, paidUntil);
    return 0;
  }

  return { take: (caller) => attempt(caller, true), peek: (caller) => attempt(caller, false) };
}
