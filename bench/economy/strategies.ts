import DataLoader from 'dataloader';
import { withQuota } from '../../src/quota/withQuota.ts';
import { createQuota } from '../../src/quota/quota.ts';
import { limitsFor } from '../../src/quota/presets.ts';
import { createCache } from '../../test/support/cache.ts';
import { createLoaders } from '../../src/loaders/loaders.ts';
import { createListMemory } from '../../src/loaders/list.ts';
import type { Clock } from '../../src/core/clock.ts';
import type { PipelineRun } from '../../src/core/domain.ts';
import type { UpstreamResult, CallContext, Page, Upstream } from '../../src/core/upstream.ts';
import type { WindowRequest } from '../../src/core/window.ts';
import { withRetries } from '../../src/upstream/withRetries.ts';
import type { Ask, List, Shown } from './workload.ts';

/** A strategy that turns operations into upstream calls. */
export interface Strategy {
  name: string;
  createAsk(client: Upstream, clock: Clock): Ask;
}

export const FRESH_MS = 5000;
export const PAGE_SIZE = 100;

export const strategies: readonly Strategy[] = [
  { name: 'naive resolvers', createAsk: (client, clock) => askingFor(createRead(client, clock), false) },
  {
    name: 'a DataLoader per request',
    createAsk: (client, clock) => askingFor(createRead(client, clock), true),
  },
  {
    name: 'a flat cache of 5 s',
    createAsk: (client, clock) => askingFor(flatCache(createRead(client, clock), clock), true),
  },
  { name: 'this gateway', createAsk: gateway },
];

type RunPage = UpstreamResult<Page<PipelineRun>>;
type Read = (page: { list: List; number: number; size: number }) => Promise<RunPage>;

/** Every window is a page of the upstream of its own size; the caller gets every upstream response, including errors. */
function askingFor(read: Read, hasLoader: boolean): Ask {
  return async (list, windows) => {
    const loader = new DataLoader<{ number: number; size: number }, RunPage, string>(
      (pages) => Promise.all(pages.map((page) => read({ list, ...page }))),
      { cacheKeyFn: ({ number, size }) => `${number}/${size}`, cache: hasLoader },
    );
    const pages = windows.map((window) => pageOf(window));
    const shown = await Promise.all(
      pages.map((page) => (hasLoader ? loader.load(page) : read({ list, ...page }))),
    );
    const [last] = shown.slice(-1);
    const { number, size } = pages.at(-1) ?? { number: 1, size: 1 };
    const hasNextPage = number * size < (last?.value.totalCount ?? 0);
    return { asOf: Math.min(...shown.map(({ asOf }) => asOf)), endCursor: String(number), hasNextPage };
  };
}

/** The cursor of these strategies is the number of the last page shown. */
function pageOf(window: WindowRequest): { number: number; size: number } {
  if (window.by === 'offset') return { number: window.offset / window.count + 1, size: window.count };
  return { number: Number(window.after ?? 0) + 1, size: window.count };
}

function createRead(client: Upstream, clock: Clock): Read {
  return ({ list, number, size }) =>
    client.call('ListPipelineRuns', { ...list, pageNumber: number, pageSize: size }, contextOf(clock));
}

/** What many services do: cache each response for a fixed time by its exact parameters. */
function flatCache(read: Read, clock: Clock): Read {
  const cached = new Map<string, RunPage>();
  return async (page) => {
    const key = JSON.stringify(page);
    const known = cached.get(key);
    if (known && clock.now() - known.asOf < FRESH_MS) return known;
    const answer = await read(page);
    cached.set(key, answer);
    return answer;
  };
}

function gateway(client: Upstream, clock: Clock): Ask {
  const quota = createQuota({ limits: limitsFor('standard'), clock });
  const { upstream, view } = createCache(withRetries(withQuota(client, quota), { clock }), {
    clock,
    freshMs: FRESH_MS,
  });
  return async (list, windows): Promise<Shown> => {
    const loaders = createLoaders(
      upstream,
      { view, memory: createListMemory(PAGE_SIZE, clock), mayRead: () => true },
      contextOf(clock),
    );
    const shown = await Promise.all(windows.map((window) => loaders.runs(list).read(window)));
    const last = shown.at(-1);
    return {
      asOf: Math.min(...shown.map(({ asOf }) => asOf)),
      endCursor: last?.nodes.length ? last.cursorAt(last.nodes.length - 1) : null,
      hasNextPage: last?.hasNextPage ?? false,
    };
  };
}

function contextOf(clock: Clock): CallContext {
  return { deadline: clock.now() + 10_000, priority: 'interactive', report: () => undefined };
}
