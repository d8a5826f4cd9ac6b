import type { Clock } from '../core/clock.ts';
import type { FreshnessRules } from './freshness.ts';

/** What is left of a quota window. */
export interface Allowance {
  /** Calls left. */
  left: number;
  /** Milliseconds until the window resets. */
  resetsInMs: number;
}

const UPDATE_EVERY_MS = 1000;

/** An entry counts for two lifetimes after its last request, and never longer than this. */
const MAX_HORIZON_MS = 15 * 60 * 1000;

/** More entries than this count as this many, which bounds the memory that they take. */
const MAX_NOTED = 20_000;

/** The part of an allowance that refreshes may spend. The rest is for what has not been requested yet. */
const REFRESH_SHARE = 0.8;

/** The longest freshness that an allowance causes, and the freshness when no calls are left. Milliseconds. */
const MAX_STRETCH_MS = 24 * 60 * 60 * 1000;

export type Demand = ReturnType<typeof createDemand>;

/** Counts the short-lived entries that are requested, which decides how fresh the quota lets them be. */
export function createDemand(options: {
  /** The shortest freshness, in milliseconds. */
  freshMs: number;
  /** How long past its freshness an answer may still be served, labelled stale. Milliseconds. */
  staleMs: number;
  /** Steady: its `now` must not jump. */
  clock: Clock;
  /** The quota windows that are longer than a second, if there are any. */
  allowances: () => readonly Allowance[];
}) {
  const { freshMs, staleMs, clock, allowances } = options;
  const lastRequested = new Map<string, number>();
  let updatedAt = -Infinity;
  let hasLimits = true;
  let rules: FreshnessRules = { usualFreshMs: freshMs, freshMs, staleMs };

  return {
    note(key: string): void {
      // Without a limit nothing is counted: this runs on every hit.
      if (!hasLimits || (lastRequested.size >= MAX_NOTED && !lastRequested.has(key))) return;
      lastRequested.set(key, clock.now());
    },
    /** Constant for a second at a time. */
    rules(): FreshnessRules {
      return clock.now() - updatedAt >= UPDATE_EVERY_MS ? update() : rules;
    },
    update,
  };

  /** Calculates the rules again before that second is over. */
  function update(): FreshnessRules {
    const now = clock.now();
    updatedAt = now;
    const limits = allowances();
    hasLimits = limits.length > 0;
    const horizon = now - Math.min(MAX_HORIZON_MS, 2 * Math.max(rules.freshMs, UPDATE_EVERY_MS));
    for (const [key, at] of lastRequested) if (at < horizon || !hasLimits) lastRequested.delete(key);
    rules = { ...rules, freshMs: stretchedFreshMs(freshMs, Math.max(1, lastRequested.size), limits) };
    return rules;
  }
}

/**
 * The freshness at which refreshing each entry in demand spends no more than what is left. Never shorter than `freshMs`.
 *
 * @param inDemand the number of short-lived entries that are requested
 */
export function stretchedFreshMs(
  freshMs: number,
  inDemand: number,
  allowances: readonly Allowance[],
): number {
  let stretchedMs = freshMs;
  for (const { left, resetsInMs } of allowances) {
    const neededMs = left > 0 ? (inDemand * Math.max(0, resetsInMs)) / (left * REFRESH_SHARE) : Infinity;
    stretchedMs = Math.max(stretchedMs, Math.min(MAX_STRETCH_MS, neededMs));
  }
  return stretchedMs;
}
