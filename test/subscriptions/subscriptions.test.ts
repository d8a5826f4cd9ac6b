import { describe, expect, test } from '@jest/globals';
import { cached } from '../../src/cache/cached.ts';
import type { Pace } from '../../src/cache/freshness.ts';
import { changesBetween } from '../../src/subscriptions/runChanges.ts';
import { listDifferences } from '../../src/subscriptions/listChanges.ts';
import { createSubscriptionSource } from '../../src/subscriptions/subscriptionSource.ts';
import type { SubscriptionSource } from '../../src/graphql/subscriptionSource.ts';
import type { SubscriptionLimits } from '../../src/subscriptions/subscriptionLimiter.ts';
import type { PipelineRun, PipelineRunStage } from '../../src/core/domain.ts';
import type { CallContext, Page, Upstream } from '../../src/core/upstream.ts';
import { createFakeUpstream, type FakeUpstream, pageOf, runOf } from '../support/fakeUpstream.ts';
import { createVirtualClock, type VirtualClock } from '../support/virtualClock.ts';

const FRESH_MS = 5000;
const IDLE_MS = 30_000;
const KEY = { projectId: '1', runId: 'a' };
const LIST = { projectId: '1', filter: {} };

describe('news of a run', () => {
  test('begin with the present state, tell every step, and end when the run is finished', async () => {
    const scene = createScene([runOf('a', 'INIT', { stages: [stageOf('DEV', 'INIT')] })]);
    const news = listen(scene.live.run(KEY, 'ana'));
    await scene.clock.advance(0);
    for (const status of ['RUNNING', 'SUCCEEDED'] as const) {
      scene.runs = [runOf('a', status, { stages: [stageOf('DEV', status)] })];
      await scene.clock.advance(FRESH_MS);
    }
    expect(news.told.map(({ kind, run, changes }) => [kind, run.status, changes])).toEqual([
      ['PRESENT', 'INIT', []],
      ['CHANGED', 'RUNNING', [statusChange(null, 'INIT', 'RUNNING'), statusChange('DEV', 'INIT', 'RUNNING')]],
      [
        'CHANGED',
        'SUCCEEDED',
        [statusChange(null, 'RUNNING', 'SUCCEEDED'), statusChange('DEV', 'RUNNING', 'SUCCEEDED')],
      ],
    ]);
    expect(news.end).toBe('complete');
    expect(scene.upstream.calls).toHaveLength(3);
    expect(scene.live.counts()).toEqual({ subscriptions: 0, pollers: 0 });
    expect(scene.clock.pendingTimers()).toBe(0);
  });

  test('cost the same for a hundred as for one', async () => {
    const scene = createScene([running('a')]);
    const all = Array.from({ length: 100 }, () => listen(scene.live.run(KEY, 'ana')));
    await scene.clock.advance(3 * FRESH_MS);
    scene.runs = [runOf('a', 'FAILED')];
    await scene.clock.advance(FRESH_MS);
    expect(all.map(({ told, end }) => [told.length, end])).toEqual(all.map(() => [2, 'complete']));
    expect(scene.upstream.calls).toHaveLength(5);
  });

  test('are what the cache has where others have read it, and are for others what they have read', async () => {
    const scene = createScene([running('a')]);
    await scene.ask();
    const news = listen(scene.live.run(KEY, 'ana'));
    await scene.clock.advance(0);
    expect(news.told).toHaveLength(1);
    await scene.clock.advance(FRESH_MS);
    await scene.ask();
    expect(scene.upstream.calls).toHaveLength(2);
    news.stop();
  });

  test('are polled for after all other calls, each within a time of its own', async () => {
    const scene = createScene([running('a')]);
    const news = listen(scene.live.run(KEY, 'ana'));
    await scene.clock.advance(2 * FRESH_MS);
    const now = scene.clock.now();
    expect(scene.contexts.map(({ priority, deadline }) => [priority, deadline - now])).toEqual([
      ['polling', 0],
      ['polling', FRESH_MS],
      ['polling', 2 * FRESH_MS],
    ]);
    news.stop();
  });

  test('are polled for seldom while no stage runs and nothing has changed for a minute', async () => {
    const scene = createScene([runOf('a', 'RUNNING', { stages: [stageOf('PROD', 'INIT')] })]);
    const news = listen(scene.live.run(KEY, 'ana'));
    await scene.clock.advance(60_000);
    expect(scene.upstream.newCalls()).toHaveLength(13);
    await scene.clock.advance(10 * IDLE_MS);
    expect(scene.upstream.newCalls()).toHaveLength(10);
    news.stop();
  });

  test('are polled for no more often than an allowance lets the cache be fresh', async () => {
    const hour = 3_600_000;
    const scene = createScene([running('a')], { paces: [{ left: 10, untilTurnMs: hour }] });
    const news = listen(scene.live.run(KEY, 'ana'));
    await scene.clock.advance(hour / 2);
    // Freshness comes to an hour by eight tenths of ten calls.
    expect(scene.upstream.calls).toHaveLength(1 + Math.floor(hour / 2 / (hour / 8)));
    expect(news.told.map(({ staleBecause }) => staleBecause).slice(0, 2)).toEqual([null, 'BUDGET']);
    news.stop();
  });

  test('end with their poller when the last has gone; a call on the wire ends in the cache', async () => {
    const scene = createScene([running('a')]);
    const [one, other] = [listen(scene.live.run(KEY, 'ana')), listen(scene.live.run(KEY, 'ben'))];
    await scene.clock.advance(0);
    one.stop();
    scene.upstream.hold();
    await scene.clock.advance(FRESH_MS);
    expect(scene.upstream.held[0]!.context.signal?.aborted).toBe(false);
    other.stop();
    await scene.clock.advance(0);
    expect(scene.upstream.held[0]!.context.signal?.aborted).toBe(false);
    expect([one.end, other.end]).toEqual(['complete', 'complete']);
    scene.upstream.held[0]!.answer();
    await scene.clock.advance(0);
    expect(await scene.ask()).toMatchObject({ asOf: scene.clock.now(), staleBecause: null });
    scene.upstream.newCalls();
    await scene.clock.advance(10 * IDLE_MS);
    expect(scene.upstream.newCalls()).toEqual([]);
    expect(scene.live.counts()).toEqual({ subscriptions: 0, pollers: 0 });
  });

  test('that nobody reads arrive as one, from what was told last to what is', async () => {
    const scene = createScene([runOf('a', 'INIT')]);
    const slow = scene.live.run(KEY, 'ana');
    const fast = listen(scene.live.run(KEY, 'ben'));
    expect((await slow.next()).value?.run.status).toBe('INIT');
    for (const status of ['RUNNING', 'FAILED'] as const) {
      scene.runs = [runOf('a', status)];
      await scene.clock.advance(FRESH_MS);
    }
    expect(fast.told.map(({ run }) => run.status)).toEqual(['INIT', 'RUNNING', 'FAILED']);
    expect((await slow.next()).value?.changes).toEqual([statusChange(null, 'INIT', 'FAILED')]);
    expect(await slow.next()).toEqual({ done: true, value: undefined });
  });

  test('are told as stale, once, while polls fail, and as fresh again after', async () => {
    const scene = createScene([running('a')]);
    const news = listen(scene.live.run(KEY, 'ana'));
    await scene.clock.advance(0);
    const readAt = scene.clock.now();
    scene.upstream.failWith('throttled');
    await scene.clock.advance(10 * FRESH_MS);
    scene.upstream.failWith(null);
    await scene.clock.advance(IDLE_MS);
    expect(news.told.map(({ kind, asOf, staleBecause }) => [kind, asOf === readAt, staleBecause])).toEqual([
      ['PRESENT', true, null],
      ['PRESENT', true, 'BUDGET'],
      ['PRESENT', false, null],
    ]);
    expect(news.end).toBeNull();
    news.stop();
  });

  test('end with the error where the first state cannot be had, or the right to it is gone', async () => {
    const scene = createScene([running('a')]);
    scene.upstream.failWith('unavailable');
    const first = listen(scene.live.run(KEY, 'ana'));
    await scene.clock.advance(0);
    expect(first.end).toMatchObject({ kind: 'unavailable' });
    scene.upstream.failWith(null);
    const second = listen(scene.live.run(KEY, 'ana'));
    await scene.clock.advance(0);
    scene.upstream.failWith('forbidden');
    await scene.clock.advance(FRESH_MS);
    expect(second.end).toMatchObject({ kind: 'forbidden' });
    expect(scene.live.counts()).toEqual({ subscriptions: 0, pollers: 0 });
    expect(scene.clock.pendingTimers()).toBe(0);
  });

  test('of a run that never was are refused, and those of one that goes end with it', async () => {
    const scene = createScene([running('a')]);
    const none = listen(scene.live.run({ projectId: '1', runId: 'none' }, 'ana'));
    const news = listen(scene.live.run(KEY, 'ana'));
    await scene.clock.advance(0);
    expect(none.end).toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } });
    scene.runs = [];
    await scene.clock.advance(FRESH_MS);
    expect(news.told.map(({ kind, run }) => [kind, run.runId])).toEqual([
      ['PRESENT', 'a'],
      ['REMOVED', 'a'],
    ]);
    expect(news.end).toBe('complete');
  });

  test('do not go back when the wall clock does', async () => {
    const scene = createScene([runOf('a', 'INIT')]);
    const news = listen(scene.live.run(KEY, 'ana'));
    await scene.clock.advance(0);
    scene.clock.jump(-3_600_000);
    scene.runs = [runOf('a', 'FAILED')];
    await scene.clock.advance(FRESH_MS);
    expect(news.told.map(({ run }) => run.status)).toEqual(['INIT', 'FAILED']);
  });

  test.each([
    ['a caller', 'LIVE_MAX_PER_CALLER', ['ana', 'ana', 'ana']],
    ['all', 'LIVE_MAX', ['ana', 'ana', 'ben', 'cid', 'dan']],
  ])('are for a bounded number of subscriptions of %s', async (_, setting, callers) => {
    const scene = createScene([running('a')], { limits: { perCaller: 2, inAll: 4 } });
    const within = callers.slice(0, -1).map((caller) => listen(scene.live.run(KEY, caller)));
    const oneMore = () => scene.live.run(KEY, callers.at(-1)!);
    expect(oneMore).toThrow(setting);
    within[0]!.stop();
    await scene.clock.advance(0);
    const news = listen(oneMore());
    for (const { stop } of [...within, news]) stop();
    await scene.clock.advance(0);
    expect(scene.live.counts()).toEqual({ subscriptions: 0, pollers: 0 });
  });
});

describe('news of a list', () => {
  test('tell what came, what changed and what went, with one call a poll', async () => {
    const scene = createScene([running('b'), runOf('a')]);
    const news = listen(scene.live.runs(LIST, 'ana'));
    await scene.clock.advance(0);
    scene.runs = [runOf('c', 'INIT'), runOf('b', 'FAILED')];
    await scene.clock.advance(FRESH_MS);
    expect(news.told.map(({ updates, totalCount }) => [totalCount, ...updates.map(inShort)])).toEqual([
      [2, 'PRESENT b RUNNING', 'PRESENT a SUCCEEDED'],
      [2, 'ADDED c INIT', 'CHANGED b FAILED', 'REMOVED a SUCCEEDED'],
    ]);
    expect(scene.upstream.calls).toEqual(['ListPipelineRuns 1', 'ListPipelineRuns 1']);
    news.stop();
  });

  test('are of one poller a filter', async () => {
    const scene = createScene([running('a')]);
    const filters = [{}, {}, { creator: 'c' }, { status: 'RUNNING' } as const];
    const all = filters.map((filter) => listen(scene.live.runs({ projectId: '1', filter }, 'ana')));
    await scene.clock.advance(0);
    expect(scene.live.counts()).toEqual({ subscriptions: 4, pollers: 3 });
    for (const { stop } of all) stop();
  });
});

describe('what happened to a list', () => {
  const page = (ids: string, totalCount: number): Page<PipelineRun> => ({
    ...pageOf(
      Array.from(ids, (id) => runOf(id)),
      { pageNumber: 1, pageSize: 4 },
    ),
    totalCount,
  });

  test.each([
    ['nothing', 'dcba', 4, 'dcba', 4, []],
    ['runs at the head push others off the page', 'dcba', 9, 'fedc', 11, ['ADDED f', 'ADDED e']],
    ['a run that goes lets another move up', 'dcba', 9, 'dba_', 8, ['REMOVED c']],
    ['a run that goes from a list that the page shows whole', 'cba', 3, 'ba', 2, ['REMOVED c']],
    ['the last run goes from it', 'cba', 3, 'cb', 2, ['REMOVED a']],
    ['a run comes into the middle, as under a filter', 'dca', 3, 'dcba', 4, ['ADDED b']],
    ['the first run comes', '', 0, 'a', 1, ['ADDED a']],
    ['all go', 'a', 1, '', 0, ['REMOVED a']],
    ['more come than the page holds', 'dcba', 9, 'hgfe', 13, ['ADDED h', 'ADDED g', 'ADDED f', 'ADDED e']],
  ])('%s', (_, before, countBefore, after, countAfter, steps) => {
    const found = listDifferences(page(before, countBefore), page(after, countAfter));
    expect(found.map(({ kind, run }) => `${kind} ${run.runId}`)).toEqual(steps);
  });
});

describe('what changed about a run', () => {
  test('is nothing where DataWorks only spells a status in its other way', () => {
    const stages = [stageOf('DEV', 'RUNNING')];
    const run = runOf('a', 'RUNNING', { stages });
    const same = { ...run, rawStatus: 'Running', stages: [{ ...stages[0]!, rawStatus: 'Running' }] };
    expect(changesBetween(run, same)).toEqual([]);
    const unknown = { ...run, status: 'UNKNOWN', rawStatus: 'Paused' } as const;
    expect(changesBetween(unknown, { ...unknown, rawStatus: 'Halted' })).toEqual([fieldChange('rawStatus')]);
  });

  test('names stages that are new, gone or say something else', () => {
    const before = runOf('a', 'RUNNING', { stages: [stageOf('DEV', 'RUNNING'), stageOf('PROD', 'INIT', 2)] });
    const stages = [{ ...stageOf('DEV', 'RUNNING'), message: 'Wait.' }, stageOf('QA', 'INIT', 3)];
    expect(changesBetween(before, { ...before, message: 'Soon.', stages })).toEqual([
      fieldChange('message'),
      fieldChange('message', 'DEV'),
      statusChange('QA', null, 'INIT'),
      statusChange('PROD', 'INIT', null),
    ]);
  });
});

interface Scene {
  clock: VirtualClock;
  live: SubscriptionSource;
  upstream: FakeUpstream;
  /** As the upstream has them now. */
  runs: PipelineRun[];
  contexts: CallContext[];
  /** As a query does. */
  ask(): Promise<unknown>;
}

function createScene(
  runs: PipelineRun[],
  {
    paces = [],
    limits = { perCaller: 100, inAll: 1000 },
  }: { paces?: Pace[]; limits?: SubscriptionLimits } = {},
): Scene {
  const clock = createVirtualClock();
  const upstream = createFakeUpstream(clock, {
    GetPipelineRun: ({ runId }) => scene.runs.find((run) => run.runId === runId) ?? null,
    ListPipelineRuns: (page) => pageOf(scene.runs, page),
  });
  const contexts: CallContext[] = [];
  const watched: Upstream = {
    call(action, params, context) {
      contexts.push({ ...context, priority: context.priority });
      return upstream.call(action, params, context);
    },
  };
  const report = () => undefined;
  const cache = cached(watched, {
    clock,
    freshMs: FRESH_MS,
    staleMs: 600_000,
    maxBytes: 1e7,
    patienceMs: 10_000,
    paces: () => paces,
    report,
  });
  const live = createSubscriptionSource(cache, {
    clock,
    limits,
    pageSize: 100,
    fastMs: FRESH_MS,
    slowMs: IDLE_MS,
    deadlineMs: 10_000,
    report,
  });
  const asks: CallContext = { priority: 'interactive', deadline: Infinity, report };
  const scene: Scene = {
    clock,
    live,
    upstream,
    runs,
    contexts,
    ask: () => cache.call('GetPipelineRun', KEY, { ...asks, deadline: clock.now() + 10_000 }),
  };
  return scene;
}

interface Listening<News> {
  told: News[];
  /** How it ended: null while it has not. */
  end: unknown;
  stop: () => void;
}

/** Reads all there is, at once. */
function listen<News>(source: AsyncIterableIterator<News, undefined>): Listening<News> {
  const listening: Listening<News> = { told: [], end: null, stop: () => void source.return?.() };
  async function read(): Promise<void> {
    for await (const news of source) listening.told.push(news);
  }
  read().then(
    () => (listening.end = 'complete'),
    (error: unknown) => (listening.end = error),
  );
  return listening;
}

function running(runId: string): PipelineRun {
  return runOf(runId, 'RUNNING', { stages: [stageOf('DEV', 'RUNNING')] });
}

function stageOf(code: string, status: PipelineRunStage['status'], step = 1): PipelineRunStage {
  const texts = { name: null, description: null, message: null, detail: null };
  return { code, step, type: 'DEPLOY', rawType: 'Deploy', status, rawStatus: status, ...texts };
}

function statusChange(stage: string | null, before: string | null, after: string | null) {
  return { field: 'status', stage, before, after };
}

function fieldChange(field: string, stage: string | null = null) {
  return { field, stage, before: null, after: null };
}

function inShort({ kind, run }: { kind: string; run: PipelineRun }): string {
  return `${kind} ${run.runId} ${run.status}`;
}
