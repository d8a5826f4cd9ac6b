import { contradiction, keptChanging } from './list.ts';
import {
  addPage,
  failPage,
  fetchPage,
  fetchPages,
  firstDoubtfulPage,
  type ListPages,
  outdatedPages,
  type ReadPage,
  shrinkPages,
} from './pages.ts';

/** How often a page is read again because it disagrees with others or with its own total. */
const MAX_REPEATS = 2;

/** A bound in case of a bug. Each check reads a page, changes the page size or explains a page. */
const MAX_CHECKS = 50;

/** How many pages are read besides those of a window to find out why a page does not have as many rows as the total says. */
const MAX_EXTRA_READS = 6;

/** Makes the pages of one list and operation consistent, as far as a few more calls can. */
export interface Repair {
  /** Reads pages again if they show that the list has moved, and others if a page does not have as many rows as the total says. */
  run(): Promise<void>;
  /** Reads the known pages again that are older than this. */
  renew(notBefore: number): Promise<void>;
}

export function createRepair<Row>(pages: ListPages<Row>): Repair {
  const { source, memory, known, failures } = pages;
  const { action, identity } = source;
  const repeats = new Map<string, number>();
  /** How many rows a page had when it was found to have too few or too many. The same number once more is believed. */
  const oddCounts = new Map<string, number>();
  let extraReads = 0;

  return {
    run,
    async renew(notBefore) {
      const older = [...known].filter(([, { asOf }]) => asOf < notBefore).map(([index]) => index);
      older.forEach(noteRepeat);
      await fetchPages(pages, older, notBefore);
      await run();
    },
  };

  async function run(): Promise<void> {
    await settle();
    await checkCounts();
  }

  /** The generation rule: while pages show that the list moved between their reads, the older ones are read again. */
  async function settle(): Promise<void> {
    for (;;) {
      const outdated = outdatedPages(pages);
      if (outdated.length === 0) return;
      const newest = Math.max(...[...known.values()].map(({ asOf }) => asOf));
      const isNewest = (index: number) => known.get(index)?.asOf === newest;
      // A page is dated by when it was requested. Of pages of one moment that disagree, any can be the older.
      const isTie = outdated.some(isNewest);
      const doubtful = isTie
        ? [...known.keys()].filter((index) => outdated.includes(index) || isNewest(index))
        : outdated;
      const repeatable = doubtful.filter((index) => repeatsOf(index) < MAX_REPEATS);
      if (repeatable.length === 0) return;
      // The cache needs no call for a page that the newest head confirms.
      const notBefore = isTie ? newest + 1 : newest;
      repeatable.forEach(noteRepeat);
      await fetchPages(pages, repeatable, notBefore);
    }
  }

  function repeatsOf(index: number): number {
    return repeats.get(keyOf(index)) ?? 0;
  }

  /** What was found out about a page is void when the page size changes. */
  function keyOf(index: number): string {
    return `${index} of ${pages.size} rows`;
  }

  function noteRepeat(index: number): void {
    repeats.set(keyOf(index), repeatsOf(index) + 1);
  }

  /** Explains each page that does not have as many rows as the total says, the first one first. */
  async function checkCounts(): Promise<void> {
    for (let checks = 1; ; checks++) {
      const index = firstDoubtfulPage(pages);
      const page = index === null ? undefined : known.get(index);
      if (index === null || !page) return;
      const readSize = pages.size;
      const error = checks > MAX_CHECKS ? miscounted(index, page) : await explain(index, page);
      if (error !== null && (pages.size === readSize || index === 0)) {
        failPage(pages, index, error);
      }
    }
  }

  /** Returns the error if there is no explanation. Else the page was read again, the page size is another or the end is known. */
  async function explain(index: number, page: ReadPage<Row>): Promise<Error | null> {
    const { expectedRows, asOf, result } = page;
    const rowCount = page.rows.length;
    if (rowCount === expectedRows) return readBeside([0], index);
    const rowsEnd = index * pages.size + rowCount;
    const end = memory.ends.get(identity);
    const isKnownEnd = end?.claimed === result.value.totalCount && end.rows === rowsEnd;
    if (isKnownEnd && rowCount < pages.size) return setEnd(index, page);
    if (oddCounts.get(keyOf(index)) !== rowCount) {
      oddCounts.set(keyOf(index), rowCount);
      if (repeatsOf(index) >= MAX_REPEATS) return miscounted(index, page);
      noteRepeat(index);
      const error = await fetchPage(pages, index, asOf + 1);
      await settle();
      return error;
    }
    if (rowCount > expectedRows) return known.has(0) ? miscounted(index, page) : readBeside([0], index);
    if (index > 0) return findEnd(index, page);
    return rowCount === 0 ? miscounted(index, page) : trySmallerPages(page);
  }

  /** The first page has as many rows as the upstream returns at most, or as there are. The next page of that size shows which. */
  async function trySmallerPages(first: ReadPage<Row>): Promise<Error | null> {
    const smaller = first.rows.length;
    shrinkPages(pages, smaller);
    addPage(pages, 0, first.result);
    const error = await readBeside([1], 0);
    const next = known.get(1);
    const isRight = next && next.rows.length > 0 && next.rows.length === next.expectedRows;
    if (error === null && isRight) memory.learnCap(action, identity, smaller);
    return error;
  }

  async function findEnd(index: number, page: ReadPage<Row>): Promise<Error | null> {
    const lastPage = Math.ceil(page.totalCount / pages.size) - 1;
    const beside = [0, index - 1, index + 1, lastPage].filter((other) => other <= lastPage);
    const error = await readBeside(beside, index);
    if (error !== null || known.get(index) !== page) return error;
    // If the page before is short as well, it is explained first.
    if (firstDoubtfulPage(pages) !== index) return null;
    const claimed = page.result.value.totalCount;
    if (beside.some((other) => known.get(other)?.result.value.totalCount !== claimed))
      return keptChanging(source);
    const isBehindFull = known.get(index - 1)?.rows.length === pages.size;
    if (page.rows.length === 0 && !isBehindFull) return miscounted(index, page);
    const isHole = [...known].some(([other, { rows }]) => other > index && rows.length > 0);
    return isHole ? miscounted(index, page) : setEnd(index, page);
  }

  /** The rows end on this page. */
  function setEnd(index: number, page: ReadPage<Row>): Error | null {
    const claimed = page.result.value.totalCount;
    const rows = index * pages.size + page.rows.length;
    if (pages.end?.claimed === claimed && pages.end.rows !== rows) return miscounted(index, page);
    pages.end = { claimed, rows };
    memory.ends.set(identity, pages.end);
    pages.version += 1;
    for (const [other, { result }] of known) addPage(pages, other, result);
    return null;
  }

  /** Reads pages that are not known yet. Returns the error if one of them cannot be read, or too many were read already. */
  async function readBeside(indexes: readonly number[], doubted: number): Promise<Error | null> {
    const unknown = [...new Set(indexes)].filter((index) => !known.has(index));
    extraReads += unknown.length;
    const page = known.get(doubted);
    if (extraReads > MAX_EXTRA_READS && page) return miscounted(doubted, page);
    const unread = unknown.filter((index) => !failures.has(index));
    await fetchPages(pages, unread);
    await settle();
    return unknown.map((index) => failures.get(index)).find((error) => error !== undefined) ?? null;
  }

  function miscounted(index: number, { rows, result }: ReadPage<Row>): Error {
    const place = `from offset ${index * pages.size} on in pages of ${pages.size}`;
    return contradiction(source, `${result.value.totalCount} rows in all, but ${rows.length} rows ${place}`);
  }
}
