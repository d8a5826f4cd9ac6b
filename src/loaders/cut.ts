import type { Window } from '../core/window.ts';
import { encodeCursor } from './cursor.ts';
import type { ListSource } from './list.ts';
import { outdatedPages, type ReadPage } from './pages.ts';
import { planWindow, type WindowPlan, type WindowSpec } from './windowPlan.ts';

/** The pages that a window is cut from. */
export interface PageSet<Row> {
  /** Rows of a canonical page. */
  size: number;
  known: ReadonlyMap<number, ReadPage<Row>>;
}

/**
 * The one place where windows are made. A window has exactly the rows that its bounds say, from pages that agree with each other.
 * Returns null if the pages do not give exactly this window.
 */
export function cutWindow<Row>(
  source: ListSource<Row>,
  spec: WindowSpec,
  plan: WindowPlan,
  { known, size }: PageSet<Row>,
): Window<Row> | null {
  if ('need' in plan) return null;
  const { start, end, totalCount } = plan;
  const used = new Map<number, ReadPage<Row>>();
  const edges = new Map<string, Window<Row>['edges'][number]>();
  for (let offset = start; offset < end; offset++) {
    const index = Math.floor(offset / size);
    const page = known.get(index);
    const node = page?.result.value.rows[offset % size];
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
  if (edges.size !== end - start) return null;
  const window: Window<Row> = {
    edges: [...edges.values()],
    totalCount,
    hasNextPage: end < totalCount,
    hasPreviousPage: start > 0,
    asOf: Infinity,
    staleBecause: null,
  };
  const basis = basisOf(spec, used, known);
  if (outdatedPages(source, size, basis).length > 0) return null;
  for (const page of basis.values()) {
    if (page.totalCount !== totalCount) return null;
    window.asOf = Math.min(window.asOf, page.asOf);
    window.staleBecause ??= page.result.staleBecause;
  }
  return window;
}

/** The newest window that pages of one length of the list give, for pages that do not agree. Null if there is none. */
export function cutFromSomePages<Row>(
  source: ListSource<Row>,
  spec: WindowSpec,
  { known, size }: PageSet<Row>,
): Window<Row> | null {
  const byLength = new Map<number, Map<number, ReadPage<Row>>>();
  for (const [index, page] of newestFirst(known)) {
    const pages = byLength.get(page.totalCount) ?? new Map<number, ReadPage<Row>>();
    byLength.set(page.totalCount, pages.set(index, page));
  }
  for (const pages of byLength.values()) {
    const window = cutWindow(source, spec, planWindow(spec, pages, size), { known: pages, size });
    if (window !== null) return window;
  }
  return null;
}

/**
 * The pages that the window depends on. For a cursor these are all pages, since any of them can show where its row is. A window
 * without rows depends only on the length of the list, which the newest page shows.
 */
function basisOf<Row>(
  spec: WindowSpec,
  used: ReadonlyMap<number, ReadPage<Row>>,
  known: ReadonlyMap<number, ReadPage<Row>>,
): ReadonlyMap<number, ReadPage<Row>> {
  if (spec.by === 'anchor' && (spec.after ?? spec.before) !== null) return known;
  return used.size > 0 ? used : new Map(newestFirst(known).slice(0, 1));
}

function newestFirst<Row>(pages: ReadonlyMap<number, ReadPage<Row>>): [number, ReadPage<Row>][] {
  return [...pages].sort(([, a], [, b]) => b.asOf - a.asOf);
}
