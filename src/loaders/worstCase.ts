import { pagesBetween, type WindowSpec } from './paging.ts';

/**
 * The canonical pages that a window could need at worst, by name: numbers for pages that are known by place, other names for
 * such as nobody knows yet. A cursor's row may have been pushed over to the next page by new rows; that the list moves while it
 * is read, or by whole pages, is an accident and not priced.
 *
 * @param totalCount the list's length, or null where it is not known
 */
export function pagesAtWorst(
  spec: WindowSpec,
  pageSize: number,
  totalCount: number | null,
): (number | string)[] {
  if (spec.by === 'offset') return within(spec.offset, spec.offset + spec.limit, pageSize, totalCount);
  const { from, count, after, before } = spec;
  const anchors = [after, before].filter((anchor) => anchor !== null);
  if (anchors.length > 0) {
    const offsets = anchors.map(({ offset }) => offset);
    const start = before && from === 'end' ? Math.max(0, before.offset - count) : Math.min(...offsets);
    const end = after && from === 'start' ? after.offset + 1 + count : Math.max(...offsets) + 1;
    return [...within(start, end, pageSize, totalCount), 'moved'];
  }
  if (from === 'start') return within(0, count, pageSize, totalCount);
  if (totalCount !== null) return within(Math.max(0, totalCount - count), totalCount, pageSize, totalCount);
  // The head tells where the end is; the last rows can lie on one page more than they would fill.
  return [0, ...Array.from({ length: Math.ceil(count / pageSize) + 1 }, (_, n) => `last but ${n}`)];
}

function within(start: number, end: number, pageSize: number, totalCount: number | null): number[] {
  const first = Math.floor(start / pageSize);
  const pages = pagesBetween(start, Math.min(end, totalCount ?? Infinity), pageSize);
  // Even a page beyond the end is asked for, if nothing else tells the length.
  return pages.length > 0 ? pages : totalCount === null ? [first] : [];
}
