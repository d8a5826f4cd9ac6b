import { asError } from '../core/errors.ts';
import type { Page, UpstreamResult } from '../core/upstream.ts';
import { contradiction, type ListMemory, type ListSource, type RowKey } from './list.ts';

/* The canonical pages of one list that one operation knows: aligned blocks of `size` rows. Pages and rows count from 0. */

export interface ReadPage<Row = unknown> {
  result: UpstreamResult<Page<Row>>;
  rows: readonly Row[];
  readonly keys: readonly RowKey[];
  totalCount: number;
  /** How many rows the page has if the total is right. */
  expectedRows: number;
  /** When the page was last known true. Of two pages that disagree, the later one is believed. */
  asOf: number;
}

export type PageMap<Row = unknown> = ReadonlyMap<number, ReadPage<Row>>;

export interface ListPages<Row = unknown> {
  readonly source: ListSource<Row>;
  readonly memory: ListMemory;
  size: number;
  readonly known: Map<number, ReadPage<Row>>;
  /** Those of the known pages that were only looked at in the cache. They count as used when they are fetched. */
  readonly peeked: Set<number>;
  /** Why a page is not known, for those that were fetched. */
  readonly failures: Map<number, Error>;
  /** How often a page was read again. */
  readonly rereads: Map<number, number>;
  /** Why a known page could not be read again, or null. */
  rereadError: Error | null;
  /** How many rows a page had when it was found to have too few or too many. The same number once more is believed. */
  readonly oddCounts: Map<number, number>;
  /** How many pages were read only to explain others. */
  extraReads: number;
  /** A length that the upstream claims, and how many rows the list really has then. */
  end: { claimed: number; rows: number } | null;
  /** Increases with every change of the known pages. */
  version: number;
}

/** Takes a page out of the cache. Returns whether it is there. */
export function peekPage(pages: ListPages, index: number): boolean {
  const result = pages.source.peekPage(index, pages.size);
  if (!result) return false;
  pages.peeked.add(index);
  addPage(pages, index, result);
  return true;
}

/**
 * Reads pages at once if new rows appear only at the head. Otherwise one after the other from the front: a row that moves towards the
 * head between two reads would be missing from both pages, and nothing would show it.
 */
export async function fetchPages(
  pages: ListPages,
  indexes: readonly number[],
  notBefore?: number,
): Promise<void> {
  if (pages.source.growsAtHead) {
    await Promise.all(indexes.map((index) => fetchPage(pages, index, notBefore)));
  } else {
    for (const index of indexes.toSorted((a, b) => a - b)) await fetchPage(pages, index, notBefore);
  }
}

/**
 * Returns the error if the page cannot be read.
 *
 * @param notBefore for a known page that is read again; it stays known if that fails
 */
export async function fetchPage(pages: ListPages, index: number, notBefore?: number): Promise<Error | null> {
  const { source, memory, size } = pages;
  pages.peeked.delete(index);
  if (notBefore !== undefined) pages.rereads.set(index, (pages.rereads.get(index) ?? 0) + 1);
  try {
    const result = await source.readPage(index, size, notBefore);
    const { rows, pageSize } = result.value;
    if (pageSize > size)
      throw contradiction(source, `pages of ${pageSize} rows where ${size} were requested`);
    if (pageSize < pages.size) {
      memory.learnCap(source, pageSize);
      shrinkPages(pages, pageSize);
      // Where a later page begins is unknown if a larger size was requested.
      if (index > 0) return null;
    }
    if (pageSize !== pages.size) return null;
    const isLargest = rows.length === pageSize && pageSize >= (memory.fullPages.get(source.action) ?? 0);
    if (isLargest) memory.fullPages.set(source.action, pageSize);
    addPage(pages, index, result);
    return null;
  } catch (thrown) {
    const error = asError(thrown);
    if (notBefore !== undefined) pages.rereadError = error;
    else if (pages.size === size) failPage(pages, index, error);
    return error;
  }
}

export function failPage(pages: ListPages, index: number, error: Error): void {
  pages.failures.set(index, error);
  pages.known.delete(index);
  pages.version += 1;
}

/** From now on the pages are smaller. */
export function shrinkPages(pages: ListPages, size: number): void {
  pages.size = size;
  pages.version += 1;
  const { known, peeked, failures, rereads, oddCounts } = pages;
  for (const findings of [known, peeked, failures, rereads, oddCounts]) findings.clear();
}

export function addPage(pages: ListPages, index: number, result: UpstreamResult<Page<unknown>>): void {
  const { known, size, end, source } = pages;
  const before = known.get(index)?.result;
  if (before?.value !== result.value || before.asOf !== result.asOf) pages.version += 1;
  const { rows } = result.value;
  const totalCount = end?.claimed === result.value.totalCount ? end.rows : result.value.totalCount;
  const expectedRows = Math.max(0, Math.min(size, totalCount - index * size));
  let keys: RowKey[] | null = null;
  known.set(index, {
    result,
    rows,
    asOf: result.asOf,
    totalCount,
    expectedRows,
    // Most windows do not need the keys.
    get keys() {
      return (keys ??= rows.map((row) => source.key(row)));
    },
  });
}

/**
 * The first page that does not have as many rows as its own total says, or else a page whose place is unproven; or null. Until a full
 * page was seen, the upstream may silently cap its pages, and then the rows of a later page belong to another place.
 */
export function firstDoubtfulPage({ known, size, source, memory, oddCounts }: ListPages): number | null {
  // Full pages of the past prove nothing once the first page had too few rows and failed for it.
  const hasBeenFull = size <= (memory.fullPages.get(source.action) ?? 0) && !oddCounts.has(0);
  const isProven = known.has(0) || hasBeenFull;
  let miscounted = Infinity;
  let unproven = Infinity;
  for (const [index, { rows, expectedRows }] of known) {
    if (rows.length !== expectedRows) miscounted = Math.min(miscounted, index);
    else if (!isProven && rows.length > 0) unproven = Math.min(unproven, index);
  }
  const first = miscounted < Infinity ? miscounted : unproven;
  return first === Infinity ? null : first;
}

/**
 * The pages that must be read again because the list moved between the reads: those that disagree with the newest page on the list's
 * length, those with a row that a newer page has, too, and those read before a page in front of them, unless the cache still vouches
 * for them. In the last case nothing on the pages would show a row that moved from one to the other. The cache does not know what
 * other pages of the operation show: a page that is not newer than an outdated one is outdated, too.
 */
export function outdatedPages(list: ListPages, pages: PageMap = list.known): number[] {
  if (pages.size < 2) return [];
  const ordered = newestFirst(pages);
  const totalCount = ordered[0]?.[1].totalCount;
  const seen = new Set<string>();
  const outdated = new Set<number>();
  let newestOutdatedAsOf = -Infinity;
  for (const [index, page] of ordered) {
    const isOutdated =
      page.totalCount !== totalCount ||
      page.keys.some(({ id }) => seen.has(id)) ||
      (isBehindNewer(index, page) && !isConfirmed(list, index, page));
    if (isOutdated) {
      outdated.add(index);
      newestOutdatedAsOf = Math.max(newestOutdatedAsOf, page.asOf);
    } else for (const { id } of page.keys) seen.add(id);
  }
  // If one page is outdated, so is every page that is no newer and lies behind a newer one.
  for (const [index, page] of ordered) {
    if (page.asOf <= newestOutdatedAsOf && isBehindNewer(index, page)) outdated.add(index);
  }
  return [...outdated];

  function isBehindNewer(index: number, { asOf, rows }: ReadPage): boolean {
    return rows.length > 0 && ordered.some(([other, page]) => other < index && page.asOf > asOf);
  }
}

export function newestFirst<Row>(pages: PageMap<Row>): [number, ReadPage<Row>][] {
  return [...pages].sort(([, a], [, b]) => b.asOf - a.asOf);
}

/** Whether nothing that the cache has learned since makes the page doubtful. */
function isConfirmed({ source, size }: ListPages, index: number, page: ReadPage): boolean {
  const { value, staleBecause } = page.result;
  if (!source.growsAtHead || staleBecause !== null) return false;
  const now = source.peekPage(index, size)?.value;
  if (now?.totalCount !== value.totalCount) return false;
  return now.rows.every((row, at) => source.key(row).id === page.keys[at]?.id);
}
