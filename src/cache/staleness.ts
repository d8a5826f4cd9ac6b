import { LRUCache } from 'lru-cache';
import type { Clock } from '../core/clock.ts';

const MAX_STALE = 10_000;

/** More callers than this do not make a refresh more urgent. */
const MAX_CALLERS = 100;

interface Stale {
  since: number;
  callers: Set<string>;
}

/**
 * Who was served stale data, and since when, which decides what is refreshed first if the quota does not suffice for all. The urgency is
 * the number of callers, multiplied by the time: what many callers ask for is refreshed more often, and everything in the end.
 */
export function createStaleness(clock: Pick<Clock, 'now'>) {
  const stale = new LRUCache<string, Stale>({ max: MAX_STALE });
  return {
    /** Call whenever something stale is served. */
    note(name: string, callerId = ''): void {
      const known = stale.get(name) ?? { since: clock.now(), callers: new Set<string>() };
      if (known.callers.size < MAX_CALLERS) known.callers.add(callerId);
      stale.set(name, known);
    },
    /** Call when it is refreshed. */
    ended: (name: string): void => void stale.delete(name),
    urgencyOf(name: string): number {
      const known = stale.peek(name);
      return known ? known.callers.size * (clock.now() - known.since) : 0;
    },
  };
}
