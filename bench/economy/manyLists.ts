import { createLoaders } from '../../src/loaders/loaders.ts';
import { createListMemory } from '../../src/loaders/list.ts';
import { limitsFor } from '../../src/quota/presets.ts';
import { createQuota } from '../../src/quota/quota.ts';
import { withCallerLimits } from '../../src/quota/withCallerLimits.ts';
import { withQuota } from '../../src/quota/withQuota.ts';
import type { Clock } from '../../src/core/clock.ts';
import type { CallContext, Upstream } from '../../src/core/upstream.ts';
import { UpstreamError } from '../../src/core/upstreamError.ts';
import { withRetries } from '../../src/upstream/withRetries.ts';
import { createCache } from '../../test/support/cache.ts';
import { FRESH_MS, PAGE_SIZE } from './strategies.ts';
import { createDice } from './workload.ts';

/*
 * More lists than the quota can keep fresh: 1,000 callers each poll a list of their own, and one of 50 hot lists that 20 callers
 * share, every 5 to 15 s. Obedient clients ask a refused list again exactly after `retryAfterMs`; the others keep their interval.
 */

const CALLERS = 1000;
const HOT_LISTS = 50;
const OPERATION_MS = 10_000;

const ownLists = Array.from({ length: CALLERS }, (_, n) => String(30_000 + n));
const hotLists = Array.from({ length: HOT_LISTS }, (_, n) => String(20_000 + n));

export const manyProjects = [...hotLists, ...ownLists].map((id) => ({ id, runCount: 20 }));

/** What became of the operations for one list. */
interface ListFigures {
  isHot: boolean;
  firstMs: number | null;
  answers: number;
  refreshes: number;
  lastAsOf: number;
}

export interface ManyListsFigures {
  fresh: number;
  stale: number;
  refused: Map<string, number>;
  agesMs: { hot: number[]; own: number[] };
  waitsMs: number[];
  refusalWaitsMs: number[];
  /** Operations asked exactly after `retryAfterMs`, and how many of them were served. */
  returned: number;
  returnedServed: number;
  retryAfterMs: number[];
  lists: ListFigures[];
}

interface Poll {
  callerId: string;
  list: string;
  everyMs: number;
  nextMs: number;
  isReturn: boolean;
  isBusy: boolean;
}

/** Starts the operations of a virtual moment each time `tick` is called. */
export function createManyLists(client: Upstream, clock: Clock, isObedient: boolean) {
  const ask = createAsk(client, clock);
  const lists = new Map(manyProjects.map(({ id }) => [id, listFigures(hotLists.includes(id))]));
  const figures: ManyListsFigures = {
    fresh: 0,
    stale: 0,
    refused: new Map(),
    agesMs: { hot: [], own: [] },
    waitsMs: [],
    refusalWaitsMs: [],
    returned: 0,
    returnedServed: 0,
    retryAfterMs: [],
    lists: [...lists.values()],
  };
  const polls = createPolls();
  const startMs = clock.now();

  async function run(poll: Poll): Promise<void> {
    const askedMs = clock.now();
    const { isReturn } = poll;
    const list = lists.get(poll.list) ?? listFigures(false);
    poll.nextMs += poll.everyMs;
    poll.isReturn = false;
    poll.isBusy = true;
    if (isReturn) figures.returned += 1;
    try {
      const { asOf, staleBecause } = await ask(poll.callerId, poll.list);
      figures[staleBecause === null ? 'fresh' : 'stale'] += 1;
      figures.agesMs[list.isHot ? 'hot' : 'own'].push(clock.now() - asOf);
      figures.waitsMs.push(clock.now() - askedMs);
      if (isReturn) figures.returnedServed += 1;
      list.firstMs ??= clock.now() - startMs;
      list.answers += 1;
      if (asOf > list.lastAsOf) list.refreshes += 1;
      list.lastAsOf = Math.max(list.lastAsOf, asOf);
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      figures.refused.set(error.kind, (figures.refused.get(error.kind) ?? 0) + 1);
      figures.refusalWaitsMs.push(clock.now() - askedMs);
      if (error.retryAfterMs === null) return;
      figures.retryAfterMs.push(error.retryAfterMs);
      if (!isObedient) return;
      poll.nextMs = clock.now() - startMs + error.retryAfterMs;
      poll.isReturn = true;
    } finally {
      poll.isBusy = false;
    }
  }

  return {
    figures,
    tick: (nowMs: number) => {
      for (const poll of polls) if (!poll.isBusy && poll.nextMs <= nowMs) void run(poll);
    },
  };
}

function listFigures(isHot: boolean): ListFigures {
  return { isHot, firstMs: null, answers: 0, refreshes: 0, lastAsOf: -Infinity };
}

function createPolls(): Poll[] {
  const dice = createDice(7);
  return ownLists.flatMap((own, n) =>
    [own, hotLists[n % HOT_LISTS] ?? own].map((list) => ({
      callerId: `caller ${n}`,
      list,
      everyMs: 5000 + Math.floor(dice() * 10_000),
      nextMs: Math.floor(dice() * 10_000),
      isReturn: false,
      isBusy: false,
    })),
  );
}

/** The layers of `src/gateway.ts`, without Redis and the check of credentials. */
function createAsk(client: Upstream, clock: Clock) {
  const quota = createQuota({ limits: limitsFor('standard'), clock });
  const retried = withRetries(withQuota(client, quota), { clock });
  const { upstream, view } = createCache(withCallerLimits(retried, { clock }), {
    clock,
    freshMs: FRESH_MS,
    maxBytes: 1_000_000_000,
    allowances: quota.allowances,
  });
  return async (callerId: string, projectId: string) => {
    const context: CallContext = {
      deadline: clock.now() + OPERATION_MS,
      priority: 'interactive',
      caller: { id: callerId },
      report: () => undefined,
    };
    const cache = { view, memory: createListMemory(PAGE_SIZE, clock), mayRead: () => true };
    const runs = createLoaders(upstream, cache, context).runs({ projectId, filter: {} });
    return runs.read({ by: 'cursor', from: 'start', count: 10, after: null, before: null });
  };
}

/** The rows of the table, one for each figure: name and value. */
export function manyListsRows(figures: ManyListsFigures): [string, string][] {
  const { fresh, stale, refused, agesMs, waitsMs, refusalWaitsMs, returned, returnedServed, lists } = figures;
  const firsts = lists.map(({ firstMs }) => firstMs ?? Infinity);
  const own = lists.filter(({ isHot }) => !isHot);
  const ages = [...agesMs.hot, ...agesMs.own];
  const perList = (of: (list: ListFigures) => number, some: ListFigures[]) => {
    const all = some.map(of);
    return `${Math.max(...all)} / ${Math.min(...all)} = ${(Math.max(...all) / Math.min(...all)).toFixed(1)}`;
  };
  const refusals = [...refused].map(([kind, count]) => `${count.toLocaleString('en')} ${kind}`);
  return [
    ['served fresh', fresh.toLocaleString('en')],
    ['served stale', stale.toLocaleString('en')],
    ['refused', refusals.join(', ') || 'none'],
    ['age: median, 99th', seconds(ages, 0.5, 0.99)],
    ['age of hot lists: median, 99th', seconds(agesMs.hot, 0.5, 0.99)],
    ['age of own lists: median, 99th', seconds(agesMs.own, 0.5, 0.99)],
    ['first response of a list: median, last', seconds(firsts, 0.5, 1)],
    ['lists without a response', String(firsts.filter((ms) => ms === Infinity).length)],
    ['responses of an own list: most / fewest', perList(({ answers }) => answers, own)],
    ['upstream states of an own list: most / fewest', perList(({ refreshes }) => refreshes, own)],
    [
      'upstream states of a hot list: most / fewest',
      perList(
        ({ refreshes }) => refreshes,
        lists.filter(({ isHot }) => isHot),
      ),
    ],
    ['wait when served: median, 99th, longest', seconds(waitsMs, 0.5, 0.99, 1)],
    ['wait when refused: median, 99th, longest', seconds(refusalWaitsMs, 0.5, 0.99, 1)],
    ['`retryAfterMs`: median, longest', seconds(figures.retryAfterMs, 0.5, 1)],
    [
      'served when back after `retryAfterMs`',
      returned === 0
        ? '–'
        : `${returnedServed.toLocaleString('en')} of ${returned.toLocaleString('en')} (${((100 * returnedServed) / returned).toFixed(1)} %)`,
    ],
  ];
}

function seconds(valuesMs: number[], ...shares: number[]): string {
  const sorted = valuesMs.toSorted((one, other) => one - other);
  return shares
    .map((share) => `${((sorted[Math.floor(share * (sorted.length - 1))] ?? 0) / 1000).toFixed(1)} s`)
    .join(', ');
}
