import type { ListPages, PageMap, ReadPage } from './pages.ts';

/* Whether pages of one list are as long as they should be and show the same state of the list. */

/** How many rows the page has in a list of that length. */
export function expectedRows(index: number, totalCount: number, pageSize: number): number {
  return Math.max(0, Math.min(pageSize, totalCount - index * pageSize));
}

/**
 * The first page that does not have as many rows as its own total says, or else a page whose place is unproven; or null. Until a full
 * page was seen, the upstream may silently cap its pages, and then the rows of a later page belong to another place.
 */
export function firstDoubtfulPage<Row>({ known, size, source }: ListPages<Row>): number | null {
  const isProven = known.has(0) || source.pageSizes.hasSeenFullPage(source.action, size);
  let miscounted = Infinity;
  let unproven = Infinity;
  for (const [index, { rows, totalCount }] of known) {
    if (rows.length !== expectedRows(index, totalCount, size)) miscounted = Math.min(miscounted, index);
    else if (!isProven && rows.length > 0) unproven = Math.min(unproven, index);
  }
  const first = miscounted < Infinity ? miscounted : unproven;
  return first === Infinity ? null : first;
}

/**
 * The pages that must be read again because the list moved between the reads: those that disagree with the newest page on the list's
 * length, those with a row that a newer page has, too, and those read before a page in front of them, unless the cache still vouches
 * for them. In the last case nothing on the pages would show a row that moved from one to the other.
 */
export function outdatedPages<Row>(list: ListPages<Row>, pages: PageMap<Row> = list.known): number[] {
  if (pages.size < 2) return [];
  const newestFirst = [...pages].sort(([, a], [, b]) => b.asOf - a.asOf);
  const totalCount = newestFirst[0]?.[1].totalCount;
  const seen = new Set<string>();
  const outdated: number[] = [];
  for (const [index, page] of newestFirst) {
    const isBehindNewer = newestFirst.some(([other, { asOf }]) => other < index && asOf > page.asOf);
    const isOutdated =
      page.totalCount !== totalCount ||
      page.keys.some(({ id }) => seen.has(id)) ||
      (isBehindNewer && page.rows.length > 0 && !isConfirmed(list, index, page));
    if (isOutdated) outdated.push(index);
    else for (const { id } of page.keys) seen.add(id);
  }
  return outdated;
}

/** Whether nothing that the cache has learned since makes the page doubtful. */
function isConfirmed<Row>({ source, size }: ListPages<Row>, index: number, page: ReadPage<Row>): boolean {
  const { value, staleBecause } = page.result;
  if (!source.growsAtHead || staleBecause !== null) return false;
  const now = source.peekPage(index, size)?.value;
  if (now?.totalCount !== value.totalCount) return false;
  return now.rows.every((row, at) => source.key(row).id === page.keys[at]?.id);
}
