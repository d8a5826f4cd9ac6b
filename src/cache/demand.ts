import type { Clock } from '../core/clock.ts';
import { type Pace, stretchedFreshMs } from './freshness.ts';

/** Knows how many short-lived things are being asked for, and so how fresh the allowance lets them be. */
export interface Demand {
  note(key: string): void;
  /** Milliseconds; the same for a second at a time. */
  freshMs(): number;
  /** Has it reckoned anew before that second is over. */
  reckon(): void;
}

export interface DemandOptions {
  /** The shortest freshness, in milliseconds. */
  freshMs: number;
  clock: Clock;
  /** What is left of the windows of calls that are longer than a second, if there are such. */
  paces: () => readonly Pace[];
}

const RECKON_EVERY_MS = 1000;

/** What nobody has asked for in two lifetimes is in demand no more, nor is what nobody has asked for this long. */
const MAX_HORIZON_MS = 15 * 60 * 1000;

/** More than this many things in demand count as this many, which bounds the memory they take. */
const MAX_NOTED = 20_000;

export function createDemand({ freshMs: usualMs, clock, paces }: DemandOptions): Demand {
  const lastAsked = new Map<string, number>();
  let reckonedAt = -Infinity;
  let hasLimits = true;
  let freshMs = usualMs;

  return {
    note(key) {
      // Without a limit nobody counts, and this is asked on every hit.
      if (!hasLimits || (lastAsked.size >= MAX_NOTED && !lastAsked.has(key))) return;
      lastAsked.set(key, clock.monotonic());
    },
    freshMs() {
      const now = clock.monotonic();
      if (now - reckonedAt >= RECKON_EVERY_MS) reckon();
      return freshMs;
    },
    reckon,
  };

  function reckon(): void {
    const now = clock.monotonic();
    reckonedAt = now;
    const limits = paces();
    hasLimits = limits.length > 0;
    const horizon = now - Math.min(MAX_HORIZON_MS, 2 * Math.max(freshMs, RECKON_EVERY_MS));
    for (const [key, at] of lastAsked) if (at < horizon || !hasLimits) lastAsked.delete(key);
    freshMs = stretchedFreshMs(usualMs, Math.max(1, lastAsked.size), limits);
  }
}
