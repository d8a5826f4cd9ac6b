import type { Clock } from '../core/clock.ts';
import type { Action } from '../core/upstream.ts';
import { createWindowDates, type WindowDates } from './windowDates.ts';

/** The actions whose lists are read in canonical pages. */
export type ListAction = Extract<Action, 'ListPipelineRuns' | 'ListPipelineRunItems'>;

/** What the process has learned of the pages that the upstream gives. It forgets after a while, since an upstream can be repaired. */
export interface PageSizes {
  /** Rows of a canonical page: as configured, or fewer if the upstream gives no more, of this list or of all. */
  sizeOf(action: ListAction, list?: string): number;
  /** The upstream gives at most `size` rows a page of the list. Where a second list shows the same, that holds for all. */
  learnCap(action: ListAction, list: string, size: number): void;
  /** A page of `size` rows was seen, so the upstream does not cap pages below that. */
  noteFullPage(action: ListAction, size: number): void;
  hasSeenFullPage(action: ListAction, size: number): boolean;
  /** The list has only `end` rows, though the upstream says that it has `totalCount`. */
  learnEnd(list: string, totalCount: number, end: number): void;
  isKnownEnd(list: string, totalCount: number, end: number): boolean;
  readonly windowDates: WindowDates;
}

const MEMORY_MS = 600_000;
/** More lists than this are not kept track of; those learned first go first. */
const MAX_LISTS = 1000;

/** @param maxSize rows of a page as configured: the most that is ever asked for */
export function createPageSizes(maxSize: number, clock: Clock): PageSizes {
  const caps = new Map<ListAction, { size: number; untilMs: number }>();
  const listCaps = new Map<string, { action: ListAction; size: number; untilMs: number }>();
  const fullPages = new Map<ListAction, { size: number; untilMs: number }>();
  const ends = new Map<string, { totalCount: number; end: number; untilMs: number }>();

  return {
    windowDates: createWindowDates(clock),
    sizeOf(action, list) {
      const ofList = list === undefined ? null : valid(listCaps.get(list));
      return Math.min(maxSize, valid(caps.get(action))?.size ?? maxSize, ofList?.size ?? maxSize);
    },
    learnCap(action, list, size) {
      const untilMs = clock.monotonic() + MEMORY_MS;
      const isSeenElsewhere = [...listCaps].some(
        ([other, cap]) => other !== list && cap.action === action && valid(cap)?.size === size,
      );
      if (isSeenElsewhere) caps.set(action, { size, untilMs });
      remember(listCaps, list, { action, size, untilMs });
      // Pages have to show anew that they are not capped in silence.
      fullPages.delete(action);
    },
    noteFullPage(action, size) {
      const known = valid(fullPages.get(action));
      if (known !== null && known.size > size) return;
      fullPages.set(action, { size, untilMs: clock.monotonic() + MEMORY_MS });
    },
    hasSeenFullPage: (action, size) => size <= (valid(fullPages.get(action))?.size ?? 0),
    learnEnd(list, totalCount, end) {
      remember(ends, list, { totalCount, end, untilMs: clock.monotonic() + MEMORY_MS });
    },
    isKnownEnd(list, totalCount, end) {
      const known = valid(ends.get(list));
      return known !== null && known.totalCount === totalCount && known.end === end;
    },
  };

  function valid<Known extends { untilMs: number }>(known: Known | undefined): Known | null {
    return known && clock.monotonic() < known.untilMs ? known : null;
  }
}

function remember<Known>(lists: Map<string, Known>, list: string, known: Known): void {
  lists.delete(list);
  lists.set(list, known);
  const [oldest] = lists.keys();
  if (lists.size > MAX_LISTS && oldest !== undefined) lists.delete(oldest);
}
