import type { Clock } from '../core/clock.ts';
import { type Allowance, stretchedFreshMs } from './freshness.ts';

/** Counts the short-lived entries that are requested, which decides how fresh the quota lets them be. */
export interface Demand {
  note(key: string): void;
  /** Milliseconds; constant for a second at a time. */
  freshMs(): number;
  /** Calculates it again before that second is over. */
  update(): void;
}

export interface DemandOptions {
  /** The shortest freshness, in milliseconds. */
  freshMs: number;
  clock: Clock;
  /** What is left of the quota windows that are longer than a second, if there are any. */
  allowances: () => readonly Allowance[];
}

const UPDATE_EVERY_MS = 1000;

/** An entry counts for two lifetimes after its last request, and never longer than this. */
const MAX_HORIZON_MS = 15 * 60 * 1000;

/** More entries than this count as this many, which bounds the memory that they take. */
const MAX_NOTED = 20_000;

export function createDemand({ freshMs: usualMs, clock, allowances }: DemandOptions): Demand {
  const lastRequested = new Map<string, number>();
  let updatedAt = -Infinity;
  let hasLimits = true;
  let freshMs = usualMs;

  return {
    note(key) {
      // Without a limit nothing is counted: this runs on every hit.
      if (!hasLimits || (lastRequested.size >= MAX_NOTED && !lastRequested.has(key))) return;
      lastRequested.set(key, clock.monotonic());
    },
    freshMs() {
      if (clock.monotonic() - updatedAt >= UPDATE_EVERY_MS) update();
      return freshMs;
    },
    update,
  };

  function update(): void {
    const now = clock.monotonic();
    updatedAt = now;
    const limits = allowances();
    hasLimits = limits.length > 0;
    const horizon = now - Math.min(MAX_HORIZON_MS, 2 * Math.max(freshMs, UPDATE_EVERY_MS));
    for (const [key, at] of lastRequested) if (at < horizon || !hasLimits) lastRequested.delete(key);
    freshMs = stretchedFreshMs(usualMs, Math.max(1, lastRequested.size), limits);
  }
}
