import { asError } from '../core/asError.ts';
import type { Window, WindowRequest } from '../core/window.ts';
import { badUserInput } from '../core/errors.ts';
import { type Anchor, decodeCursor, encodeCursor } from './cursor.ts';
import { costsMore, keptChanging } from './listErrors.ts';
import { createListPages } from './listPages.ts';
import type { ListSource, ReadPage } from './listSource.ts';
import { outdatedPages } from './pageChecks.ts';
import { planWindow, type WindowPlan, type WindowSpec } from './paging.ts';

export interface ListReader<Row> {
  /** One result a request, in order: a window, or the error that this window met. Never rejects. */
  read(requests: readonly WindowRequest[]): Promise<(Window<Row> | Error)[]>;
}

/** More rounds than this means that the search for a cursor's row does not end; a million pages take about 40. */
const MAX_ROUNDS = 64;

/** An operation is priced by the page size that is known when it comes. If the upstream gives less, this is what it may cost. */
const MAX_SMALLER_PAGES = 10;

/**
 * Cuts windows out of one list with as few canonical pages as cover them. Lives as long as one operation and keeps the pages
 * it has read, so that an operation agrees with itself.
 */
export function createListReader<Row>(source: ListSource<Row>): ListReader<Row> {
  const pages = createListPages(source);
  const { windowDates } = source.pageSizes;
  let queue: Promise<unknown> = Promise.resolve();

  return {
    read(requests) {
      // One read after the other: what the first has read, the second need not.
      const result = queue.then(() => readWindows(requests));
      queue = result;
      return result;
    },
  };

  async function readWindows(requests: readonly WindowRequest[]): Promise<(Window<Row> | Error)[]> {
    const specs = requests.map((request) => attempt(() => specOf(request, source)));
    // An answer that arrives while this one is read does not make this one go back in time.
    const given = requests.map((request) => windowDates.newest(source.identity, request));
    let isRenewed = false;
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const plans = specs.map((spec) => (spec instanceof Error ? spec : planAround(spec)));
      const missing = pagesNeeded(plans);
      if (missing.length > 0) {
        await pages.read(missing);
        continue;
      }
      const windows = plans.map((plan, at) =>
        plan instanceof Error ? plan : cutConsistent(plan, specs[at]),
      );
      const notBefore = Math.max(-Infinity, ...given.filter((asOf, at) => isOlder(windows[at], asOf)));
      if (notBefore === -Infinity || isRenewed) return windows.map((window, at) => settled(window, at));
      isRenewed = true;
      await pages.renew(notBefore);
    }

    function settled(window: Window<Row> | Error, at: number): Window<Row> | Error {
      if (isOlder(window, given[at])) return pages.repeatFailure ?? keptChanging(source);
      const request = requests[at];
      if (request && !(window instanceof Error)) windowDates.note(source.identity, request, window.asOf);
      return window;
    }
    return requests.map(
      () => new Error(`No window of ${source.description} after ${MAX_ROUNDS} rounds of reading.`),
    );
  }

  function planAround(spec: WindowSpec): WindowPlan | Error {
    const plan = planWindow(spec, pages.known, pages.size);
    const needed = 'need' in plan ? (plan.need === 'any' ? [0] : plan.need) : [];
    for (const index of needed) {
      const failure = pages.failureOf(index);
      if (failure) return failure;
    }
    if (pages.size < source.pageSize && needed.length > MAX_SMALLER_PAGES)
      return costsMore(source, pages.size);
    return plan;
  }

  /**
   * The one place where windows are made. A window has exactly the rows that its bounds say, out of pages that agree with each
   * other. If the pages that were read do not agree, it is cut from those of them that do, or fails.
   */
  function cutConsistent(plan: WindowPlan, spec: WindowSpec | Error | undefined): Window<Row> | Error {
    const window = cut(plan, spec, pages.known);
    if (window !== null) return window;
    for (const generation of generationsOf(pages.known)) {
      if (spec === undefined || spec instanceof Error) break;
      const older = cut(planWindow(spec, generation, pages.size), spec, generation);
      if (older !== null) return older;
    }
    return pages.repeatFailure ?? keptChanging(source);
  }

  /** Null if the pages do not give exactly the window. */
  function cut(
    plan: WindowPlan,
    spec: WindowSpec | Error | undefined,
    known: ReadonlyMap<number, ReadPage<Row>>,
  ): Window<Row> | null {
    if ('need' in plan) return null;
    const { start, end, totalCount } = plan;
    const used = new Map<number, ReadPage<Row>>();
    const edges = new Map<string, Window<Row>['edges'][number]>();
    for (let offset = start; offset < end; offset++) {
      const index = Math.floor(offset / pages.size);
      const page = known.get(index);
      const node = page?.answer.value.rows[offset % pages.size];
      if (!page || node === undefined) return null;
      used.set(index, page);
      const key = source.key(node);
      edges.set(key.id, edgeOf(node, { ...key, offset }));
    }
    const basis = basisOf(used, spec, known);
    const isOneLength = [...basis.values()].every((page) => page.totalCount === totalCount);
    if (edges.size !== end - start || !isOneLength || outdatedPages(basis, pages.isConfirmed).length > 0)
      return null;
    const answers = [...basis.values()].map(({ answer }) => answer);
    return {
      edges: [...edges.values()],
      totalCount,
      hasNextPage: end < totalCount,
      hasPreviousPage: start > 0,
      asOf: Math.min(...answers.map(({ asOf }) => asOf)),
      staleBecause: answers.find(({ staleBecause }) => staleBecause !== null)?.staleBecause ?? null,
    };
  }

  /**
   * The pages that the window depends on. Other pages also show where an anchor is. A window without rows depends only on the length
   * of the list, which the newest page shows.
   */
  function basisOf(
    used: ReadonlyMap<number, ReadPage<Row>>,
    spec: WindowSpec | Error | undefined,
    known: ReadonlyMap<number, ReadPage<Row>>,
  ): ReadonlyMap<number, ReadPage<Row>> {
    if (hasAnchor(spec)) return known;
    return used.size > 0 ? used : new Map([...known].sort(([, a], [, b]) => b.asOf - a.asOf).slice(0, 1));
  }

  function edgeOf(node: Row, anchor: Anchor): Window<Row>['edges'][number] {
    return {
      node,
      get cursor() {
        return encodeCursor(source.identity, anchor);
      },
    };
  }
}

/** The known pages by the length of the list that they were cut from, the newest first. */
function generationsOf<Row>(known: ReadonlyMap<number, ReadPage<Row>>): Map<number, ReadPage<Row>>[] {
  const generations = new Map<number, Map<number, ReadPage<Row>>>();
  for (const [index, page] of [...known].sort(([, a], [, b]) => b.asOf - a.asOf)) {
    const generation = generations.get(page.totalCount) ?? new Map<number, ReadPage<Row>>();
    generations.set(page.totalCount, generation.set(index, page));
  }
  return [...generations.values()];
}

function isOlder(window: Window<unknown> | Error | undefined, asOf = -Infinity): boolean {
  return window !== undefined && !(window instanceof Error) && window.asOf < asOf;
}

function hasAnchor(spec: WindowSpec | Error | undefined): boolean {
  return (
    spec !== undefined &&
    !(spec instanceof Error) &&
    spec.by === 'anchor' &&
    (spec.after !== null || spec.before !== null)
  );
}

/** All pages that the plans ask for. A plan that would take any page waits for the pages of the others, if there are some. */
function pagesNeeded(plans: readonly (WindowPlan | Error)[]): number[] {
  const needed = new Set<number>();
  let any = false;
  for (const plan of plans) {
    if (plan instanceof Error || !('need' in plan)) continue;
    if (plan.need === 'any') any = true;
    else for (const index of plan.need) needed.add(index);
  }
  if (any && needed.size === 0) needed.add(0);
  return [...needed];
}

/** The window with its cursors read. Throws BAD_USER_INPUT for one that is not of this list. */
export function specOf(
  request: WindowRequest,
  source: { identity: string; description: string },
): WindowSpec {
  if (request.by === 'offset') return request;
  return {
    by: 'anchor',
    from: request.from,
    count: request.count,
    after: request.after === null ? null : anchorOf('after', request.after, source),
    before: request.before === null ? null : anchorOf('before', request.before, source),
  };
}

function anchorOf(
  argument: string,
  cursor: string,
  { identity, description }: { identity: string; description: string },
): Anchor {
  const anchor = decodeCursor(identity, cursor);
  if (anchor) return anchor;
  const shown = cursor.length > 40 ? `${cursor.slice(0, 40)}…` : cursor;
  throw badUserInput(
    `\`${argument}\` must be a cursor of ${description}, as an edge or pageInfo of this very list gave it; got ${JSON.stringify(shown)}. ` +
      'Cursors are not valid for another filter or parent: start again without one.',
  );
}

function attempt<T>(make: () => T): T | Error {
  try {
    return make();
  } catch (error) {
    return asError(error);
  }
}
