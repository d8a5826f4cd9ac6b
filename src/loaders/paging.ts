import type { Anchor } from './cursor.ts';

/*
 * All arithmetic of windows, offsets and canonical pages. Pure: it is told which pages are known and answers either with the
 * window or with the pages that it needs to know. A canonical page is an aligned block of `pageSize` rows; pages and rows
 * count from 0.
 */

/** What paging must know of a row. */
export interface RowKey {
  id: string;
  time: number | null;
}

/** A page that was read. */
export interface KnownPage {
  keys: RowKey[];
  totalCount: number;
  /** Epoch milliseconds; of two pages that disagree, the later one is believed. */
  asOf: number;
}

export type KnownPages = ReadonlyMap<number, KnownPage>;

/** A window as paging sees it: an offset, or rows between two anchors. */
export type WindowSpec =
  | { by: 'offset'; offset: number; limit: number }
  | { by: 'anchor'; from: 'start' | 'end'; count: number; after: Anchor | null; before: Anchor | null };

export type WindowPlan =
  /** These pages are needed; ask again when they are known. `any`: whichever page is read next tells what is missing. */
  | { need: number[] | 'any' }
  /** The window: rows `start` up to but not including `end`, all of them on known pages. */
  | { start: number; end: number; totalCount: number };

/** Where an anchor stands: at a row, or, where its row is gone, at the gap in front of the row `at`. */
type Place = { need: number[] } | { at: number; present: boolean };

export function planWindow(spec: WindowSpec, pages: KnownPages, pageSize: number): WindowPlan {
  const bounds = spec.by === 'offset' ? offsetBounds(spec) : anchorBounds(spec, pages, pageSize);
  if ('need' in bounds) return bounds;
  const totalCount = newestTotal(pages);
  // The first page tells whether the list reaches to a second one, which would else be a call for nothing.
  if (totalCount === null) return { need: [Math.floor(bounds.start / pageSize)] };
  const start = Math.min(bounds.start, totalCount);
  const end = Math.max(start, Math.min(bounds.end, totalCount));
  const need = pagesBetween(start, end, pageSize).filter((page) => !pages.has(page));
  return need.length > 0 ? { need } : { start, end, totalCount };
}

/** The length of the list by the newest page, or null if no page is known. */
export function newestTotal(pages: KnownPages): number | null {
  let newest: KnownPage | null = null;
  for (const page of pages.values()) if (newest === null || page.asOf > newest.asOf) newest = page;
  return newest?.totalCount ?? null;
}

/** The pages that hold the rows from `start` up to but not including `end`. */
export function pagesBetween(start: number, end: number, pageSize: number): number[] {
  const pages: number[] = [];
  // An empty range in the middle of a page has no page.
  if (end <= start) return pages;
  for (let page = Math.floor(start / pageSize); page * pageSize < end; page++) pages.push(page);
  return pages;
}

function offsetBounds({ offset, limit }: { offset: number; limit: number }): { start: number; end: number } {
  return { start: offset, end: offset + limit };
}

function anchorBounds(
  spec: Extract<WindowSpec, { by: 'anchor' }>,
  pages: KnownPages,
  pageSize: number,
): { need: number[] | 'any' } | { start: number; end: number } {
  const after = spec.after && placeOf(spec.after, pages, pageSize);
  const before = spec.before && placeOf(spec.before, pages, pageSize);
  const need = [
    ...(after && 'need' in after ? after.need : []),
    ...(before && 'need' in before ? before.need : []),
  ];
  if (need.length > 0) return { need };
  const lower = after && 'at' in after ? after.at + (after.present ? 1 : 0) : 0;
  const upper = before && 'at' in before ? before.at : newestTotal(pages);
  if (spec.from === 'start') return { start: lower, end: Math.min(lower + spec.count, upper ?? Infinity) };
  if (upper === null) return { need: 'any' };
  return { start: Math.max(lower, upper - spec.count), end: upper };
}

/**
 * Looks for an anchor's row on the known pages, and says which page to read next while it can't be told. New runs push a row
 * down, and a row of a filtered list can leave it; nobody promises an order, so newest-first is used only while the pages
 * show it.
 */
function placeOf(anchor: Anchor, pages: KnownPages, pageSize: number): Place {
  const found = findRow(anchor.id, pages, pageSize);
  if (found !== null) return { at: found, present: true };
  const lastPage = Math.max(0, Math.ceil((newestTotal(pages) ?? Infinity) / pageSize) - 1);
  const expected = Math.min(Math.floor(anchor.offset / pageSize), lastPage);
  if (!pages.has(expected)) return { need: [expected] };
  return anchor.time !== null && isNewestFirst(pages)
    ? placeByTime(anchor.time, anchor.offset, { expected, lastPage }, pages, pageSize)
    : placeByOffset(anchor.offset, { expected, lastPage }, pages);
}

function findRow(id: string, pages: KnownPages, pageSize: number): number | null {
  let found: { at: number; asOf: number } | null = null;
  for (const [index, page] of pages) {
    const row = page.keys.findIndex((key) => key.id === id);
    if (row >= 0 && (found === null || page.asOf > found.asOf))
      found = { at: index * pageSize + row, asOf: page.asOf };
  }
  return found?.at ?? null;
}

interface Search {
  /** The page on which the anchor's offset lies. */
  expected: number;
  lastPage: number;
}

/** Without an order, the row is looked for next door; not found there, its old offset is where the list goes on. */
function placeByOffset(offset: number, { expected, lastPage }: Search, pages: KnownPages): Place {
  for (const neighbour of [expected + 1, expected - 1]) {
    if (neighbour >= 0 && neighbour <= lastPage && !pages.has(neighbour)) return { need: [neighbour] };
  }
  return { at: offset, present: false };
}

/**
 * With newest first, the times on a page tell whether the place is above it, on it or below it. The search steps away from
 * the expected page in doubling strides, then halves the interval: a list that moved by n pages costs about 2·log2(n) reads.
 */
function placeByTime(
  time: number,
  offset: number,
  search: Search,
  pages: KnownPages,
  pageSize: number,
): Place {
  const { expected, lastPage } = search;
  let above = -1;
  let below = lastPage + 1;
  const holding: number[] = [];
  for (const [index, { keys }] of pages) {
    const first = keys[0]?.time ?? -Infinity;
    const last = keys.at(-1)?.time ?? -Infinity;
    if (last > time) above = Math.max(above, index);
    else if (first < time) below = Math.min(below, index);
    else holding.push(index);
  }
  const page =
    holding.length > 0
      ? tiedNeighbour(time, holding, { above, below }, pages)
      : below - above > 1
        ? nextProbe(expected, above, below, lastPage)
        : null;
  if (page !== null) return { need: [page] };
  return { at: gapAt(time, offset, pages, pageSize) ?? below * pageSize, present: false };
}

/** Rows of the same time can reach over a page's edge, and the anchor's row may be among them. */
function tiedNeighbour(
  time: number,
  holding: number[],
  { above, below }: { above: number; below: number },
  pages: KnownPages,
): number | null {
  const up = Math.min(...holding);
  const down = Math.max(...holding);
  if (pages.get(down)?.keys.at(-1)?.time === time && down + 1 < below && !pages.has(down + 1))
    return down + 1;
  if (pages.get(up)?.keys[0]?.time === time && up - 1 > above && !pages.has(up - 1)) return up - 1;
  return null;
}

function nextProbe(expected: number, above: number, below: number, lastPage: number): number {
  if (below > lastPage) return Math.min(above + Math.max(1, above - expected + 1), below - 1);
  if (above < 0) return Math.max(below - Math.max(1, expected - below + 1), above + 1);
  return Math.floor((above + below) / 2);
}

/**
 * The place where a row of this time would be. Among rows of the very same time, nothing but the old offset tells which came
 * before it.
 */
function gapAt(time: number, offset: number, pages: KnownPages, pageSize: number): number | null {
  let firstNotNewer: number | null = null;
  let firstOlder: number | null = null;
  let afterLast: number | null = null;
  for (const [index, { keys }] of [...pages].sort(([a], [b]) => a - b)) {
    for (const [row, key] of keys.entries()) {
      const at = index * pageSize + row;
      const rowTime = key.time ?? -Infinity;
      if (rowTime === time) firstNotNewer ??= at;
      if (rowTime < time) firstOlder ??= at;
      if (rowTime >= time) afterLast = at + 1;
    }
  }
  const latest = firstOlder ?? afterLast;
  if (firstNotNewer === null || latest === null) return latest;
  return Math.min(Math.max(offset, firstNotNewer), latest);
}

function isNewestFirst(pages: KnownPages): boolean {
  let previous = Infinity;
  for (const [, { keys }] of [...pages].sort(([a], [b]) => a - b)) {
    for (const { time } of keys) {
      if (time === null || time > previous) return false;
      previous = time;
    }
  }
  return true;
}
