import type { KnownPages } from './paging.ts';

/* What pages of one list show about each other and about themselves. Pure. */

/**
 * The pages that must be read again, since the list moved between the reads: those that disagree with the newest page on
 * the list's length, that hold a row which another page holds too, or that were read before a page in front of them and are in doubt
 * since. For the last kind nothing on the pages would show a row that moved from the one to the other.
 *
 * @param isConfirmed whether a page is not in doubt
 */
export function outdatedPages(
  pages: KnownPages,
  isConfirmed: (index: number) => boolean = () => true,
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
      (isBehindNewer && page.keys.length > 0 && !isConfirmed(index));
    if (isOutdated) outdated.push(index);
    else for (const { id } of page.keys) seen.add(id);
  }
  return outdated;
}

/** How many rows the page has in a list of that length. */
export function expectedRows(index: number, totalCount: number, pageSize: number): number {
  return Math.max(0, Math.min(pageSize, totalCount - index * pageSize));
}

/** The first page that does not have as many rows as its own total says, or null. */
export function firstMiscounted(pages: KnownPages, pageSize: number): number | null {
  let first: number | null = null;
  for (const [index, { keys, totalCount }] of pages) {
    const isRight = keys.length === expectedRows(index, totalCount, pageSize);
    if (!isRight && (first === null || index < first)) first = index;
  }
  return first;
}
