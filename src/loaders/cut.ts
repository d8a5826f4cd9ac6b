import type { Window } from '../core/window.ts';
import { outdatedPages } from './consistency.ts';
import { encodeCursor } from './cursor.ts';
import type { ListPages, PageMap, ReadPage } from './pages.ts';
import { planWindow, type WindowPlan, type WindowSpec } from './windowPlan.ts';

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
  const edges = new Map<string, Window<Row>['edges'][number]>();
  for (let offset = start; offset < end; offset++) {
    const index = Math.floor(offset / size);
    const page = pages.get(index);
    const node = page?.rows[offset % size];
    if (!page || node === undefined) return null;
    used.set(index, page);
    const key = source.key(node);
    edges.set(key.id, {
      node,
      get cursor() {
        return encodeCursor(source.identity, { ...key, offset });
      },
    });
  }
  const basis = basisOf(spec, used, pages);
  if (edges.size !== end - start || outdatedPages(list, basis).length > 0) return null;
  let asOf = Infinity;
  let staleBecause: Window<Row>['staleBecause'] = null;
  for (const page of basis.values()) {
    if (page.totalCount !== totalCount) return null;
    asOf = Math.min(asOf, page.asOf);
    staleBecause ??= page.result.staleBecause;
  }
  const [hasNextPage, hasPreviousPage] = [end < totalCount, start > 0];
  return { edges: [...edges.values()], totalCount, hasNextPage, hasPreviousPage, asOf, staleBecause };
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

/**
 * The pages that the window depends on. For a cursor these are all pages, since any of them can show where its row is. A window
 * without rows depends only on the length of the list, which the newest page shows.
 */
function basisOf<Row>(spec: WindowSpec, used: PageMap<Row>, known: PageMap<Row>): PageMap<Row> {
  if (spec.by === 'anchor' && (spec.after ?? spec.before) !== null) return known;
  return used.size > 0 ? used : new Map(newestFirst(known).slice(0, 1));
}

function newestFirst<Row>(pages: PageMap<Row>): [number, ReadPage<Row>][] {
  return [...pages].sort(([, a], [, b]) => b.asOf - a.asOf);
}
