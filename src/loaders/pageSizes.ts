import { LRUCache } from 'lru-cache';
import type { Clock } from '../core/clock.ts';
import type { Action } from '../core/upstream.ts';

/** The actions whose lists are read in canonical pages. */
export type ListAction = Extract<Action, 'ListPipelineRuns' | 'ListPipelineRunItems'>;

/** What the process has learned about the upstream's lists. It forgets after ten minutes, since an upstream can be repaired. */
export interface PageSizes {
  /** Rows of a canonical page: as configured, or fewer if the upstream returns no more, of this list or of all. */
  sizeOf(action: ListAction, list?: string): number;
  /** The upstream returns at most `size` rows a page of the list. If a second list shows the same, that holds for all. */
  learnCap(action: ListAction, list: string, size: number): void;
  /** A page of `size` rows was seen, so the upstream does not cap pages below that. */
  noteFullPage(action: ListAction, size: number): void;
  hasSeenFullPage(action: ListAction, size: number): boolean;
  /** The list has only `end` rows, though the upstream claims that it has `totalCount`. */
  learnEnd(list: string, totalCount: number, end: number): void;
  isKnownEnd(list: string, totalCount: number, end: number): boolean;
  /**
   * The newest `asOf` with which a window was served; -Infinity if it was not served lately. The pages of a window change with the
   * length of its list, with the page size and with the place of a cursor's row. So even if no page goes back in time, a window can.
   */
  servedAsOf(window: string): number;
  noteServed(window: string, asOf: number): void;
}

const MEMORY_MS = 600_000;
const MAX_LISTS = 1000;
const MAX_WINDOWS = 10_000;

/** @param maxSize rows of a page as configured: the most that is ever requested */
export function createPageSizes(maxSize: number, clock: Clock): PageSizes {
  const memory = {
    max: MAX_LISTS,
    ttl: MEMORY_MS,
    ttlResolution: 0,
    perf: { now: () => clock.monotonic() },
  };
  const caps = new LRUCache<ListAction, number>(memory);
  const listCaps = new LRUCache<string, { action: ListAction; size: number }>(memory);
  const fullPages = new LRUCache<ListAction, number>(memory);
  const ends = new LRUCache<string, string>(memory);
  const served = new LRUCache<string, number>({ max: MAX_WINDOWS });

  return {
    sizeOf(action, list = '') {
      return Math.min(maxSize, caps.get(action) ?? maxSize, listCaps.get(list)?.size ?? maxSize);
    },
    learnCap(action, list, size) {
      for (const [other, cap] of listCaps.entries()) {
        if (other !== list && cap.action === action && cap.size === size) caps.set(action, size);
      }
      listCaps.set(list, { action, size });
      // Pages have to show again that they are not capped silently.
      fullPages.delete(action);
    },
    noteFullPage(action, size) {
      if (size >= (fullPages.get(action) ?? 0)) fullPages.set(action, size);
    },
    hasSeenFullPage: (action, size) => size <= (fullPages.get(action) ?? 0),
    learnEnd: (list, totalCount, end) => void ends.set(list, `${end} of ${totalCount}`),
    isKnownEnd: (list, totalCount, end) => ends.get(list) === `${end} of ${totalCount}`,
    servedAsOf: (window) => served.get(window) ?? -Infinity,
    noteServed(window, asOf) {
      served.set(window, Math.max(asOf, served.get(window) ?? -Infinity));
    },
  };
}
