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

interface ListWindow {
  /** Identifies the window among those of all lists. */
  key: string;
  /** The error is BAD_USER_INPUT. */
  spec: WindowSpec | Error;
  plan: WindowPlan | Error;
  /** The version of the pages that the plan was made from. */
  version: number;
  /** The newest `asOf` with which the window was served before. */
  notBefore: number;
}

export function createListReader<Row>(source: ListSource<Row>): ListReader<Row> {
  const { identity, pageSize, pageSizes } = source;
  const pages = createListPages(source);
  const repair = createRepair(pages);
  const windows = new Map<string, ListWindow>();
  let queue: Promise<unknown> = Promise.resolve();

  return {
    price(request) {
      const window = windowOf(request);
      const plan = planOnCache(window);
      if (!('need' in plan) || window.spec instanceof Error) return [];
      const calls: string[] = [];
      const totalCount = source.peekPage(0, pageSize)?.value.totalCount ?? null;
      for (const page of pagesAtWorst(window.spec, pageSize, totalCount)) {
        if (typeof page === 'string' || !source.peekPage(page, pageSize))
          calls.push(`${identity} page ${page}`);
      }
      // The cached head shows that the window lies beyond the end. The read must know that, too.
      if (calls.length === 0) peekPage(pages, 0);
      return calls;
    },
    cachedRows(request) {
      const window = windowOf(request);
      const plan = planOnCache(window);
      if (window.spec instanceof Error) return [];
      return cutWindow(pages, window.spec, plan)?.edges.map(({ node }) => node) ?? null;
    },
    read(requests) {
      // One read after the other: the second does not repeat what the first has read.
      const results = queue.then(() => readWindows(requests.map(windowOf)));
      queue = results;
      return results;
    },
  };

  function windowOf(request: WindowRequest): ListWindow {
    const key = identity + JSON.stringify(request);
    let window = windows.get(key);
    if (!window) {
      const spec = decodeRequest(request, source);
      window = { key, spec, plan: { need: 'any' }, version: -1, notBefore: -Infinity };
      windows.set(key, window);
    }
    return window;
  }

  /** Plans the window once for each state of the known pages: its price and its read share the plan. */
  function planOf(window: ListWindow): WindowPlan | Error {
    if (window.version !== pages.version) {
      window.plan = window.spec instanceof Error ? window.spec : newPlan(window.spec);
      window.version = pages.version;
    }
    return window.plan;
  }

  function newPlan(spec: WindowSpec): WindowPlan | Error {
    const plan = planWindow(spec, pages.known, pages.size);
    const needed = pagesNeeded([plan]);
    for (const index of needed) {
      const failure = pages.failures.get(index);
      if (failure) return failure;
    }
    const isTooMuch = pages.size < pageSize && needed.size > MAX_SMALLER_PAGES;
    return isTooMuch ? costsMore(source, pages.size) : plan;
  }

  function planOnCache(window: ListWindow): WindowPlan | Error {
    for (;;) {
      const plan = planOf(window);
      let isFound = false;
      for (const index of pagesNeeded([plan])) isFound = peekPage(pages, index) || isFound;
      if (!isFound) return plan;
    }
  }

  async function readWindows(requested: readonly ListWindow[]): Promise<(Window<Row> | Error)[]> {
    // What is served while this read is under way does not make its windows go back in time.
    for (const window of requested) window.notBefore = pageSizes.servedAsOf(window.key);
    await cover(requested);
    let results = requested.map(resultOf);
    const outdated = requested.filter(({ notBefore }, at) => isOlder(results[at], notBefore));
    if (outdated.length > 0) {
      await repair.renew(Math.max(...outdated.map(({ notBefore }) => notBefore)));
      await cover(requested);
      results = requested.map(resultOf);
    }
    for (const [at, { key, notBefore }] of requested.entries()) {
      const result = results[at];
      if (isOlder(result, notBefore)) results[at] = repair.failure ?? keptChanging(source);
      else if (result && 'asOf' in result) pageSizes.noteServed(key, result.asOf);
    }
    return results;
  }

  /** Reads pages until the windows are covered, as far as that is possible. */
  async function cover(requested: readonly ListWindow[]): Promise<void> {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const missing = pagesNeeded(requested.map(planOf));
      if (missing.size === 0 && pages.peeked.size === 0) return;
      await fetchPages(pages, missing);
      if (firstDoubtfulPage(pages) !== null || outdatedPages(pages).length > 0) await repair.run();
    }
  }

  function resultOf(window: ListWindow): Window<Row> | Error {
    const plan = planOf(window);
    const { spec } = window;
    if (plan instanceof Error) return plan;
    if ('need' in plan || spec instanceof Error)
      return new Error(`No window of ${source.description} after ${MAX_ROUNDS} rounds of reading.`);
    const cut = cutWindow(pages, spec, plan) ?? cutFromSomePages(pages, spec);
    return cut ?? repair.failure ?? keptChanging(source);
  }
}

/** All pages that the plans need. A plan that needs any page waits for those of the others, if there are some. */
function pagesNeeded(plans: readonly (WindowPlan | Error)[]): Set<number> {
  const needed = new Set<number>();
  let isAnyNeeded = false;
  for (const plan of plans) {
    if (!('need' in plan)) continue;
    if (plan.need === 'any') isAnyNeeded = true;
    else for (const index of plan.need) needed.add(index);
  }
  return isAnyNeeded && needed.size === 0 ? needed.add(0) : needed;
}

function isOlder(result: Window<unknown> | Error | undefined, notBefore: number): boolean {
  return result !== undefined && 'asOf' in result && result.asOf < notBefore;
}
