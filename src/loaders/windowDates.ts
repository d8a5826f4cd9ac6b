import { LRUCache } from 'lru-cache';
import type { Clock } from '../core/clock.ts';
import type { WindowRequest } from '../core/window.ts';

/**
 * The newest `asOf` that each window was answered with. The pages of a window change with the length of its list, with the page size
 * and with the place of a cursor's row, so that pages which each never go back can still make an older window.
 */
export interface WindowDates {
  /** Epoch milliseconds. Returns -Infinity if the window has not been answered, or not lately. */
  newest(list: string, window: WindowRequest): number;
  note(list: string, window: WindowRequest, asOf: number): void;
}

/** The least recently used windows beyond this number are forgotten. */
const MAX_WINDOWS = 10_000;

export function createWindowDates(clock: Clock): WindowDates {
  const dates = new LRUCache<string, number>({ max: MAX_WINDOWS });
  return {
    newest(list, window) {
      const asOf = dates.get(keyOf(list, window)) ?? -Infinity;
      // The wall clock was set back. Nothing can be read that is as new as this.
      return asOf <= clock.now() ? asOf : -Infinity;
    },
    note(list, window, asOf) {
      const key = keyOf(list, window);
      const before = dates.get(key) ?? -Infinity;
      if (asOf > before || before > clock.now()) dates.set(key, asOf);
    },
  };
}

function keyOf(list: string, window: WindowRequest): string {
  const fields =
    window.by === 'offset'
      ? [window.offset, window.limit]
      : [window.from, window.count, window.after, window.before];
  return list + JSON.stringify(fields);
}
