import { asError } from '../core/asError.ts';
import type { Window, WindowRequest } from '../core/window.ts';
import { firstDoubtfulPage, outdatedPages } from './consistency.ts';
import { decodeRequest } from './cursor.ts';
import { cutFromSomePages, cutWindow } from './cut.ts';
import { costsMore, keptChanging, type ListSource } from './list.ts';
import { createListPages, fetchPages, peekPage } from './pages.ts';
import { createRepair } from './repair.ts';
import { pagesAtWorst, planWindow, type WindowPlan, type WindowSpec } from './windowPlan.ts';

/**
 * Cuts windows out of one list with as few canonical pages as cover them. Lives as long as one operation and keeps the pages that it
 * has seen, so that an operation agrees with itself and with its price.
 */
export interface ListReader<Row> {
  /**
   * Names of the upstream calls that the window can need at worst, given what is cached now. Equal names are one call. A window that
   * will be refused needs none.
   */
  price(request: WindowRequest): string[];
  /** The rows of the window if no call is needed to know them, else null. A window that will be refused has none. */
  cachedRows(request: WindowRequest): Row[] | null;
  /** Returns one result a request, in order: a window, or the error that this window met. Never rejects. */
  read(requests: readonly WindowRequest[]): Promise<(Window<Row> | Error)[]>;
}

/** More rounds than this mean that the search for a cursor's row does not end. A million pages take about 40. */
const MAX_ROUNDS = 64;

/** An operation is priced by the page size known when it starts. If the upstream returns less, this many calls a round are allowed. */
const MAX_SMALLER_PAGES = 10;

interface PlannedWindow {
  /** Identifies the window among those of all lists. */
  key: string;
  spec: WindowSpec;
  plan: WindowPlan;
  /** The version of the pages that the plan was made from. */
  version: number;
  /** The newest `asOf` with which the window was served before. */
  notBefore: number;
}

export function createListReader<Row>(source: ListSource<Row>): ListReader<Row> {
  const { identity, pageSize, pageSizes } = source;
  const pages = createListPages(source);
  const repair = createRepair(pages);
  const planned = new Map<string, PlannedWindow | Error>();
  let queue: Promise<unknown> = Promise.resolve();

  return {
    price(request) {
      const window = windowOf(request);
      if (window instanceof Error || !('need' in planOnCache(window))) return [];
      const calls: string[] = [];
      const totalCount = source.peekPage(0, pageSize)?.value.totalCount ?? null;
      for (const page of pagesAtWorst(window.spec, pageSize, totalCount)) {
        if (typeof page === 'string' || !source.peekPage(page, pageSize))
          calls.push(`${identity} page ${page}`);
      }
      return calls;
    },
    cachedRows(request) {
      const window = windowOf(request);
      if (window instanceof Error) return [];
      return cutWindow(pages, window.spec, planOnCache(window))?.edges.map(({ node }) => node) ?? null;
    },
    read(requests) {
      // One read after the other: the second does not repeat what the first has read.
      const result = queue.then(() => readWindows(requests));
      queue = result;
      return result;
    },
  };

  function windowOf(request: WindowRequest): PlannedWindow | Error {
    const key = identity + JSON.stringify(request);
    let window = planned.get(key);
    if (window) return window;
    try {
      window = {
        key,
        spec: decodeRequest(request, source),
        plan: { need: 'any' },
        version: -1,
        notBefore: -Infinity,
      };
    } catch (error) {
      window = asError(error);
    }
    planned.set(key, window);
    return window;
  }

  /** Plans the window once for each state of the known pages. Its price and its read share the plan. */
  function planOf(window: PlannedWindow): WindowPlan {
    if (window.version !== pages.version) {
      window.plan = planWindow(window.spec, pages.known, pages.size);
      window.version = pages.version;
    }
    return window.plan;
  }

  function planOnCache(window: PlannedWindow): WindowPlan {
    for (;;) {
      const plan = planOf(window);
      if (!isNeed(plan) || ![...pagesNeeded([plan])].some((index) => peekPage(pages, index))) return plan;
    }
  }

  async function readWindows(requests: readonly WindowRequest[]): Promise<(Window<Row> | Error)[]> {
    const windows = requests.map(windowOf);
    // What is served while this read is under way does not make its windows go back in time.
    for (const window of windows)
      if (!(window instanceof Error)) window.notBefore = pageSizes.servedAsOf(window.key);
    await load([]);
    let results = await resolve(windows);
    const notBefore = Math.max(-Infinity, ...windows.map((window, at) => floorAbove(results[at], window)));
    if (notBefore > -Infinity) {
      await repair.renew(notBefore);
      results = await resolve(windows);
    }
    return results.map((result, at) => {
      const window = windows[at];
      if (floorAbove(result, window) > -Infinity) return repair.failure ?? keptChanging(source);
      if (window && 'key' in window && 'asOf' in result) pageSizes.noteServed(window.key, result.asOf);
      return result;
    });
  }

  /** Reads pages until all windows are covered. */
  async function resolve(windows: readonly (PlannedWindow | Error)[]): Promise<(Window<Row> | Error)[]> {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const outcomes = windows.map((window) => (window instanceof Error ? window : outcomeOf(window)));
      const results = outcomes.filter((outcome): outcome is Window<Row> | Error => !isNeed(outcome));
      if (results.length === outcomes.length) return results;
      await load(pagesNeeded(outcomes.filter(isNeed)));
    }
    const error = new Error(`No window of ${source.description} after ${MAX_ROUNDS} rounds of reading.`);
    return windows.map(() => error);
  }

  async function load(indexes: Iterable<number>): Promise<void> {
    await fetchPages(pages, indexes);
    if (firstDoubtfulPage(pages) !== null || outdatedPages(pages).length > 0) await repair.run();
  }

  /** The window, or the error that it meets, or the pages that it needs. */
  function outcomeOf(window: PlannedWindow): Window<Row> | Error | Need {
    const plan = planOf(window);
    if (!('need' in plan)) {
      const { spec } = window;
      const cut = cutWindow(pages, spec, plan) ?? cutFromSomePages(pages, spec);
      return cut ?? repair.failure ?? keptChanging(source);
    }
    const needed = pagesNeeded([plan]);
    for (const index of needed) {
      const failure = pages.failures.get(index);
      if (failure) return failure;
    }
    const isTooMuch = pages.size < pageSize && needed.size > MAX_SMALLER_PAGES;
    return isTooMuch ? costsMore(source, pages.size) : plan;
  }
}

type Need = Extract<WindowPlan, { need: unknown }>;

function isNeed(outcome: WindowPlan | Window<unknown> | Error): outcome is Need {
  return 'need' in outcome;
}

/** All pages that the plans need. A plan that needs any page waits for the pages of the others, if there are some. */
function pagesNeeded(plans: readonly Need[]): Set<number> {
  const needed = new Set(plans.flatMap(({ need }) => (need === 'any' ? [] : need)));
  if (needed.size === 0 && plans.length > 0) needed.add(0);
  return needed;
}

/** The date that the window must have at least, if its result is older; else -Infinity. */
function floorAbove(
  result: Window<unknown> | Error | undefined,
  window: PlannedWindow | Error | undefined,
): number {
  if (!window || window instanceof Error || !result || result instanceof Error) return -Infinity;
  return result.asOf < window.notBefore ? window.notBefore : -Infinity;
}
