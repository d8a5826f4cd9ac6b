import type { Action } from './upstream.ts';

/** What one operation read from the cache. Outlives the operation and retains no rows. */
export interface ReadSet {
  /** The action of each entry that was read. */
  readonly actions: readonly Action[];
  /**
   * The freshness of everything read. Null if the answer could be different now: an entry has changed, expired or been evicted,
   * a call was answered stale or failed, or nothing was read. Counts as demand for every entry.
   */
  freshness(): Freshness | null;
}

/** The side of a read set that the cache fills. */
export interface ReadCollector {
  /** Records an entry that was read. Null if the answer was not fresh or the call failed: the next one could be answered differently. */
  add(action: Action, dependency: Dependency | null): void;
}

/** A cache entry in the version that was read. Null once it is not fresh or has another version. Counts as demand for the entry. */
export type Dependency = () => Freshness | null;

/** Of one or several entries. Steady time. */
export interface Freshness {
  /** When the oldest was last known true. */
  asOf: number;
  /** When the first stops being fresh. */
  freshUntil: number;
}

export function createReadSet(): ReadSet & ReadCollector {
  const actions: Action[] = [];
  const dependencies: Dependency[] = [];
  let isValid = true;

  return {
    actions,
    add(action, dependency) {
      actions.push(action);
      if (dependency === null) isValid = false;
      else dependencies.push(dependency);
    },
    freshness() {
      if (!isValid || dependencies.length === 0) return null;
      let asOf = Infinity;
      let freshUntil = Infinity;
      for (const dependency of dependencies) {
        const freshness = dependency();
        if (freshness === null) return null;
        asOf = Math.min(asOf, freshness.asOf);
        freshUntil = Math.min(freshUntil, freshness.freshUntil);
      }
      return { asOf, freshUntil };
    },
  };
}
