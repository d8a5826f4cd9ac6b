import type { WindowRequest } from '../core/window.ts';
import { specOf } from './listReader.ts';
import type { ListSource } from './listSource.ts';
import { itemList, type ListOptions, type RunKey, type RunListKey, runList } from './lists.ts';
import { type KnownPage, planWindow, type WindowSpec } from './paging.ts';
import { keysOf } from './rowKeys.ts';
import { pagesAtWorst } from './worstCase.ts';

/**
 * Prices, as names of the upstream calls that a look-up could need at worst: equal names are one call, which the look-ups of an
 * operation share. What is fresh in the cache costs nothing, and nor does what will be refused.
 */
export interface Prices {
  runs(list: RunListKey, window: WindowRequest): string[];
  run(key: RunKey): string[];
  items(run: RunKey, window: WindowRequest): string[];
  /** The calls for one run's items where it is not known yet which run that will be. */
  itemsOfAnyRun(window: WindowRequest): string[];
  /** Projects that are asked for in one tick are one call. */
  project(projectId: string): string[];
  /** The runs that a window shows, where no call is needed to know them. */
  knownRuns(list: RunListKey, window: WindowRequest): RunKey[] | null;
}

export function createPrices(options: ListOptions, mayRead: (projectId: string) => boolean): Prices {
  const { upstream, pageSizes } = options;
  return {
    runs: (key, window) => (mayRead(key.projectId) ? windowPrice(runList(options, key), window) : []),
    run: (key) =>
      mayRead(key.projectId) && !upstream.peek('GetPipelineRun', key)
        ? [`run ${key.projectId}/${key.runId}`]
        : [],
    items: (key, window) => (mayRead(key.projectId) ? windowPrice(itemList(options, key), window) : []),
    itemsOfAnyRun: (window) => {
      // A cursor names a run's items, and so is no cursor of any other run.
      if (window.by === 'cursor' && (window.after !== null || window.before !== null)) return ['items page'];
      const spec: WindowSpec =
        window.by === 'offset' ? window : { ...window, by: 'anchor', after: null, before: null };
      return pagesAtWorst(spec, pageSizes.sizeOf('ListPipelineRunItems'), null).map(
        (page) => `items page ${page}`,
      );
    },
    project: (projectId) =>
      mayRead(projectId) && !upstream.peek('ListProjects', { projectIds: [projectId] })
        ? [`project ${projectId}`]
        : [],
    knownRuns: (key, window) =>
      mayRead(key.projectId)
        ? (knownRows(runList(options, key), window)?.map(({ runId }) => ({
            projectId: key.projectId,
            runId,
          })) ?? null)
        : [],
  };
}

function windowPrice<Row>(list: ListSource<Row>, window: WindowRequest): string[] {
  const spec = validSpec(list, window);
  if (spec === null || knownWindow(list, spec) !== null) return [];
  const totalCount = list.peekPage(0, list.pageSize)?.value.totalCount ?? null;
  return pagesAtWorst(spec, list.pageSize, totalCount)
    .filter((page) => typeof page === 'string' || list.peekPage(page, list.pageSize) === null)
    .map((page) => `${list.identity} page ${page}`);
}

/** Cuts the window out of what is cached, or gives null where that does not suffice. */
function knownRows<Row>(list: ListSource<Row>, window: WindowRequest): Row[] | null {
  const spec = validSpec(list, window);
  if (spec === null) return [];
  const known = knownWindow(list, spec);
  if (known === null) return null;
  const { start, end, pages } = known;
  return Array.from({ length: end - start }, (_, n) => start + n)
    .map((offset) => pages.get(Math.floor(offset / list.pageSize))?.rows[offset % list.pageSize])
    .filter((row) => row !== undefined);
}

interface KnownWindow<Row> {
  start: number;
  end: number;
  pages: ReadonlyMap<number, KnownPage & { rows: Row[] }>;
}

/** Where the window lies on pages that are cached, or null where these do not suffice. */
function knownWindow<Row>(list: ListSource<Row>, spec: WindowSpec): KnownWindow<Row> | null {
  const pages = new Map<number, KnownPage & { rows: Row[] }>();
  for (;;) {
    const plan = planWindow(spec, pages, list.pageSize);
    if (!('need' in plan)) return { start: plan.start, end: plan.end, pages };
    for (const index of plan.need === 'any' ? [0] : plan.need) {
      const page = list.peekPage(index, list.pageSize);
      if (!page) return null;
      const { rows, totalCount } = page.value;
      pages.set(index, { rows, keys: keysOf(list, page.value), totalCount, asOf: page.asOf });
    }
  }
}

/** Null for a window that will be refused. */
function validSpec<Row>(list: ListSource<Row>, window: WindowRequest): WindowSpec | null {
  try {
    return specOf(window, list);
  } catch {
    return null;
  }
}
