import { asError } from '../core/asError.ts';
import { UpstreamError } from '../core/upstreamError.ts';
import type { Window, WindowRequest } from '../core/window.ts';
import { decodeRequest } from './cursor.ts';
import { cutFromSomePages, cutWindow, type PageSet } from './cut.ts';
import type { ListSource } from './list.ts';
import { areConsistent, createListPages, keptChanging, type ReadPage, toReadPage } from './pages.ts';
import { createRepair, type Repair } from './repair.ts';
import { pagesAtWorst, planWindow, type WindowPlan, type WindowSpec } from './windowPlan.ts';

/**
 * Cuts windows out of one list with as few canonical pages as cover them. Lives as long as one operation and keeps the pages that it
 * has read, so that an operation agrees with itself and with its price.
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

/** A window as far as the cached pages determine it. */
interface PreparedWindow<Row> {
  /** Identifies the window among those of all lists. */
  key: string;
  spec: WindowSpec;
  plan: WindowPlan;
  /** The cached pages that the plan was made from. */
  from: PageSet<Row>;
}

type Outcome<Row> = Window<Row> | Error | { need: number[] | 'any' };

export function createListReader<Row>(source: ListSource<Row>): ListReader<Row> {
  const { identity, pageSize, pageSizes } = source;
  const pages = createListPages(source);
  const prepared = new Map<string, PreparedWindow<Row> | Error>();
  let repair: Repair | null = null;
  let queue: Promise<unknown> = Promise.resolve();

  return {
    price(request) {
      const window = prepare(request);
      if (window instanceof Error || !('need' in window.plan)) return [];
      const calls: string[] = [];
      const totalCount = source.peekPage(0, pageSize)?.value.totalCount ?? null;
      for (const page of pagesAtWorst(window.spec, pageSize, totalCount)) {
        if (typeof page === 'string' || !source.peekPage(page, pageSize))
          calls.push(`${identity} page ${page}`);
      }
      return calls;
    },
    cachedRows(request) {
      const window = prepare(request);
      if (window instanceof Error) return [];
      return cutWindow(source, window.spec, window.plan, window.from)?.edges.map(({ node }) => node) ?? null;
    },
    read(requests) {
      // One read after the other: the second does not repeat what the first has read.
      const result = queue.then(() => readWindows(requests));
      queue = result;
      return result;
    },
  };

  /** Plans a window once, on the cached pages, for its price and for its read. */
  function prepare(request: WindowRequest): PreparedWindow<Row> | Error {
    const key = identity + JSON.stringify(request);
    let window = prepared.get(key);
    if (window === undefined) {
      try {
        window = planOnCache(key, decodeRequest(request, source));
      } catch (error) {
        window = asError(error);
      }
      prepared.set(key, window);
    }
    return window;
  }

  function planOnCache(key: string, spec: WindowSpec): PreparedWindow<Row> {
    const known = new Map<number, ReadPage<Row>>();
    for (;;) {
      const plan = planWindow(spec, known, pageSize);
      const needed = addNeeded([plan]);
      let isFound = needed.size > 0;
      for (const index of needed) {
        const result = source.peekPage(index, pageSize);
        if (result) known.set(index, toReadPage(source, result));
        else isFound = false;
      }
      if (!isFound) return { key, spec, plan, from: { known, size: pageSize } };
    }
  }

  async function readWindows(requests: readonly WindowRequest[]): Promise<(Window<Row> | Error)[]> {
    const windows = requests.map(prepare);
    // The dates are taken before the read: a result that is served meanwhile does not make this one go back in time.
    const floors = windows.map((window) =>
      window instanceof Error ? -Infinity : pageSizes.servedAsOf(window.key),
    );
    await load(firstPages(windows));
    let results = await finish(windows);
    const notBefore = Math.max(...floors.filter((floor, at) => isOlder(results[at], floor)));
    if (notBefore > -Infinity) {
      repair ??= createRepair(pages);
      await repair.renew(notBefore);
      results = await finish(windows);
    }
    return results.map((result, at) => {
      if (isOlder(result, floors[at])) return repair?.failure ?? keptChanging(source);
      const window = windows[at];
      if (window && !(window instanceof Error) && !(result instanceof Error))
        pageSizes.noteServed(window.key, result.asOf);
      return result;
    });
  }

  async function load(indexes: Iterable<number>): Promise<void> {
    await pages.fetch(indexes);
    if (areConsistent(pages)) return;
    repair ??= createRepair(pages);
    await repair.run();
  }

  async function finish(windows: readonly (PreparedWindow<Row> | Error)[]): Promise<(Window<Row> | Error)[]> {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const outcomes = windows.map((window) => (window instanceof Error ? window : outcomeOf(window)));
      const results = outcomes.filter((outcome): outcome is Window<Row> | Error => !('need' in outcome));
      if (results.length === outcomes.length) return results;
      await load(addNeeded(outcomes));
    }
    return windows.map(
      () => new Error(`No window of ${source.description} after ${MAX_ROUNDS} rounds of reading.`),
    );
  }

  function outcomeOf(window: PreparedWindow<Row>): Outcome<Row> {
    const { spec } = window;
    const plan = isAsPrepared(window) ? window.plan : planWindow(spec, pages.known, pages.size);
    if (!('need' in plan)) {
      return (
        cutWindow(source, spec, plan, pages) ??
        cutFromSomePages(source, spec, pages) ??
        repair?.failure ??
        keptChanging(source)
      );
    }
    const needed = addNeeded([plan]);
    for (const index of needed) {
      const failure = pages.failures.get(index);
      if (failure) return failure;
    }
    return pages.size < pageSize && needed.size > MAX_SMALLER_PAGES ? costsMore() : plan;
  }

  /** Whether the pages that were read are those that the window was planned on. */
  function isAsPrepared({ from }: PreparedWindow<Row>): boolean {
    if (from.size !== pages.size || from.known.size !== pages.known.size) return false;
    for (const [index, { result }] of from.known) {
      if (pages.known.get(index)?.result.value !== result.value) return false;
    }
    return true;
  }

  function costsMore(): UpstreamError {
    return new UpstreamError(
      `DataWorks returns only ${pages.size} rows a page of ${source.description}, so this needs more calls than its price allows. ` +
        'Send the query again: its new price takes that into account.',
      { kind: 'unavailable', action: source.action },
    );
  }
}

/** The cached pages that the windows were planned on, which must be read to count as used, and those that are missing. */
function firstPages<Row>(windows: readonly (PreparedWindow<Row> | Error)[]): Set<number> {
  const plans: WindowPlan[] = [];
  const indexes = new Set<number>();
  for (const window of windows) {
    if (window instanceof Error) continue;
    plans.push(window.plan);
    for (const index of window.from.known.keys()) indexes.add(index);
  }
  return addNeeded(plans, indexes);
}

/** Adds all pages that the plans need. A plan that needs any page waits for the others, if there are some. */
function addNeeded(
  plans: readonly (WindowPlan | Outcome<unknown>)[],
  indexes = new Set<number>(),
): Set<number> {
  let isAnyNeeded = false;
  for (const plan of plans) {
    if (!('need' in plan)) continue;
    if (plan.need === 'any') isAnyNeeded = true;
    else for (const index of plan.need) indexes.add(index);
  }
  if (isAnyNeeded && indexes.size === 0) indexes.add(0);
  return indexes;
}

function isOlder(result: Window<unknown> | Error | undefined, asOf = -Infinity): boolean {
  return result !== undefined && !(result instanceof Error) && result.asOf < asOf;
}
