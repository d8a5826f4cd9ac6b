import { asError } from '../core/asError.ts';
import type { Page, UpstreamResult } from '../core/upstream.ts';
import { contradiction, type ListSource } from './list.ts';
import type { KnownPage, RowKey } from './windowPlan.ts';

export interface ReadPage<Row> extends KnownPage {
  result: UpstreamResult<Page<Row>>;
  rows: readonly Row[];
}

export type PageMap<Row> = ReadonlyMap<number, ReadPage<Row>>;

/** The canonical pages of one list that one operation knows. */
export interface ListPages<Row> {
  readonly source: ListSource<Row>;
  /** Rows of a canonical page. */
  size: number;
  readonly known: Map<number, ReadPage<Row>>;
  /** Those of the known pages that were only looked at in the cache. They count as used when they are fetched. */
  readonly peeked: Set<number>;
  /** Why a page is not known, for those that were fetched. */
  readonly failures: Map<number, Error>;
  /** A length that the upstream claims, and how many rows the list really has then. */
  end: { claimed: number; rows: number } | null;
  /** Increases with every change of the known pages. */
  version: number;
}

export function createListPages<Row>(source: ListSource<Row>): ListPages<Row> {
  return {
    source,
    size: source.pageSize,
    known: new Map(),
    peeked: new Set(),
    failures: new Map(),
    end: null,
    version: 0,
  };
}

/** Takes a page out of the cache. Returns whether it is there. */
export function peekPage<Row>(pages: ListPages<Row>, index: number): boolean {
  const result = pages.source.peekPage(index, pages.size);
  if (!result) return false;
  pages.peeked.add(index);
  addPage(pages, index, result);
  return true;
}

/** Reads the peeked pages, and of the others those that were not read yet. */
export async function fetchPages<Row>(pages: ListPages<Row>, others: Iterable<number>): Promise<void> {
  const { source, known, peeked, failures } = pages;
  const unread = new Set(peeked);
  for (const index of others) if (!known.has(index) && !failures.has(index)) unread.add(index);
  peeked.clear();
  await inOrder(source, [...unread], async (index) => {
    const { size } = pages;
    try {
      await fetchPage(pages, index);
    } catch (error) {
      if (pages.size !== size) return;
      failPage(pages, index, asError(error));
    }
  });
}

/** Reads a page, even if it is known. Rejects if it cannot be read. */
export async function fetchPage<Row>(
  pages: ListPages<Row>,
  index: number,
  notBefore?: number,
): Promise<void> {
  const { source, size } = pages;
  const result = await source.readPage(index, size, notBefore);
  const { rows, pageSize } = result.value;
  if (pageSize > size) throw contradiction(source, `pages of ${pageSize} rows where ${size} were requested`);
  if (pageSize < pages.size) {
    source.pageSizes.learnCap(source.action, source.identity, pageSize);
    shrinkPages(pages, pageSize);
    // Where a later page begins is unknown if a larger size was requested.
    if (index > 0) return;
  }
  if (pageSize !== pages.size) return;
  if (rows.length === pageSize) source.pageSizes.noteFullPage(source.action, pageSize);
  addPage(pages, index, result);
}

export function failPage<Row>(pages: ListPages<Row>, index: number, error: Error): void {
  pages.failures.set(index, error);
  pages.known.delete(index);
  pages.version += 1;
}

/** From now on the pages are smaller. */
export function shrinkPages<Row>(pages: ListPages<Row>, size: number): void {
  pages.size = size;
  pages.version += 1;
  for (const memory of [pages.known, pages.peeked, pages.failures]) memory.clear();
}

export function addPage<Row>(pages: ListPages<Row>, index: number, result: UpstreamResult<Page<Row>>): void {
  const before = pages.known.get(index)?.result;
  if (before?.value !== result.value || before.asOf !== result.asOf) pages.version += 1;
  const { rows, totalCount } = result.value;
  let keys: RowKey[] | null = null;
  pages.known.set(index, {
    result,
    rows,
    asOf: result.asOf,
    totalCount: pages.end?.claimed === totalCount ? pages.end.rows : totalCount,
    // Most windows do not need the keys.
    get keys() {
      return (keys ??= rows.map((row) => pages.source.key(row)));
    },
  });
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
