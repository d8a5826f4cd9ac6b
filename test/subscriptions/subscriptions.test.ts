import { describe, expect, test } from '@jest/globals';
import type { Allowance } from '../../src/cache/demand.ts';
import { changesBetween, listDifferences } from '../../src/subscriptions/changes.ts';
import { createSteadyClock } from '../../src/core/clock.ts';
import {
  createSubscriptionSource,
  type SubscriptionSourceOptions,
} from '../../src/subscriptions/subscriptionSource.ts';
import type { SubscriptionSource } from '../../src/graphql/updates.ts';
import type { PipelineRun, PipelineRunStage } from '../../src/core/domain.ts';
import type { CallContext, Page, Upstream } from '../../src/core/upstream.ts';
import { createCache } from '../support/cache.ts';
import { createFakeUpstream, type FakeUpstream, pageOf, runOf } from '../support/fakeUpstream.ts';
import { createVirtualClock, type VirtualClock } from '../support/virtualClock.ts';

const FRESH_MS = 5000;
const IDLE_MS = 30_000;
const KEY = { projectId: '1', runId: 'a' };
const LIST = { projectId: '1', filter: {} };

describe('a subscription to a run', () => {
  test('yields the current state, then every change, and completes when the run is finished', async () => {
    const scene = createScene([runOf('a', 'INIT', { stages: [stageOf('DEV', 'INIT')] })]);
    const subscription = listen(scene.source.run(KEY, 'ana', 1));
    await scene.clock.advance(0);
    for (const status of ['RUNNING', 'SUCCEEDED'] as const) {
      scene.runs = [runOf('a', status, { stages: [stageOf('DEV', status)] })];
      await scene.clock.advance(FRESH_MS);
    }
    expect(subscription.received.map(({ kind, run, changes }) => [kind, run.status, changes])).toEqual([
      ['PRESENT', 'INIT', []],
      ['CHANGED', 'RUNNING', [statusChange(null, 'INIT', 'RUNNING'), statusChange('DEV', 'INIT', 'RUNNING')]],
      [
        'CHANGED',
        'SUCCEEDED',
        [statusChange(null, 'RUNNING', 'SUCCEEDED'), statusChange('DEV', 'RUNNING', 'SUCCEEDED')],
      ],
    ]);
    expect(subscription.end).toBe('complete');
    expect(scene.upstream.calls).toHaveLength(3);
    expect(scene.source.counts()).toEqual({ subscriptions: 0, pollers: 0 });
    expect(scene.clock.pendingTimers()).toBe(0);
  });

  test('costs the same number of calls for a hundred listeners as for one', async () => {
    const scene = createScene([running('a')]);
    const all = Array.from({ length: 100 }, () => listen(scene.source.run(KEY, 'ana', 1)));
    await scene.clock.advance(3 * FRESH_MS);
    scene.runs = [runOf('a', 'FAILED')];
    await scene.clock.advance(FRESH_MS);
    expect(all.map(({ received, end }) => [received.length, end])).toEqual(all.map(() => [2, 'complete']));
    expect(scene.upstream.calls).toHaveLength(5);
  });

  test('uses fresh values from the cache, and queries use the values that it reads', async () => {
    const scene = createScene([running('a')]);
    await scene.query();
    const subscription = listen(scene.source.run(KEY, 'ana', 1));
    await scene.clock.advance(0);
    expect(subscription.received).toHaveLength(1);
    await scene.clock.advance(FRESH_MS);
    await scene.query();
    expect(scene.upstream.calls).toHaveLength(2);
    subscription.stop();
  });

  test('polls at the lowest priority, with a new deadline for each poll', async () => {
    const scene = createScene([running('a')]);
    const subscription = listen(scene.source.run(KEY, 'ana', 1));
    await scene.clock.advance(2 * FRESH_MS);
    const now = scene.clock.now();
    expect(scene.contexts.map(({ priority, deadline }) => [priority, deadline - now])).toEqual([
      ['polling', 0],
      ['polling', FRESH_MS],
      ['polling', 2 * FRESH_MS],
    ]);
    subscription.stop();
  });

  test('polls at the slow interval while no stage runs and nothing has changed for a minute', async () => {
    const scene = createScene([runOf('a', 'RUNNING', { stages: [stageOf('PROD', 'INIT')] })]);
    const subscription = listen(scene.source.run(KEY, 'ana', 1));
    await scene.clock.advance(60_000);
    expect(scene.upstream.newCalls()).toHaveLength(13);
    await scene.clock.advance(10 * IDLE_MS);
    expect(scene.upstream.newCalls()).toHaveLength(10);
    subscription.stop();
  });

  test('polls no more often than the freshness that the quota stretches', async () => {
    const hour = 3_600_000;
    const scene = createScene([running('a')], { allowances: [{ left: 10, resetsInMs: hour }] });
    const subscription = listen(scene.source.run(KEY, 'ana', 1));
    await scene.clock.advance(hour / 2);
    // Eight tenths of ten calls in an hour.
    expect(scene.upstream.calls).toHaveLength(1 + Math.floor(hour / 2 / (hour / 8)));
    expect(subscription.received.map(({ staleBecause }) => staleBecause).slice(0, 2)).toEqual([
      null,
      'BUDGET',
    ]);
    subscription.stop();
  });

  test('ends its poller with the last listener; a call in flight still fills the cache', async () => {
    const scene = createScene([running('a')]);
    const [one, other] = [listen(scene.source.run(KEY, 'ana', 1)), listen(scene.source.run(KEY, 'ben', 1))];
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
    expect(await scene.query()).toMatchObject({ asOf: scene.clock.now(), staleBecause: null });
    scene.upstream.newCalls();
    await scene.clock.advance(10 * IDLE_MS);
    expect(scene.upstream.newCalls()).toEqual([]);
    expect(scene.source.counts()).toEqual({ subscriptions: 0, pollers: 0 });
  });

  test('merges unread changes into one event, from the last received state to the current one', async () => {
    const scene = createScene([runOf('a', 'INIT')]);
    const slow = scene.source.run(KEY, 'ana', 1);
    const fast = listen(scene.source.run(KEY, 'ben', 1));
    expect((await slow.next()).value?.run.status).toBe('INIT');
    for (const status of ['RUNNING', 'FAILED'] as const) {
      scene.runs = [runOf('a', status)];
      await scene.clock.advance(FRESH_MS);
    }
    expect(fast.received.map(({ run }) => run.status)).toEqual(['INIT', 'RUNNING', 'FAILED']);
    expect((await slow.next()).value?.changes).toEqual([statusChange(null, 'INIT', 'FAILED')]);
    expect(await slow.next()).toEqual({ done: true, value: undefined });
  });

  test('labels its state as stale once while polls fail, and as fresh again afterwards', async () => {
    const scene = createScene([running('a')]);
    const subscription = listen(scene.source.run(KEY, 'ana', 1));
    await scene.clock.advance(0);
    const readAt = scene.clock.now();
    scene.upstream.failWith('throttled');
    await scene.clock.advance(10 * FRESH_MS);
    scene.upstream.failWith(null);
    await scene.clock.advance(IDLE_MS);
    expect(
      subscription.received.map(({ kind, asOf, staleBecause }) => [kind, asOf === readAt, staleBecause]),
    ).toEqual([
      ['PRESENT', true, null],
      ['PRESENT', true, 'BUDGET'],
      ['PRESENT', false, null],
    ]);
    expect(subscription.end).toBeNull();
    subscription.stop();
  });

  test('rejects if the first state is unavailable or the right to read it is lost', async () => {
    const scene = createScene([running('a')]);
    scene.upstream.failWith('unavailable');
    const first = listen(scene.source.run(KEY, 'ana', 1));
    await scene.clock.advance(0);
    expect(first.end).toMatchObject({ kind: 'unavailable' });
    scene.upstream.failWith(null);
    const second = listen(scene.source.run(KEY, 'ana', 1));
    await scene.clock.advance(0);
    scene.upstream.failWith('forbidden');
    await scene.clock.advance(FRESH_MS);
    expect(second.end).toMatchObject({ kind: 'forbidden' });
    expect(scene.source.counts()).toEqual({ subscriptions: 0, pollers: 0 });
    expect(scene.clock.pendingTimers()).toBe(0);
  });

  test('is rejected for a run that does not exist, and completes when the run is deleted', async () => {
    const scene = createScene([running('a')]);
    const none = listen(scene.source.run({ projectId: '1', runId: 'none' }, 'ana', 1));
    const subscription = listen(scene.source.run(KEY, 'ana', 1));
    await scene.clock.advance(0);
    expect(none.end).toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } });
    scene.runs = [];
    await scene.clock.advance(FRESH_MS);
    expect(subscription.received.map(({ kind, run }) => [kind, run.runId])).toEqual([
      ['PRESENT', 'a'],
      ['REMOVED', 'a'],
    ]);
    expect(subscription.end).toBe('complete');
  });

  test('does not go back when the wall clock does', async () => {
    const scene = createScene([runOf('a', 'INIT')]);
    const subscription = listen(scene.source.run(KEY, 'ana', 1));
    await scene.clock.advance(0);
    scene.clock.jump(-3_600_000);
    scene.runs = [runOf('a', 'FAILED')];
    await scene.clock.advance(FRESH_MS);
    expect(subscription.received.map(({ run }) => run.status)).toEqual(['INIT', 'FAILED']);
  });

  test.each([
    ['of a caller', 'LIVE_MAX_PER_CALLER', ['ana', 'ana', 'ana']],
    ['in all', 'LIVE_MAX', ['ana', 'ana', 'ben', 'cid', 'dan']],
  ])('is rejected beyond the limit %s', async (_, setting, callers) => {
    const scene = createScene([running('a')], { limits: { perCaller: 2, inAll: 4, objectsPerCaller: 100 } });
    const within = callers.slice(0, -1).map((caller) => listen(scene.source.run(KEY, caller, 1)));
    const oneMore = () => scene.source.run(KEY, callers.at(-1)!, 1);
    expect(oneMore).toThrow(setting);
    within[0]!.stop();
    await scene.clock.advance(0);
    const subscription = listen(oneMore());
    for (const { stop } of [...within, subscription]) stop();
    await scene.clock.advance(0);
    expect(scene.source.counts()).toEqual({ subscriptions: 0, pollers: 0 });
  });
});

describe('a subscription to a list', () => {
  test('reports added, changed and removed runs with one call a poll', async () => {
    const scene = createScene([running('b'), runOf('a')]);
    const subscription = listen(scene.source.runs(LIST, 'ana', 1));
    await scene.clock.advance(0);
    scene.runs = [runOf('c', 'INIT'), runOf('b', 'FAILED')];
    await scene.clock.advance(FRESH_MS);
    expect(
      subscription.received.map(({ updates, totalCount }) => [totalCount, ...updates.map(summaryOf)]),
    ).toEqual([
      [2, 'PRESENT b RUNNING', 'PRESENT a SUCCEEDED'],
      [2, 'ADDED c INIT', 'CHANGED b FAILED', 'REMOVED a SUCCEEDED'],
    ]);
    expect(scene.upstream.calls).toEqual(['ListPipelineRuns 1', 'ListPipelineRuns 1']);
    subscription.stop();
  });

  test('has one poller for each filter', async () => {
    const scene = createScene([running('a')]);
    const filters = [{}, {}, { creator: 'c' }, { status: 'RUNNING' } as const];
    const all = filters.map((filter) => listen(scene.source.runs({ projectId: '1', filter }, 'ana', 1)));
    await scene.clock.advance(0);
    expect(scene.source.counts()).toEqual({ subscriptions: 4, pollers: 3 });
    for (const { stop } of all) stop();
  });
});

describe('differences of a list', () => {
  const page = (ids: string, totalCount: number): Page<PipelineRun> => ({
    ...pageOf(
      Array.from(ids, (id) => runOf(id)),
      { pageNumber: 1, pageSize: 4 },
    ),
    totalCount,
  });

  test.each([
    ['no difference', 'dcba', 4, 'dcba', 4, []],
    ['new runs move others off the page', 'dcba', 9, 'fedc', 11, ['ADDED f', 'ADDED e']],
    ['a removed run lets another move up', 'dcba', 9, 'dba_', 8, ['REMOVED c']],
    ['a run is removed from a list of one page', 'cba', 3, 'ba', 2, ['REMOVED c']],
    ['the last run of it is removed', 'cba', 3, 'cb', 2, ['REMOVED a']],
    ['a run is added in the middle, as with a filter', 'dca', 3, 'dcba', 4, ['ADDED b']],
    ['the first run is added', '', 0, 'a', 1, ['ADDED a']],
    ['all are removed', 'a', 1, '', 0, ['REMOVED a']],
    [
      'more are added than the page holds',
      'dcba',
      9,
      'hgfe',
      13,
      ['ADDED h', 'ADDED g', 'ADDED f', 'ADDED e'],
    ],
  ])('%s', (_, before, countBefore, after, countAfter, steps) => {
    const found = listDifferences(page(before, countBefore), page(after, countAfter));
    expect(found.map(({ kind, run }) => `${kind} ${run.runId}`)).toEqual(steps);
  });
});

describe('changes of a run', () => {
  test('do not include the other spelling of the same status', () => {
    const stages = [stageOf('DEV', 'RUNNING')];
    const run = runOf('a', 'RUNNING', { stages });
    const same = { ...run, rawStatus: 'Running', stages: [{ ...stages[0]!, rawStatus: 'Running' }] };
    expect(changesBetween(run, same)).toEqual([]);
    const unknown = { ...run, status: 'UNKNOWN', rawStatus: 'Paused' } as const;
    expect(changesBetween(unknown, { ...unknown, rawStatus: 'Halted' })).toEqual([fieldChange('rawStatus')]);
  });

  test('include new, removed and changed stages', () => {
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
  source: SubscriptionSource;
  upstream: FakeUpstream;
  /** The current runs of the upstream. */
  runs: PipelineRun[];
  contexts: CallContext[];
  /** Reads the run as a query does. */
  query(): Promise<unknown>;
}

function createScene(
  runs: PipelineRun[],
  {
    allowances = [],
    limits = { perCaller: 100, inAll: 1000, objectsPerCaller: 1000 },
  }: { allowances?: Allowance[]; limits?: SubscriptionSourceOptions['limits'] } = {},
): Scene {
  const clock = createVirtualClock();
  const steady = createSteadyClock(clock);
  const upstream = createFakeUpstream(steady, {
    GetPipelineRun: ({ runId }) => scene.runs.find((run) => run.runId === runId) ?? null,
    ListPipelineRuns: (page) => pageOf(scene.runs, page),
  });
  const contexts: CallContext[] = [];
  const recording: Upstream = {
    call(action, params, context) {
      contexts.push({ ...context, priority: context.priority, deadline: context.deadline });
      return upstream.call(action, params, context);
    },
  };
  const report = () => undefined;
  const { upstream: cache } = createCache(recording, {
    clock: steady,
    freshMs: FRESH_MS,
    allowances: () => allowances,
    report,
  });
  const source = createSubscriptionSource(cache, {
    clock: steady,
    limits,
    pageSize: () => 100,
    fastMs: FRESH_MS,
    slowMs: IDLE_MS,
    deadlineMs: 10_000,
    report,
  });
  const context: CallContext = { priority: 'interactive', deadline: Infinity, report };
  const scene: Scene = {
    clock,
    source,
    upstream,
    runs,
    contexts,
    query: () => cache.call('GetPipelineRun', KEY, { ...context, deadline: clock.now() + 10_000 }),
  };
  return scene;
}

interface Listening<Event> {
  received: Event[];
  /** 'complete' or the error; null while it has not ended. */
  end: unknown;
  stop: () => void;
}

/** Reads every event at once. */
function listen<Event>(source: AsyncIterableIterator<Event, undefined>): Listening<Event> {
  const listening: Listening<Event> = { received: [], end: null, stop: () => void source.return?.() };
  async function read(): Promise<void> {
    for await (const subscription of source) listening.received.push(subscription);
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

function summaryOf({ kind, run }: { kind: string; run: PipelineRun }): string {
  return `${kind} ${run.runId} ${run.status}`;
}
