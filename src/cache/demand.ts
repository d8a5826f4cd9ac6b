import type { Clock } from '../model.ts';
import { type Pace, stretchedFreshMs } from './freshness.ts';

/** Knows how many short-lived things are being asked for, and so how fresh the allowance lets them be. */
export interface Demand {
  note(key: string): void;
  /** Milliseconds; the same for a second at a time. */
  freshMs(): number;
}

const RECKON_EVERY_MS = 1000;

/** More than this many things in demand count as this many, which bounds the memory they take. */
const MAX_NOTED = 20_000;

export function createDemand(options: { freshMs: number; clock: Clock; paces(): readonly Pace[] }): Demand {
  const { freshMs, clock } = options;
  const lastAsked = new Map<string, number>();
  let reckoned = { at: -Infinity, freshMs };

  return {
    note(key) {
      if (!lastAsked.has(key) && lastAsked.size >= MAX_NOTED) return;
      lastAsked.set(key, clock.monotonic());
    },
    freshMs() {
      const now = clock.monotonic();
      if (now - reckoned.at >= RECKON_EVERY_MS) reckoned = { at: now, freshMs: reckon(now) };
      return reckoned.freshMs;
    },
  };

  function reckon(now: number): number {
    // What has not been asked for in two lifetimes is in demand no more.
    const horizon = now - 2 * Math.max(reckoned.freshMs, RECKON_EVERY_MS);
    for (const [key, at] of lastAsked) if (at < horizon) lastAsked.delete(key);
    return stretchedFreshMs(freshMs, Math.max(1, lastAsked.size), options.paces());
  }
}
