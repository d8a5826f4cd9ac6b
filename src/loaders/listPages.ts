import type { UpstreamResult, Page } from '../core/upstream.ts';
import { asError } from '../core/asError.ts';
import { contradiction, keptChanging } from './listErrors.ts';
import { expectedRows, firstMiscounted, outdatedPages } from './pageChecks.ts';
import type { ListPages, ListSource, ReadPage } from './listSource.ts';
import { keysOf } from './rowKeys.ts';

/** How often a page is read again because it disagrees with others or with its own total. */
const MAX_REPEATS = 2;

/** How often pages are looked at for that. Each look reads a page, changes the page size or explains a page, so this is not reached. */
const MAX_CHECKS = 50;

/** How many pages besides those of a window are read to find out why a page does not have the rows that the total says. */
const MAX_EXTRA_READS = 6;

export function createListPages<Row>(source: ListSource<Row>): ListPages<Row> {
  const { action, identity, pageSizes } = source;
  let size = source.pageSize;
  const known = new Map<number, ReadPage<Row>>();
  const failures = new Map<number, Error>();
  const repeats = new Map<number, number>();
  /** How many rows a page had when it was found to have too few or too many: believed when it has as many again. */
  const shortReadings = new Map<number, number>();
  let repeatFailure: Error | null = null;
  let extraReads = 0;
  /** A length that the upstream claims, and where the rows really end. */
  let end: { claimed: number; rows: number } | null = null;

  return {
    get size() {
      return size;
    },
    get repeatFailure() {
      return repeatFailure;
    },
    known,
    isConfirmed,
    failureOf: (index) => failures.get(index) ?? null,
    async read(indexes) {
      await inOrder(indexes, fetch);
      await settle();
      await checkCounts();
    },
    async renew(notBefore) {
      const older = [...known].filter(([, { asOf }]) => asOf < notBefore).map(([index]) => index);
      await inOrder(older, (index) => repeat(index, notBefore));
      await settle();
      await checkCounts();
    },
  };

  /**
   * At once if rows come in at the head only. Else one after the other from the front: a row that moves towards the head between
   * two reads would be missing from both pages, and nothing would show it.
   */
  async function inOrder(
    indexes: readonly number[],
    read: (index: number) => Promise<unknown>,
  ): Promise<void> {
    if (source.growsAtHead) await Promise.all(indexes.map(read));
    else for (const index of [...indexes].sort((a, b) => a - b)) await read(index);
  }

  async function fetch(index: number): Promise<void> {
    const asked = size;
    try {
      keep(index, await source.readPage(index, asked, undefined), asked);
    } catch (error) {
      if (asked === size) failures.set(index, asError(error));
    }
  }

  /** The generation rule: while pages show that the list moved between their reads, the older ones are read again. */
  async function settle(): Promise<void> {
    for (;;) {
      for (const index of outdatedPages(known, isConfirmed)) takeFromCache(index);
      const outdated = outdatedPages(known, isConfirmed);
      // Pages of one moment can differ, as they are dated by when they were asked for: then any of them can be the older.
      const newest = Math.max(...[...known.values()].map(({ asOf }) => asOf));
      const doubtful = outdated.some((index) => known.get(index)?.asOf === newest)
        ? [...known.keys()].filter((index) => outdated.includes(index) || known.get(index)?.asOf === newest)
        : outdated;
      const repeatable = doubtful.filter((index) => (repeats.get(index) ?? 0) < MAX_REPEATS);
      if (repeatable.length === 0) return;
      const notBefore = newest + 1;
      await inOrder(repeatable, (index) => repeat(index, notBefore));
    }
  }

  /** Whether nothing that was read since makes the page doubtful. */
  function isConfirmed(index: number): boolean {
    const page = known.get(index);
    if (!page || !source.growsAtHead || page.answer.staleBecause !== null) return false;
    const now = source.peekPage(index, size)?.value;
    if (now?.totalCount !== page.answer.value.totalCount) return false;
    return keysOf(source, now).every(({ id }, at) => id === page.keys[at]?.id);
  }

  /** A newly read head can have told the cache where the rows of other pages are now. */
  function takeFromCache(index: number): void {
    const before = known.get(index);
    const answer = source.peekPage(index, size);
    if (!answer || answer.value === before?.answer.value) return;
    keep(index, answer, size);
    if (before && outdatedPages(known, isConfirmed).includes(index)) known.set(index, before);
  }

  async function repeat(index: number, notBefore: number): Promise<Error | null> {
    const asked = size;
    repeats.set(index, (repeats.get(index) ?? 0) + 1);
    try {
      keep(index, await source.readPage(index, asked, notBefore), asked);
      return null;
    } catch (error) {
      return (repeatFailure = asError(error));
    }
  }

  function keep(index: number, answer: UpstreamResult<Page<Row>>, asked: number): void {
    const { value, asOf } = answer;
    if (value.pageSize > asked)
      throw contradiction(source, `pages of ${value.pageSize} rows where ${asked} were asked for`);
    if (value.pageSize < size) {
      pageSizes.learnCap(action, identity, value.pageSize);
      changeSize(value.pageSize);
      // Where a page after the first begins is not known if a larger size was asked for.
      if (index > 0) return;
    }
    if (value.pageSize !== size) return;
    if (value.rows.length === size) pageSizes.noteFullPage(action, size);
    known.set(index, { keys: keysOf(source, value), totalCount: lengthOf(value), asOf, answer });
  }

  function lengthOf({ totalCount }: Page<Row>): number {
    return end?.claimed === totalCount ? end.rows : totalCount;
  }

  function changeSize(smaller: number): void {
    size = smaller;
    known.clear();
    failures.clear();
    repeats.clear();
    shortReadings.clear();
  }

  /** Finds out about each page that does not have as many rows as the total says, the first of them first. */
  async function checkCounts(): Promise<void> {
    for (let checks = 1; ; checks++) {
      const index = firstMiscounted(known, size) ?? firstUnproven();
      const page = index === null ? undefined : known.get(index);
      if (index === null || !page) return;
      const readSize = size;
      const error = checks > MAX_CHECKS ? miscounted(index, page) : await explain(index, page);
      if (error !== null && (size === readSize || index === 0)) {
        failures.set(index, error);
        known.delete(index);
      }
    }
  }

  /**
   * Without a full page, nothing shows that the upstream does not cap pages in silence: then the rows of a last page could be
   * those of another place.
   */
  function firstUnproven(): number | null {
    if (known.has(0) || pageSizes.hasSeenFullPage(action, size)) return null;
    for (const [index, { keys }] of known) if (keys.length > 0) return index;
    return null;
  }

  /** Gives the error if there is no explanation. Else the page is read again, the page size is another or the end is known. */
  async function explain(index: number, page: ReadPage<Row>): Promise<Error | null> {
    const rowCount = page.keys.length;
    const claimed = page.answer.value.totalCount;
    const rowsEnd = index * size + rowCount;
    if (rowCount === expectedRows(index, page.totalCount, size)) return readBeside([0], index);
    if (rowCount < size && pageSizes.isKnownEnd(identity, claimed, rowsEnd)) return setEnd(index, page);
    if (shortReadings.get(index) !== rowCount) {
      shortReadings.set(index, rowCount);
      if ((repeats.get(index) ?? 0) >= MAX_REPEATS) return miscounted(index, page);
      const error = await repeat(index, page.asOf + 1);
      await settle();
      return error;
    }
    if (rowCount > expectedRows(index, page.totalCount, size)) {
      return known.has(0) ? miscounted(index, page) : readBeside([0], index);
    }
    if (index === 0) return rowCount === 0 ? miscounted(index, page) : trySmallerPages(page, rowCount);
    return findEnd(index, page);
  }

  /** The first page has as many rows as the upstream gives, or as there are: the next page of that size tells which. */
  async function trySmallerPages(first: ReadPage<Row>, smaller: number): Promise<Error | null> {
    changeSize(smaller);
    known.set(0, first);
    const error = await readBeside([1], 0);
    const next = known.get(1);
    const rowCount = next?.keys.length ?? 0;
    const isRight = next !== undefined && rowCount === expectedRows(1, next.totalCount, smaller);
    if (error === null && rowCount > 0 && isRight) pageSizes.learnCap(action, identity, smaller);
    return error;
  }

  async function findEnd(index: number, page: ReadPage<Row>): Promise<Error | null> {
    const lastPage = Math.ceil(page.totalCount / size) - 1;
    const beside = [0, index - 1, index + 1, lastPage].filter((other) => other <= lastPage);
    const error = await readBeside(beside, index);
    if (error !== null || known.get(index) !== page) return error;
    // The one before is looked at first if it is short as well.
    if (firstMiscounted(known, size) !== index) return null;
    const claims = beside.map((other) => known.get(other)?.answer.value.totalCount);
    if (claims.some((claim) => claim !== page.answer.value.totalCount)) return keptChanging(source);
    const before = known.get(index - 1);
    if (page.keys.length === 0 && before?.keys.length !== size) return miscounted(index, page);
    const isHole = [...known].some(([other, { keys }]) => other > index && keys.length > 0);
    if (isHole) return miscounted(index, page);
    return setEnd(index, page);
  }

  /** The rows end on this page. */
  function setEnd(index: number, page: ReadPage<Row>): Error | null {
    const claimed = page.answer.value.totalCount;
    const rows = index * size + page.keys.length;
    if (end?.claimed === claimed && end.rows !== rows) return miscounted(index, page);
    end = { claimed, rows };
    pageSizes.learnEnd(identity, claimed, rows);
    for (const [other, readPage] of known) {
      known.set(other, { ...readPage, totalCount: lengthOf(readPage.answer.value) });
    }
    return null;
  }

  /** Reads pages that are not known yet. Gives the error if one of them can't be read, or too many were read already. */
  async function readBeside(indexes: readonly number[], doubted: number): Promise<Error | null> {
    const unknown = [...new Set(indexes)].filter((index) => !known.has(index));
    extraReads += unknown.length;
    const page = known.get(doubted);
    if (extraReads > MAX_EXTRA_READS && page) return miscounted(doubted, page);
    await inOrder(unknown, fetch);
    await settle();
    return unknown.map((index) => failures.get(index)).find((error) => error !== undefined) ?? null;
  }

  function miscounted(index: number, { keys, answer }: ReadPage<Row>): Error {
    const { totalCount } = answer.value;
    return contradiction(
      source,
      `${totalCount} rows in all, but ${keys.length} rows from offset ${index * size} on in pages of ${size}`,
    );
  }
}
