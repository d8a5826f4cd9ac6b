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
const MAX_REREADS = 2;

/** A bound in case of a bug. Each check reads a page, changes the page size or explains a page. */
const MAX_CHECKS = 50;

/** How many pages are read besides those of a window to find out why a page does not have as many rows as the total says. */
const MAX_EXTRA_READS = 6;

/**
 * Makes the pages consistent, as far as a few more calls can: reads pages again if they show that the list has moved, and others if a
 * page does not have as many rows as the total says.
 */
export async function repairPages(pages: ListPages): Promise<void> {
  await settle(pages);
  await checkCounts(pages);
}

/** Reads the known pages again that are older than this. */
export async function renewPages(pages: ListPages, notBefore: number): Promise<void> {
  const older = [...pages.known].filter(([, { asOf }]) => asOf < notBefore).map(([index]) => index);
  await fetchPages(pages, older, notBefore);
  await repairPages(pages);
}

/** The generation rule: while pages show that the list moved between their reads, the older ones are read again. */
async function settle(pages: ListPages): Promise<void> {
  const { known, rereads } = pages;
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
    const repeatable = doubtful.filter((index) => (rereads.get(index) ?? 0) < MAX_REREADS);
    if (repeatable.length === 0) return;
    // The cache needs no call for a page that the newest head confirms.
    await fetchPages(pages, repeatable, isTie ? newest + 1 : newest);
  }
}

/** Explains each page that does not have as many rows as the total says, the first one first. */
async function checkCounts(pages: ListPages): Promise<void> {
  for (let checks = 1; ; checks++) {
    const index = firstDoubtfulPage(pages);
    const page = index === null ? undefined : pages.known.get(index);
    if (index === null || !page) return;
    const readSize = pages.size;
    const error = checks > MAX_CHECKS ? miscounted(pages, index, page) : await explain(pages, index, page);
    if (error !== null && (pages.size === readSize || index === 0)) {
      failPage(pages, index, error);
    }
  }
}

/** Returns the error if there is no explanation. Else the page was read again, the page size is another or the end is known. */
async function explain(pages: ListPages, index: number, page: ReadPage): Promise<Error | null> {
  const { expectedRows, asOf, result } = page;
  const rowCount = page.rows.length;
  if (rowCount === expectedRows) return readBeside(pages, [0], index);
  const rowsEnd = index * pages.size + rowCount;
  const end = pages.memory.ends.get(pages.source.identity);
  const isKnownEnd = end?.claimed === result.value.totalCount && end.rows === rowsEnd;
  if (isKnownEnd && rowCount < pages.size) return setEnd(pages, index, page);
  if (pages.oddCounts.get(index) !== rowCount) {
    pages.oddCounts.set(index, rowCount);
    if ((pages.rereads.get(index) ?? 0) >= MAX_REREADS) return miscounted(pages, index, page);
    const error = await fetchPage(pages, index, asOf + 1);
    await settle(pages);
    return error;
  }
  if (rowCount > expectedRows)
    return pages.known.has(0) ? miscounted(pages, index, page) : readBeside(pages, [0], index);
  if (index > 0) return findEnd(pages, index, page);
  return rowCount === 0 ? miscounted(pages, index, page) : trySmallerPages(pages, page);
}

/** The first page has as many rows as the upstream returns at most, or as there are. The next page of that size shows which. */
async function trySmallerPages(pages: ListPages, first: ReadPage): Promise<Error | null> {
  const smaller = first.rows.length;
  shrinkPages(pages, smaller);
  addPage(pages, 0, first.result);
  const error = await readBeside(pages, [1], 0);
  const next = pages.known.get(1);
  const isRight = next && next.rows.length > 0 && next.rows.length === next.expectedRows;
  if (error === null && isRight) pages.memory.learnCap(pages.source, smaller);
  return error;
}

async function findEnd(pages: ListPages, index: number, page: ReadPage): Promise<Error | null> {
  const lastPage = Math.ceil(page.totalCount / pages.size) - 1;
  const beside = [0, index - 1, index + 1, lastPage].filter((other) => other <= lastPage);
  const error = await readBeside(pages, beside, index);
  if (error !== null || pages.known.get(index) !== page) return error;
  // If the page before is short as well, it is explained first.
  if (firstDoubtfulPage(pages) !== index) return null;
  const claimed = page.result.value.totalCount;
  if (beside.some((other) => pages.known.get(other)?.result.value.totalCount !== claimed))
    return keptChanging(pages.source);
  const isBehindFull = pages.known.get(index - 1)?.rows.length === pages.size;
  if (page.rows.length === 0 && !isBehindFull) return miscounted(pages, index, page);
  const isHole = [...pages.known].some(([other, { rows }]) => other > index && rows.length > 0);
  return isHole ? miscounted(pages, index, page) : setEnd(pages, index, page);
}

/** The rows end on this page. */
function setEnd(pages: ListPages, index: number, page: ReadPage): Error | null {
  const claimed = page.result.value.totalCount;
  const rows = index * pages.size + page.rows.length;
  if (pages.end?.claimed === claimed && pages.end.rows !== rows) return miscounted(pages, index, page);
  pages.end = { claimed, rows };
  pages.memory.ends.set(pages.source.identity, pages.end);
  pages.version += 1;
  for (const [other, { result }] of pages.known) addPage(pages, other, result);
  return null;
}

/** Reads pages that are not known yet. Returns the error if one of them cannot be read, or too many were read already. */
async function readBeside(
  pages: ListPages,
  indexes: readonly number[],
  doubted: number,
): Promise<Error | null> {
  const unknown = [...new Set(indexes)].filter((index) => !pages.known.has(index));
  pages.extraReads += unknown.length;
  const page = pages.known.get(doubted);
  if (pages.extraReads > MAX_EXTRA_READS && page) return miscounted(pages, doubted, page);
  const unread = unknown.filter((index) => !pages.failures.has(index));
  await fetchPages(pages, unread);
  await settle(pages);
  return unknown.map((index) => pages.failures.get(index)).find((error) => error !== undefined) ?? null;
}

function miscounted(pages: ListPages, index: number, { rows, result }: ReadPage): Error {
  const place = `from offset ${index * pages.size} on in pages of ${pages.size}`;
  return contradiction(
    pages.source,
    `${result.value.totalCount} rows in all, but ${rows.length} rows ${place}`,
  );
}
