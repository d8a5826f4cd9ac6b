import { asError } from '../core/asError.ts';
import type { Page, UpstreamResult } from '../core/upstream.ts';
import { UpstreamError } from '../core/upstreamError.ts';
import type { ListSource } from './list.ts';
import type { KnownPage, RowKey } from './windowPlan.ts';

export interface ReadPage<Row> extends KnownPage {
  result: UpstreamResult<Page<Row>>;
  rowCount: number;
}

/** The canonical pages that one operation has read of one list. */
export interface ListPages<Row> {
  readonly source: ListSource<Row>;
  /** Rows of a canonical page. */
  readonly size: number;
  readonly known: Map<number, ReadPage<Row>>;
  /** Why a page is not known. Absent for a page that was not tried. */
  readonly failures: Map<number, Error>;
  /** Reads those pages that were not tried yet. A failure is noted in `failures`. */
  fetch(indexes: Iterable<number>): Promise<void>;
  /** Reads one page again, whether it is known or not. Rejects with the failure. */
  fetchAgain(index: number, notBefore: number): Promise<void>;
  /** From now on the pages are smaller. Forgets all pages. */
  shrink(size: number): void;
  /** The list has only this many rows although the upstream claims more. */
  setEnd(claimed: number, rows: number): void;
}

export function createListPages<Row>(source: ListSource<Row>): ListPages<Row> {
  const { action, identity, pageSizes } = source;
  const known = new Map<number, ReadPage<Row>>();
  const failures = new Map<number, Error>();
  let size = source.pageSize;
  let end: { claimed: number; rows: number } | null = null;
  return {
    source,
    known,
    failures,
    get size() {
      return size;
    },
    async fetch(indexes) {
      const untried: number[] = [];
      for (const index of indexes) if (!known.has(index) && !failures.has(index)) untried.push(index);
      await inOrder(source, untried, fetchOne);
    },
    async fetchAgain(index, notBefore) {
      const asked = size;
      keep(index, await source.readPage(index, asked, notBefore), asked);
    },
    shrink,
    setEnd(claimed, rows) {
      end = { claimed, rows };
      for (const [index, { result }] of known) known.set(index, pageOf(result));
    },
  };

  async function fetchOne(index: number): Promise<void> {
    const asked = size;
    try {
      keep(index, await source.readPage(index, asked), asked);
    } catch (error) {
      if (asked === size) failures.set(index, asError(error));
    }
  }

  function keep(index: number, result: UpstreamResult<Page<Row>>, asked: number): void {
    const { rows, pageSize } = result.value;
    if (pageSize > asked)
      throw contradiction(source, `pages of ${pageSize} rows where ${asked} were requested`);
    if (pageSize < size) {
      pageSizes.learnCap(action, identity, pageSize);
      shrink(pageSize);
      // Where a later page begins is unknown if a larger size was requested.
      if (index > 0) return;
    }
    if (pageSize !== size) return;
    if (rows.length === size) pageSizes.noteFullPage(action, size);
    known.set(index, pageOf(result));
  }

  function pageOf(result: UpstreamResult<Page<Row>>): ReadPage<Row> {
    const isEndKnown = end?.claimed === result.value.totalCount;
    return toReadPage(source, result, isEndKnown ? end?.rows : undefined);
  }

  function shrink(smaller: number): void {
    size = smaller;
    known.clear();
    failures.clear();
  }
}

/** @param totalCount the list's true length; default: the length that the upstream claims */
export function toReadPage<Row>(
  source: ListSource<Row>,
  result: UpstreamResult<Page<Row>>,
  totalCount = result.value.totalCount,
): ReadPage<Row> {
  let keys: RowKey[] | null = null;
  return {
    result,
    rowCount: result.value.rows.length,
    totalCount,
    asOf: result.asOf,
    // Most windows do not need them.
    get keys() {
      keys ??= result.value.rows.map((row) => source.key(row));
      return keys;
    },
  };
}

/**
 * At once if new rows appear only at the head. Otherwise one after the other from the front: a row that moves towards the head between
 * two reads would be missing from both pages, and nothing would show it.
 */
export async function inOrder(
  { growsAtHead }: { growsAtHead: boolean },
  indexes: number[],
  read: (index: number) => Promise<unknown>,
): Promise<void> {
  if (growsAtHead) await Promise.all(indexes.map(read));
  else for (const index of indexes.sort((a, b) => a - b)) await read(index);
}

/** Whether all pages have the rows that they should have and show one state of the list. */
export function areConsistent<Row>(pages: ListPages<Row>): boolean {
  return (
    firstMiscounted(pages) === null &&
    firstUnproven(pages) === null &&
    outdatedPages(pages.source, pages.size, pages.known).length === 0
  );
}

/**
 * The pages that must be read again because the list moved between the reads: those that disagree with the newest page on the list's
 * length, those with a row that a newer page has, too, and those read before a page in front of them, unless the cache still vouches
 * for them. In the last case nothing on the pages would show a row that moved from one to the other.
 */
export function outdatedPages<Row>(
  source: ListSource<Row>,
  size: number,
  pages: ReadonlyMap<number, ReadPage<Row>>,
): number[] {
  if (pages.size < 2) return [];
  const newestFirst = [...pages].sort(([, a], [, b]) => b.asOf - a.asOf);
  const totalCount = newestFirst[0]?.[1].totalCount;
  const seen = new Set<string>();
  const outdated: number[] = [];
  for (const [at, [index, page]] of newestFirst.entries()) {
    const isBehindNewer = newestFirst
      .slice(0, at)
      .some(([other, { asOf }]) => other < index && asOf > page.asOf);
    const isOutdated =
      page.totalCount !== totalCount ||
      page.keys.some(({ id }) => seen.has(id)) ||
      (isBehindNewer && page.rowCount > 0 && !isConfirmed(source, size, index, page));
    if (isOutdated) outdated.push(index);
    else for (const { id } of page.keys) seen.add(id);
  }
  return outdated;
}

/** Whether nothing that the cache has learned since makes the page doubtful. */
function isConfirmed<Row>(
  source: ListSource<Row>,
  size: number,
  index: number,
  page: ReadPage<Row>,
): boolean {
  const { value, staleBecause } = page.result;
  if (!source.growsAtHead || staleBecause !== null) return false;
  const now = source.peekPage(index, size)?.value;
  if (now?.totalCount !== value.totalCount) return false;
  return now.rows.every((row, at) => source.key(row).id === page.keys[at]?.id);
}

/** How many rows the page has in a list of that length. */
export function expectedRows(index: number, totalCount: number, pageSize: number): number {
  return Math.max(0, Math.min(pageSize, totalCount - index * pageSize));
}

/** The first page that does not have as many rows as its own total says, or null. */
export function firstMiscounted<Row>({ known, size }: ListPages<Row>): number | null {
  let first: number | null = null;
  for (const [index, { rowCount, totalCount }] of known) {
    const isMiscounted = rowCount !== expectedRows(index, totalCount, size);
    if (isMiscounted && (first === null || index < first)) first = index;
  }
  return first;
}

/**
 * A page that can be in the wrong place. Until a full page was seen, the upstream may silently cap its pages, and then the rows of a
 * later page belong to another place.
 */
export function firstUnproven<Row>({ known, size, source }: ListPages<Row>): number | null {
  if (known.has(0) || source.pageSizes.hasSeenFullPage(source.action, size)) return null;
  for (const [index, { rowCount }] of known) if (rowCount > 0) return index;
  return null;
}

type NamedList = Pick<ListSource<unknown>, 'action' | 'description'>;

/** @param what what the upstream returns, as `3 rows in all, but …` */
export function contradiction({ action, description }: NamedList, what: string): UpstreamError {
  return new UpstreamError(
    `DataWorks contradicts itself: for ${description} it returns ${what}. Request another part of the list, or try again later.`,
    { kind: 'invalidResponse', action },
  );
}

export function keptChanging({ action, description }: NamedList): UpstreamError {
  return new UpstreamError(
    `The list changed each time it was read: ${description}. Send the query again, or request fewer rows at once.`,
    { kind: 'unavailable', action },
  );
}
