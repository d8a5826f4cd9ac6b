import type { Answer, Page, Window, WindowRequest } from '../model.ts';
import { badUserInput } from '../errors.ts';
import { type Anchor, decodeCursor, encodeCursor } from './cursor.ts';
import {
  type KnownPage,
  outdatedPages,
  planWindow,
  type RowKey,
  type WindowPlan,
  type WindowSpec,
} from './paging.ts';
import { keysOf } from './rowKeys.ts';

/** One upstream list, as the reader sees it. */
export interface ListSource<Row> {
  /** Tells the list from all others; cursors are bound to it. */
  identity: string;
  /** In words, for messages. */
  description: string;
  pageSize: number;
  key(row: Row): RowKey;
  /**
   * @param index the canonical page, from 0
   * @param notBefore epoch milliseconds: an answer last known true before this will not do
   */
  readPage(index: number, notBefore: number | undefined): Promise<Answer<Page<Row>>>;
}

export interface ListReader<Row> {
  /** One result a request, in order: a window, or the error that this window met. Never rejects. */
  read(requests: readonly WindowRequest[]): Promise<(Window<Row> | Error)[]>;
}

interface ReadPage<Row> extends KnownPage {
  answer: Answer<Page<Row>>;
}

/** More rounds than this means that the search for a cursor's row does not end; a million pages take about 40. */
const MAX_ROUNDS = 64;

/**
 * Cuts windows out of one list with as few canonical pages as cover them. Lives as long as one operation and keeps the pages
 * it has read, so that an operation agrees with itself.
 */
export function createListReader<Row>(source: ListSource<Row>): ListReader<Row> {
  const pages = new Map<number, ReadPage<Row>>();
  const failures = new Map<number, Error>();
  const readAgain = new Set<number>();
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
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const plans = specs.map((spec) => (spec instanceof Error ? spec : planAround(spec)));
      const missing = pagesNeeded(plans);
      if (missing.length === 0) return plans.map((plan) => (plan instanceof Error ? plan : cut(plan)));
      await Promise.all(missing.map((index) => readOnce(index)));
      await agree();
    }
    return requests.map(
      () => new Error(`No window of ${source.description} after ${MAX_ROUNDS} rounds of reading.`),
    );
  }

  function planAround(spec: WindowSpec): WindowPlan | Error {
    const plan = planWindow(spec, pages, source.pageSize);
    const needed = 'need' in plan ? (plan.need === 'any' ? [0] : plan.need) : [];
    for (const index of needed) {
      const failure = failures.get(index);
      if (failure) return failure;
    }
    return plan;
  }

  async function readOnce(index: number): Promise<void> {
    try {
      keep(index, await source.readPage(index, undefined));
    } catch (error) {
      failures.set(index, asError(error));
    }
  }

  /** The generation rule: where pages show that the list moved between their reads, the older ones are read again, each once. */
  async function agree(): Promise<void> {
    for (;;) {
      const outdated = outdatedPages(pages).filter((index) => !readAgain.has(index));
      if (outdated.length === 0) return;
      // Pages of one moment can differ: they are dated by when they were asked for.
      const notBefore = Math.max(...[...pages.values()].map(({ asOf }) => asOf)) + 1;
      await Promise.all(outdated.map((index) => readOnceMore(index, notBefore)));
    }
  }

  async function readOnceMore(index: number, notBefore: number): Promise<void> {
    readAgain.add(index);
    try {
      keep(index, await source.readPage(index, notBefore));
    } catch {
      // What was read before is older, and says so by its asOf; it beats an error.
    }
  }

  function keep(index: number, answer: Answer<Page<Row>>): void {
    const { value, asOf } = answer;
    pages.set(index, { keys: keysOf(source, value), totalCount: value.totalCount, asOf, answer });
  }

  function cut(plan: WindowPlan): Window<Row> {
    if ('need' in plan) throw new Error('A window was cut before its pages were known.');
    const { start, end, totalCount } = plan;
    const used = new Set<ReadPage<Row>>();
    const seen = new Set<string>();
    const edges: Window<Row>['edges'] = [];
    for (let offset = start; offset < end; offset++) {
      const page = pages.get(Math.floor(offset / source.pageSize));
      const node = page?.answer.value.rows[offset % source.pageSize];
      if (!page || node === undefined) continue;
      used.add(page);
      const key = source.key(node);
      if (seen.has(key.id)) continue;
      seen.add(key.id);
      edges.push(edgeOf(node, { ...key, offset }));
    }
    const answers = [...(used.size > 0 ? used : pages.values())].map(({ answer }) => answer);
    return {
      edges,
      totalCount,
      hasNextPage: end < totalCount,
      hasPreviousPage: start > 0,
      asOf: Math.min(...answers.map(({ asOf }) => asOf)),
      staleBecause: answers.find(({ staleBecause }) => staleBecause !== null)?.staleBecause ?? null,
    };
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

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
