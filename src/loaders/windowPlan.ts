import { type AnchorSearch, findAnchor } from './anchors.ts';
import type { Anchor } from './cursor.ts';

/*
 * The arithmetic of windows, offsets and canonical pages. Pure. A canonical page is an aligned block of `pageSize` rows; pages and
 * rows count from 0.
 */

/** What paging knows of a row. */
export interface RowKey {
  id: string;
  /** The create time in epoch milliseconds, null where the upstream sent none. */
  time: number | null;
}

export interface KnownPage {
  readonly keys: readonly RowKey[];
  totalCount: number;
  /** When the page was last known true. Of two pages that disagree, the later one is believed. */
  asOf: number;
}

export type KnownPages = ReadonlyMap<number, KnownPage>;

/** A requested window with its cursors decoded: an offset, or rows between two anchors. */
export type WindowSpec =
  | { by: 'offset'; offset: number; limit: number }
  | { by: 'anchor'; from: 'start' | 'end'; count: number; after: Anchor | null; before: Anchor | null };

export type WindowPlan =
  /** These pages must be known first. `any`: whichever page is read next shows what else is missing. */
  | { need: number[] | 'any' }
  /** The window is the rows from `start` up to but not including `end`, all of them on known pages. */
  | { start: number; end: number; totalCount: number };

export function planWindow(spec: WindowSpec, pages: KnownPages, pageSize: number): WindowPlan {
  const totalCount = newestTotal(pages);
  const bounds =
    spec.by === 'offset'
      ? { start: spec.offset, end: spec.offset + spec.limit }
      : anchorBounds(spec, { pages, pageSize, totalCount });
  if ('need' in bounds) return bounds;
  // The first page shows whether the list reaches a second one, which would otherwise be a wasted call.
  if (totalCount === null) return { need: [Math.floor(bounds.start / pageSize)] };
  const start = Math.min(bounds.start, totalCount);
  const end = Math.max(start, Math.min(bounds.end, totalCount));
  const need: number[] = [];
  for (const page of pagesBetween(start, end, pageSize)) if (!pages.has(page)) need.push(page);
  return need.length > 0 ? { need } : { start, end, totalCount };
}

/**
 * The canonical pages that a window can need at worst, by name: numbers for pages at a known place, other names for pages whose
 * place is unknown. New rows can push a cursor's row to the next page. Larger movements of the list while it is read are not priced.
 *
 * @param totalCount the list's length, or null if it is unknown
 */
export function pagesAtWorst(
  spec: WindowSpec,
  pageSize: number,
  totalCount: number | null,
): (number | string)[] {
  if (spec.by === 'offset') return pagesWithin(spec.offset, spec.offset + spec.limit, pageSize, totalCount);
  const { from, count, after, before } = spec;
  if (after ?? before) {
    const offsets = [after, before].flatMap((anchor) => anchor?.offset ?? []);
    const start = before && from === 'end' ? Math.max(0, before.offset - count) : Math.min(...offsets);
    const end = after && from === 'start' ? after.offset + 1 + count : Math.max(...offsets) + 1;
    return [...pagesWithin(start, end, pageSize, totalCount), 'moved'];
  }
  if (from === 'start') return pagesWithin(0, count, pageSize, totalCount);
  if (totalCount !== null) {
    return pagesWithin(Math.max(0, totalCount - count), totalCount, pageSize, totalCount);
  }
  // The head shows where the end is. The last rows can lie on one page more than they would fill.
  return [0, ...Array.from({ length: Math.ceil(count / pageSize) + 1 }, (_, n) => `last but ${n}`)];
}

function pagesWithin(start: number, end: number, pageSize: number, totalCount: number | null): number[] {
  const pages = pagesBetween(start, Math.min(end, totalCount ?? Infinity), pageSize);
  // A page beyond the end is read, too, if nothing else shows the length.
  return pages.length === 0 && totalCount === null ? [Math.floor(start / pageSize)] : pages;
}

/** The pages that hold the rows from `start` up to but not including `end`. An empty range has none. */
function pagesBetween(start: number, end: number, pageSize: number): number[] {
  const pages: number[] = [];
  if (end <= start) return pages;
  for (let page = Math.floor(start / pageSize); page * pageSize < end; page++) pages.push(page);
  return pages;
}

/** The length of the list by the newest page, or null if no page is known. */
function newestTotal(pages: KnownPages): number | null {
  let newest: KnownPage | null = null;
  for (const page of pages.values()) if (newest === null || page.asOf > newest.asOf) newest = page;
  return newest?.totalCount ?? null;
}

function anchorBounds(
  { from, count, after, before }: Extract<WindowSpec, { by: 'anchor' }>,
  search: AnchorSearch,
): { need: number[] | 'any' } | { start: number; end: number } {
  const lower = after && findAnchor(after, search);
  const upper = before && findAnchor(before, search);
  const need: number[] = [];
  if (lower && 'need' in lower) need.push(...lower.need);
  if (upper && 'need' in upper) need.push(...upper.need);
  if (need.length > 0) return { need };
  const start = lower && 'at' in lower ? lower.at + (lower.isPresent ? 1 : 0) : 0;
  const end = upper && 'at' in upper ? upper.at : search.totalCount;
  if (from === 'start') return { start, end: Math.min(start + count, end ?? Infinity) };
  return end === null ? { need: 'any' } : { start: Math.max(start, end - count), end };
}
