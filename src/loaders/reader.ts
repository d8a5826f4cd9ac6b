import type { Window, WindowRequest } from '../core/window.ts';
import { decodeRequest, type WindowSpec } from './cursor.ts';
import { costsMore, keptChanging, type ListMemory, type ListSource } from './list.ts';
import { fetchPages, firstDoubtfulPage, type ListPages, outdatedPages, peekPage } from './pages.ts';
import { renewPages, repairPages } from './repair.ts';
import { cutFromSomePages, cutWindow, pagesAtWorst, planWindow, type WindowPlan } from './windows.ts';

/** More rounds than this mean that the search for a cursor's row does not end. A million pages take about 40. */
const MAX_ROUNDS = 64;

/** An operation is priced by the page size known when it starts. If the upstream returns less, this many calls a round are allowed. */
const MAX_SMALLER_PAGES = 10;

interface ListWindow<Row> {
  /** Identifies the window among those of all lists. */
  key: string;
  spec: WindowSpec;
  plan: WindowPlan | Error;
  /** The version of the pages that the plan was made from. */
  version: number;
  /** The newest `asOf` with which the window was served before. */
  notBefore: number;
  /** Of the batch that the window is in, or null if it is in none. */
  results: Promise<Results<Row>> | null;
}

/** One result a window of a batch: the window, or the error that it met. */
type Results<Row> = Map<ListWindow<Row>, Window<Row> | Error>;

export type ListReader<Row> = ReturnType<typeof createListReader<Row>>;

/**
 * Cuts windows out of one list with as few canonical pages as cover them. A reader lives as long as one operation and keeps the pages
 * that it has seen, so that an operation agrees with itself and with its price.
 */
export function createListReader<Row>(source: ListSource<Row>, memory: ListMemory) {
  const { action, identity } = source;
  const pageSize = memory.sizeOf(action, identity);
  const pages: ListPages<Row> = {
    source,
    memory,
    size: pageSize,
    known: new Map(),
    peeked: new Set(),
    failures: new Map(),
    rereads: new Map(),
    rereadError: null,
    oddCounts: new Map(),
    extraReads: 0,
    end: null,
    version: 0,
  };
  const windows = new Map<string, ListWindow<Row>>();
  let nextBatch: ListWindow<Row>[] = [];
  let lastBatch = Promise.resolve<Results<Row>>(new Map());

  return {
    /**
     * Names of the upstream calls that the window can need at worst, given what is cached now. Equal names are one call.
     *
     * @throws BAD_USER_INPUT, as `read` and `cachedRows` do, for a cursor of another list
     */
    price(request: WindowRequest): string[] {
      const window = windowOf(request);
      let plan = planOf(window);
      // Each page from the cache can show that the window needs others.
      for (let isFound = true; isFound; plan = planOf(window)) {
        isFound = false;
        for (const index of pagesNeeded([plan])) isFound = peekPage(pages, index) || isFound;
      }
      if (!('need' in plan)) return [];
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
    /** The rows of a window that was priced if no call is needed to know them, else null. */
    cachedRows(request: WindowRequest): Row[] | null {
      const window = windowOf(request);
      return cutWindow(pages, window.spec, planOf(window))?.nodes ?? null;
    },
    /** Reads the windows of one tick together, and equal windows once. An error of one does not affect the others. */
    async read(request: WindowRequest): Promise<Window<Row>> {
      const window = windowOf(request);
      if (window.results === null) {
        // One batch after the other: the second does not repeat what the first has read.
        if (nextBatch.push(window) === 1) lastBatch = lastBatch.then(readBatch);
        window.results = lastBatch;
      }
      const result = (await window.results).get(window) ?? keptChanging(source);
      if (result instanceof Error) throw result;
      return result;
    },
  };

  function windowOf(request: WindowRequest): ListWindow<Row> {
    const key = identity + JSON.stringify(request);
    let window = windows.get(key);
    if (!window) {
      const spec = decodeRequest(request, source);
      window = { key, spec, plan: { need: [] }, version: -1, notBefore: -Infinity, results: null };
      windows.set(key, window);
    }
    return window;
  }

  /** Plans the window once for each state of the known pages: its price and its read share the plan. */
  function planOf(window: ListWindow<Row>): WindowPlan | Error {
    if (window.version === pages.version) return window.plan;
    window.version = pages.version;
    window.plan = planWindow(window.spec, pages.known, pages.size);
    const needed = pagesNeeded([window.plan]);
    for (const index of needed) window.plan = pages.failures.get(index) ?? window.plan;
    const isTooMuch = pages.size < pageSize && needed.length > MAX_SMALLER_PAGES;
    if (isTooMuch && !(window.plan instanceof Error)) window.plan = costsMore(source, pages.size);
    return window.plan;
  }

  async function readBatch(): Promise<Results<Row>> {
    const batch = nextBatch;
    nextBatch = [];
    // What is served while this read is under way does not make its windows go back in time.
    for (const window of batch) window.notBefore = memory.servedAsOf.get(window.key) ?? -Infinity;
    let results = await cover(batch);
    let renewFrom = -Infinity;
    for (const [{ notBefore }, result] of results) {
      if (!(result instanceof Error) && result.asOf < notBefore) renewFrom = Math.max(renewFrom, notBefore);
    }
    if (renewFrom > -Infinity) {
      await renewPages(pages, renewFrom);
      results = await cover(batch);
    }
    for (const [window, result] of results) {
      const { key, notBefore } = window;
      if (result instanceof Error) continue;
      if (result.asOf < notBefore) results.set(window, pages.rereadError ?? keptChanging(source));
      else memory.servedAsOf.set(key, Math.max(result.asOf, memory.servedAsOf.get(key) ?? -Infinity));
    }
    return results;
  }

  /** Reads pages until the windows are covered, as far as that is possible, and cuts them. */
  async function cover(batch: readonly ListWindow<Row>[]): Promise<Results<Row>> {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const missing = pagesNeeded(batch.map(planOf));
      if (missing.length === 0 && pages.peeked.size === 0) break;
      await fetchPages(pages, [...missing, ...pages.peeked]);
      if (firstDoubtfulPage(pages) !== null || outdatedPages(pages).length > 0) await repairPages(pages);
    }
    const results: Results<Row> = new Map();
    for (const window of batch) {
      const plan = planOf(window);
      let result: Window<Row> | Error | null = plan instanceof Error ? plan : null;
      if ('need' in plan)
        result = new Error(`No window of ${source.description} after ${MAX_ROUNDS} rounds of reading.`);
      result ??= cutWindow(pages, window.spec, plan) ?? cutFromSomePages(pages, window.spec);
      results.set(window, result ?? pages.rereadError ?? keptChanging(source));
    }
    return results;
  }
}

/** All pages that the plans need. A plan that needs any page waits for those of the others, if there are some. */
function pagesNeeded(plans: readonly (WindowPlan | Error)[]): number[] {
  const needed = new Set<number>();
  let isIncomplete = false;
  for (const plan of plans) {
    if (!('need' in plan)) continue;
    isIncomplete = true;
    for (const index of plan.need) needed.add(index);
  }
  return isIncomplete && needed.size === 0 ? [0] : [...needed];
}
