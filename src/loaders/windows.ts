import type { Window } from '../core/window.ts';
import { type AnchorSearch, findAnchor } from './anchors.ts';
import { cursorAt, type WindowSpec } from './cursor.ts';
import { type ListPages, newestFirst, outdatedPages, type PageMap, type ReadPage } from './pages.ts';

/* Which canonical pages a window needs, and the window that is cut from them. No calls are made here. */

export type WindowPlan =
  /** These pages must be known first. If empty, whichever page is read next shows what else is missing. */
  | { need: number[] }
  /** The window is the rows from `start` up to but not including `end`, all of them on known pages. */
  | { start: number; end: number; totalCount: number };

export function planWindow(spec: WindowSpec, pages: PageMap, pageSize: number): WindowPlan {
  const totalCount = newestFirst(pages)[0]?.[1].totalCount ?? null;
  const bounds =
    spec.by === 'offset'
      ? { start: spec.offset, end: spec.offset + spec.count }
      : anchorBounds(spec, { pages, pageSize, totalCount });
  if ('need' in bounds) return bounds;
  // The first page shows whether the list reaches a second one, which would otherwise be a wasted call.
  if (totalCount === null) return { need: [Math.floor(bounds.start / pageSize)] };
  const start = Math.min(bounds.start, totalCount);
  const end = Math.max(start, Math.min(bounds.end, totalCount));
  const need = pagesWithin(start, end, pageSize, totalCount).filter((page) => !pages.has(page));
  return need.length > 0 ? { need } : { start, end, totalCount };
}

/**
 * The canonical pages that a window can need at worst, by name: numbers for pages at a known place, other names for pages whose
 * place is unknown. New rows can push a cursor's row to the next page. Larger movements of the list while it is read are not priced.
 *
 * @param totalCount the list's length, or null if it is unknown
 */
export function pagesAtWorst(
  spec: WindowSpec,
  pageSize: number,
  totalCount: number | null,
): (number | string)[] {
  if (spec.by === 'offset') return pagesWithin(spec.offset, spec.offset + spec.count, pageSize, totalCount);
  const { from, count, after, before } = spec;
  if (after ?? before) {
    const offsets = [after, before].flatMap((anchor) => anchor?.offset ?? []);
    const start = before && from === 'end' ? Math.max(0, before.offset - count) : Math.min(...offsets);
    const end = after && from === 'start' ? after.offset + 1 + count : Math.max(...offsets) + 1;
    return [...pagesWithin(start, end, pageSize, totalCount), 'moved'];
  }
  if (from === 'start') return pagesWithin(0, count, pageSize, totalCount);
  if (totalCount !== null) {
    return pagesWithin(Math.max(0, totalCount - count), totalCount, pageSize, totalCount);
  }
  // The head shows where the end is. The last rows can lie on one page more than they would fill.
  return [0, ...Array.from({ length: Math.ceil(count / pageSize) + 1 }, (_, n) => `last but ${n}`)];
}

/** The pages that hold the rows from `start` up to but not including `end`, as far as the list has them. */
function pagesWithin(start: number, end: number, pageSize: number, totalCount: number | null): number[] {
  const last = Math.min(end, totalCount ?? Infinity);
  const first = Math.floor(start / pageSize);
  // A page beyond the end is read, too, if nothing else shows the length.
  if (last <= start) return totalCount === null ? [first] : [];
  const pages: number[] = [];
  for (let page = first; page * pageSize < last; page++) pages.push(page);
  return pages;
}

function anchorBounds(
  { from, count, after, before }: Extract<WindowSpec, { by: 'anchor' }>,
  search: AnchorSearch,
): { need: number[] } | { start: number; end: number } {
  const lower = after && findAnchor(after, search);
  const upper = before && findAnchor(before, search);
  const need: number[] = [];
  if (lower && 'need' in lower) need.push(...lower.need);
  if (upper && 'need' in upper) need.push(...upper.need);
  if (need.length > 0) return { need };
  const start = lower && 'at' in lower ? lower.at + (lower.isPresent ? 1 : 0) : 0;
  const end = upper && 'at' in upper ? upper.at : search.totalCount;
  if (from === 'start') return { start, end: Math.min(start + count, end ?? Infinity) };
  return end === null ? { need: [] } : { start: Math.max(start, end - count), end };
}

/**
 * The one place where windows are made. A window has exactly the rows that its plan says, from pages that agree with each other.
 * Returns null if the pages do not give exactly this window.
 */
export function cutWindow<Row>(
  list: ListPages<Row>,
  spec: WindowSpec,
  plan: WindowPlan | Error,
  pages: PageMap<Row> = list.known,
): Window<Row> | null {
  if (!('start' in plan)) return null;
  const { start, end, totalCount } = plan;
  const { source, size } = list;
  const used = new Map<number, ReadPage<Row>>();
  const nodes: Row[] = [];
  const ids = new Set<string>();
  for (let offset = start; offset < end; offset++) {
    const index = Math.floor(offset / size);
    const page = pages.get(index);
    const node = page?.rows[offset % size];
    if (!page || node === undefined) return null;
    used.set(index, page);
    nodes.push(node);
    ids.add(source.key(node).id);
  }
  // Any page can show where the row of a cursor is. Without rows, the window depends only on the length of the list.
  const isAtCursor = spec.by === 'anchor' && (spec.after ?? spec.before) !== null;
  const usedOrNewest = used.size > 0 ? used : new Map(newestFirst(pages).slice(0, 1));
  const basis = isAtCursor ? pages : usedOrNewest;
  if (ids.size < nodes.length || outdatedPages(list, basis).length > 0) return null;
  let asOf = Infinity;
  let staleBecause: Window<Row>['staleBecause'] = null;
  for (const page of basis.values()) {
    if (page.totalCount !== totalCount) return null;
    asOf = Math.min(asOf, page.asOf);
    staleBecause ??= page.result.staleBecause;
  }
  const [hasNextPage, hasPreviousPage] = [end < totalCount, start > 0];
  return {
    nodes,
    cursorAt(index) {
      const page = Math.floor((start + index) / size);
      const offset = page * size;
      return cursorAt(source, { rows: used.get(page)?.rows ?? [], offset }, start + index - offset);
    },
    totalCount,
    hasNextPage,
    hasPreviousPage,
    asOf,
    staleBecause,
  };
}

/** For pages that do not agree: the newest window that those of one length of the list give, or null. */
export function cutFromSomePages<Row>(list: ListPages<Row>, spec: WindowSpec): Window<Row> | null {
  const pages = newestFirst(list.known);
  for (const totalCount of new Set(pages.map(([, page]) => page.totalCount))) {
    const some = new Map(pages.filter(([, page]) => page.totalCount === totalCount));
    const window = cutWindow(list, spec, planWindow(spec, some, list.size), some);
    if (window !== null) return window;
  }
  return null;
}
