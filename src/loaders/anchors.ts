import type { Anchor } from './cursor.ts';
import type { PageMap } from './pages.ts';

/* Finds the row that a cursor names on the pages of its list, or the gap that the row has left. Pure. */

export interface AnchorSearch {
  pages: PageMap;
  pageSize: number;
  /** The length of the list by the newest page, or null if no page is known. */
  totalCount: number | null;
}

/** The pages to read next; or the row's offset; or, where the row is gone, the offset of the row behind its gap. */
type AnchorPlace = { need: number[] } | { at: number; isPresent: boolean };

/**
 * New runs push a row down, and a row of a filtered list can leave it. The upstream promises no order, so the create time is used
 * only while the known pages are sorted newest first.
 */
export function findAnchor(anchor: Anchor, search: AnchorSearch): AnchorPlace {
  const { pages, pageSize, totalCount } = search;
  const found = newestOffsetOf(anchor.id, search);
  if (found !== null) return { at: found, isPresent: true };
  const lastPage = Math.max(0, Math.ceil((totalCount ?? Infinity) / pageSize) - 1);
  const expected = Math.min(Math.floor(anchor.offset / pageSize), lastPage);
  if (!pages.has(expected)) return { need: [expected] };
  const place = anchor.time !== null && isNewestFirst(search) ? placeByTime : placeByOffset;
  return place(anchor, { ...search, expected, lastPage });
}

/** Where the row is according to the newest page that has it. */
function newestOffsetOf(id: string, { pages, pageSize }: AnchorSearch): number | null {
  let found: { at: number; asOf: number } | null = null;
  for (const [index, { keys, asOf }] of pages) {
    const row = keys.findIndex((key) => key.id === id);
    if (row >= 0 && asOf > (found?.asOf ?? -Infinity)) found = { at: index * pageSize + row, asOf };
  }
  return found?.at ?? null;
}

interface BoundedSearch extends AnchorSearch {
  /** The page on which the anchor's offset lies. */
  expected: number;
  lastPage: number;
}

/** Without an order, only the neighbouring pages are searched. The list goes on at the old offset if they do not have the row. */
function placeByOffset({ offset }: Anchor, { pages, expected, lastPage }: BoundedSearch): AnchorPlace {
  for (const neighbour of [expected + 1, expected - 1]) {
    if (neighbour >= 0 && neighbour <= lastPage && !pages.has(neighbour)) return { need: [neighbour] };
  }
  return { at: offset, isPresent: false };
}

/**
 * The times on a page show whether the place is above it, on it or below it. The search steps away from the expected page in
 * doubling strides, then halves the interval: in a list that moved by n pages it costs about 2·log2(n) reads.
 */
function placeByTime({ time: anchorTime, offset }: Anchor, search: BoundedSearch): AnchorPlace {
  const time = anchorTime ?? -Infinity;
  let above = -1;
  let below = search.lastPage + 1;
  const around: number[] = [];
  for (const [index, { keys }] of search.pages) {
    const first = keys[0]?.time ?? -Infinity;
    const last = keys.at(-1)?.time ?? -Infinity;
    if (last > time) above = Math.max(above, index);
    else if (first < time) below = Math.min(below, index);
    else around.push(index);
  }
  let next: number | null = null;
  if (around.length > 0) next = tiedNeighbour(time, around, { above, below }, search.pages);
  else if (below - above > 1) next = nextProbe({ above, below }, search);
  if (next !== null) return { need: [next] };
  return { at: gapAt(time, offset, search) ?? below * search.pageSize, isPresent: false };
}

/** The pages between which the place is: the lowest known above it and the highest known below it. */
interface Interval {
  above: number;
  below: number;
}

/** Rows of the same time can continue on the next page, and the anchor's row may be among them. */
function tiedNeighbour(
  time: number,
  around: number[],
  { above, below }: Interval,
  pages: PageMap,
): number | null {
  const up = Math.min(...around);
  const down = Math.max(...around);
  if (pages.get(down)?.keys.at(-1)?.time === time && down + 1 < below && !pages.has(down + 1))
    return down + 1;
  if (pages.get(up)?.keys[0]?.time === time && up - 1 > above && !pages.has(up - 1)) return up - 1;
  return null;
}

function nextProbe({ above, below }: Interval, { expected, lastPage }: BoundedSearch): number {
  if (below > lastPage) return Math.min(above + Math.max(1, above - expected + 1), below - 1);
  if (above < 0) return Math.max(below - Math.max(1, expected - below + 1), above + 1);
  return Math.floor((above + below) / 2);
}

/** Where a row of this time would be. Among rows of the same time, only the old offset shows which came before it. */
function gapAt(time: number, offset: number, search: AnchorSearch): number | null {
  const rows = rowsInOrder(search);
  const lastNotOlder = rows.findLast((row) => row.time >= time);
  const latest = rows.find((row) => row.time < time)?.at ?? (lastNotOlder ? lastNotOlder.at + 1 : null);
  const firstTied = rows.find((row) => row.time === time);
  return firstTied && latest !== null ? Math.min(Math.max(offset, firstTied.at), latest) : latest;
}

function isNewestFirst(search: AnchorSearch): boolean {
  const rows = rowsInOrder(search);
  return rows.every(({ time }, n) => time > -Infinity && time <= (rows[n - 1]?.time ?? Infinity));
}

/** Where the known rows are, and their times; -Infinity where the upstream sent none. */
function rowsInOrder({ pages, pageSize }: AnchorSearch): { at: number; time: number }[] {
  return [...pages]
    .sort(([a], [b]) => a - b)
    .flatMap(([index, { keys }]) =>
      keys.map(({ time }, row) => ({ at: index * pageSize + row, time: time ?? -Infinity })),
    );
}
