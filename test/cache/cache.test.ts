import { beforeEach, describe, expect, test } from '@jest/globals';
import { createSteadyClock, type SteadyClock } from '../../src/core/clock.ts';
import type { PipelineRun, PipelineRunItem } from '../../src/core/domain.ts';
import type {
  Action,
  Actions,
  CacheView,
  CallContext,
  CallEvent,
  Upstream,
} from '../../src/core/upstream.ts';
import type { UpstreamError } from '../../src/core/upstreamError.ts';
import { createCache } from '../support/cache.ts';
import {
  createFakeUpstream,
  type FakeUpstream,
  type Handlers,
  pageOf,
  runOf,
} from '../support/fakeUpstream.ts';
import { createVirtualClock, type VirtualClock } from '../support/virtualClock.ts';

const freshMs = 5_000;
const staleMs = 600_000;
const DAY = 86_400_000;

let clock: VirtualClock;
let steady: SteadyClock;
let upstream: FakeUpstream;
let handlers: Handlers;
let cache: Upstream;
let view: CacheView;
let runs: PipelineRun[];
let items: PipelineRunItem[];
let events: CallEvent[];
let background: CallEvent[];

beforeEach(() => {
  clock = createVirtualClock();
  steady = createSteadyClock(clock);
  runs = [runOf('new', 'RUNNING'), runOf('old')];
  items = [];
  events = [];
  background = [];
  handlers = {
    ListPipelineRuns: (params) => pageOf(runs, params),
    GetPipelineRun: ({ runId }) => runs.find((run) => run.runId === runId) ?? null,
    ListPipelineRunItems: (params) => pageOf(items, params),
  };
  upstream = createFakeUpstream(steady, handlers);
  ({ upstream: cache, view } = createCache(upstream, {
    clock: steady,
    freshMs,
    staleMs,
    report: (event) => background.push(event),
  }));
});

function context(more: Partial<CallContext> = {}): CallContext {
  return {
    deadline: steady.now() + 10_000,
    priority: 'interactive',
    report: (event) => events.push(event),
    ...more,
  };
}

function call<A extends Action>(action: A, params: Actions[A]['params'], more?: Partial<CallContext>) {
  return cache.call(action, params, context(more));
}

const head = (more?: Partial<CallContext>) =>
  call('ListPipelineRuns', { projectId: '1', filter: {}, pageNumber: 1, pageSize: 10 }, more);
const run = (runId: string, more?: Partial<CallContext>) =>
  call('GetPipelineRun', { projectId: '1', runId }, more);
const project = (...projectIds: string[]) => call('ListProjects', { projectIds });

describe('freshness', () => {
  test.each([
    ['the head of a list', () => head(), freshMs],
    ['an unfinished run', () => run('new'), freshMs],
    ['a run that does not exist', () => run('none'), freshMs],
    ['a finished run', () => run('old'), DAY],
    ['a project', () => project('1'), 300_000],
  ])('%s is answered without a call for as long as it is fresh', async (_, read, forMs) => {
    const first = await read();
    upstream.newCalls();
    await clock.advance(forMs - 1);
    expect(await read()).toEqual(first);
    expect(upstream.newCalls()).toEqual([]);
    await clock.advance(1);
    expect(await read()).toEqual({ ...first, staleBecause: 'REFRESHING' });
    await clock.advance(0);
    expect(upstream.newCalls()).toHaveLength(1);
    expect(await read()).toEqual({ ...first, asOf: clock.now(), staleBecause: null });
  });

  test('items that are all finished are fresh for a day, and others are not', async () => {
    const item: PipelineRunItem = {
      itemId: '1',
      name: null,
      type: 'NODE',
      rawType: 'Node',
      status: 'RUNNING',
      rawStatus: 'Running',
      message: null,
      version: null,
      createTime: null,
      modifyTime: null,
      spec: null,
    };
    const page = (runId: string) =>
      call('ListPipelineRunItems', { projectId: '1', runId, pageNumber: 1, pageSize: 10 });
    items = [{ ...item, status: 'SUCCEEDED' }];
    await page('done');
    items = [{ ...item, status: 'SUCCEEDED' }, item];
    await page('going');
    await clock.advance(freshMs);
    expect((await page('done')).staleBecause).toBeNull();
    expect((await page('going')).staleBecause).toBe('REFRESHING');
  });

  test('the runs of a list are cached one by one', async () => {
    const { asOf } = await head();
    expect(await run('old')).toEqual({ value: runs[1], asOf, staleBecause: null });
    expect(upstream.calls).toEqual(['ListPipelineRuns 1']);
  });

  test('peeking returns what is fresh and makes no call', async () => {
    const params = { projectId: '1', filter: {}, pageNumber: 1, pageSize: 10 };
    expect(view.peek('ListPipelineRuns', params)).toBeNull();
    const answer = await head();
    await project('7');
    expect(view.peek('ListPipelineRuns', params)).toEqual(answer);
    expect(view.peek('ListProjects', { projectIds: ['7'] })?.value.rows).toHaveLength(1);
    expect(view.peek('ListProjects', { projectIds: ['7', '8'] })).toBeNull();
    await clock.advance(freshMs);
    expect(view.peek('ListPipelineRuns', params)).toBeNull();
    await clock.advance(0);
    expect(upstream.calls).toHaveLength(2);
  });
});

describe('past its freshness', () => {
  test('what is known is served at once while one refresh runs in the background', async () => {
    const { asOf } = await head();
    await clock.advance(freshMs);
    upstream.hold();
    const answers = await Promise.all([head(), head(), head()]);
    expect(answers.map((answer) => [answer.asOf, answer.staleBecause])).toEqual(
      Array(3).fill([asOf, 'REFRESHING']),
    );
    await clock.advance(1_000);
    expect((await head()).staleBecause).toBe('REFRESHING');
    expect(upstream.calls).toHaveLength(2);
    expect(upstream.held[0]!.context.priority).toBe('refresh');
    upstream.held[0]!.answer();
    await clock.advance(0);
    expect(await head()).toMatchObject({ asOf: asOf + freshMs, staleBecause: null });
    expect(background).toContainEqual({ type: 'attempt', action: 'ListPipelineRuns' });
    expect(events.filter(({ type }) => type === 'stale')).toHaveLength(4);
  });

  test('nothing is served that is older than the bound, and a caller waits for a new answer', async () => {
    await head();
    await clock.advance(freshMs + staleMs - 1);
    upstream.failWith('unavailable');
    expect((await head()).staleBecause).toBe('REFRESHING');
    await clock.advance(1);
    await expect(head()).rejects.toMatchObject({ kind: 'unavailable' });
    upstream.failWith(null);
    expect(await head()).toMatchObject({ asOf: clock.now(), staleBecause: null });
  });

  test.each([
    ['unavailable', 'UPSTREAM_ERROR'],
    ['timeout', 'UPSTREAM_ERROR'],
    ['throttled', 'BUDGET'],
    ['quotaExhausted', 'BUDGET'],
  ] as const)(
    'a refresh that fails with %s is reported as %s and tried again a second later',
    async (kind, because) => {
      const { asOf } = await head();
      await clock.advance(freshMs);
      upstream.failWith(kind);
      await head();
      await clock.advance(0);
      upstream.newCalls();
      for (let waitedMs = 0; waitedMs < 1_000; waitedMs += 250) {
        expect(await head()).toMatchObject({ asOf, staleBecause: because });
        await clock.advance(250);
      }
      expect(upstream.newCalls()).toEqual([]);
      upstream.failWith(null);
      expect((await head()).staleBecause).toBe(because);
      await clock.advance(0);
      expect(upstream.newCalls()).toEqual(['ListPipelineRuns 1']);
      expect((await head()).staleBecause).toBeNull();
    },
  );

  test('the next try waits for as long as the error says, up to half a minute', async () => {
    await run('new');
    await clock.advance(freshMs);
    upstream.hold();
    await run('new');
    await clock.advance(0);
    upstream.held[0]!.fail('throttled', 3_600_000);
    await clock.advance(29_999);
    await run('new');
    await clock.advance(0);
    expect(upstream.calls).toHaveLength(2);
    await clock.advance(1);
    await run('new');
    await clock.advance(0);
    expect(upstream.calls).toHaveLength(3);
  });

  test('a page without a head is not requested again either while its list cannot be refreshed', async () => {
    runs = Array.from({ length: 30 }, (_, n) => runOf(`r${n}`));
    const deep = () => call('ListPipelineRuns', { projectId: '1', filter: {}, pageNumber: 2, pageSize: 10 });
    await deep();
    await clock.advance(freshMs);
    upstream.failWith('unavailable');
    await deep();
    await clock.advance(0);
    upstream.newCalls();
    expect((await deep()).staleBecause).toBe('UPSTREAM_ERROR');
    await clock.advance(500);
    await deep();
    await clock.advance(0);
    expect(upstream.newCalls()).toEqual([]);
  });
});

describe('errors', () => {
  test('a failure is not cached', async () => {
    upstream.failWith('unavailable');
    await expect(head()).rejects.toMatchObject({ kind: 'unavailable' });
    await expect(run('old')).rejects.toMatchObject({ kind: 'unavailable' });
    await expect(project('1')).rejects.toMatchObject({ kind: 'unavailable' });
    upstream.failWith(null);
    expect((await head()).value.rows).toHaveLength(2);
    expect((await run('old')).value).toEqual(runs[1]);
    expect((await project('1')).value.rows).toHaveLength(1);
  });

  test('a caller that requires a newer answer than the cached one receives the error', async () => {
    await head();
    await clock.advance(10);
    upstream.failWith('unavailable');
    await expect(head({ notBefore: clock.now() })).rejects.toMatchObject({ kind: 'unavailable' });
    expect((await head()).staleBecause).toBeNull();
  });
});

test('peeking does not keep a list from being evicted', async () => {
  ({ upstream: cache, view } = createCache(upstream, { clock: steady, freshMs, staleMs, maxBytes: 5_000 }));
  const listOf = (projectId: string) => ({ projectId, filter: {}, pageNumber: 1, pageSize: 10 });
  runs = [];
  await call('ListPipelineRuns', listOf('1'));
  await call('ListPipelineRuns', listOf('2'));
  expect(view.peek('ListPipelineRuns', listOf('1'))).not.toBeNull();
  await call('ListPipelineRuns', listOf('3'));
  expect(view.peek('ListPipelineRuns', listOf('1'))).toBeNull();
  expect(view.peek('ListPipelineRuns', listOf('2'))).not.toBeNull();
});

describe('when another replica has read a newer answer', () => {
  const params = { projectId: '1', runId: 'old', pageNumber: 1, pageSize: 10 };
  let newestAt: number;

  beforeEach(() => {
    newestAt = -Infinity;
    const newestElsewhere = () => newestAt;
    ({ upstream: cache, view } = createCache(upstream, {
      clock: steady,
      freshMs,
      staleMs,
      maxBytes: 100_000,
      newestElsewhere,
    }));
  });

  test('it is served, and is no hit', async () => {
    await run('new');
    await clock.advance(1);
    newestAt = steady.now();
    events.length = 0;
    runs = [runOf('new', 'FAILED')];
    expect((await run('new')).value?.status).toBe('FAILED');
    expect(events.map(({ type }) => type)).toEqual(['miss', 'attempt']);
  });

  test('it is served if it has fewer rows than requested, which is not cached', async () => {
    await call('ListPipelineRunItems', params);
    await clock.advance(1);
    newestAt = steady.now();
    const smaller = { rows: [], totalCount: 7, pageNumber: 1, pageSize: 5 };
    handlers.ListPipelineRunItems = () => smaller;
    upstream.newCalls();
    expect((await call('ListPipelineRunItems', params)).value).toEqual(smaller);
    expect(upstream.newCalls()).toHaveLength(1);
  });

  test('it is served if it is a smaller page of runs than requested', async () => {
    await head();
    await clock.advance(1);
    newestAt = steady.now();
    const smaller = { rows: [runOf('newer')], totalCount: 7, pageNumber: 1, pageSize: 1 };
    handlers.ListPipelineRuns = () => smaller;
    upstream.newCalls();
    events.length = 0;
    expect((await head()).value).toEqual(smaller);
    expect(upstream.newCalls()).toHaveLength(1);
    expect(events.map(({ type }) => type)).toEqual(['miss', 'attempt']);
  });

  test('it is served if it is too large to be cached', async () => {
    await run('new');
    await clock.advance(1);
    newestAt = steady.now();
    runs = [runOf('new', 'RUNNING', { message: 'x'.repeat(100_000) })];
    upstream.newCalls();
    expect((await run('new')).value).toEqual(runs[0]);
    expect(upstream.newCalls()).toHaveLength(1);
  });
});

describe('one call in flight per key', () => {
  beforeEach(() => upstream.hold());

  test('a caller with limits joins the queued call of another one after a call without limits has failed', async () => {
    upstream.hold('inQueue');
    const limited = (id: string) => head({ caller: { id, maxCallsPerSecond: 1 } });
    const first = limited('a');
    const unlimited = head().catch((error: unknown) => error);
    await clock.advance(0);
    upstream.held[1]!.fail();
    expect(await unlimited).toMatchObject({ kind: 'unavailable' });
    const later = limited('b');
    await clock.advance(0);
    expect(upstream.held).toHaveLength(2);
    upstream.held[0]!.answer();
    expect(await later).toEqual(await first);
  });

  test('callers of the same key share one call', async () => {
    const answers = Promise.all([head(), head(), head({ priority: 'polling' })]);
    await clock.advance(0);
    expect(upstream.held).toHaveLength(1);
    upstream.held[0]!.answer();
    expect(new Set((await answers).map(({ asOf }) => asOf)).size).toBe(1);
    expect(events.map(({ type }) => type)).toEqual(['miss', 'shared', 'shared', 'attempt']);
  });

  test('projects that are requested together share one call, and one in flight is not requested again', async () => {
    const first = project('1', '2');
    await clock.advance(0);
    const second = project('2', '3');
    await clock.advance(0);
    expect(upstream.calls).toEqual(['ListProjects 1,2', 'ListProjects 3']);
    for (const { answer } of upstream.held) answer();
    expect((await first).value.rows.map(({ projectId }) => projectId)).toEqual(['1', '2']);
    expect((await second).value.rows.map(({ projectId }) => projectId)).toEqual(['2', '3']);
  });

  test('a caller whose deadline passes does not end the call for others', async () => {
    const hasty = head({ deadline: steady.now() + 100 }).catch((error: unknown) => error);
    const patient = head();
    await clock.advance(100);
    expect(await hasty).toMatchObject({ kind: 'timeout' });
    expect(upstream.held[0]!.context.signal?.aborted).toBe(false);
    upstream.held[0]!.answer();
    expect((await patient).value.rows).toHaveLength(2);
    expect(clock.pendingTimers()).toBe(0);
  });

  test('a call in the queue is cancelled when all its callers have left', async () => {
    upstream.hold('inQueue');
    const leaving = [new AbortController(), new AbortController()];
    const answers = leaving.map(({ signal }) => head({ signal }).catch((error: unknown) => error));
    await clock.advance(0);
    leaving[0]!.abort();
    expect(await answers[0]).toMatchObject({ kind: 'timeout' });
    expect(upstream.held[0]!.context.signal?.aborted).toBe(false);
    leaving[1]!.abort();
    expect(await answers[1]).toMatchObject({ kind: 'timeout' });
    expect(upstream.held[0]!.context.signal?.aborted).toBe(true);
    void head().catch(() => undefined);
    await clock.advance(0);
    expect(upstream.held).toHaveLength(2);
  });

  test('a call on the wire continues when all its callers have left, and later callers join it', async () => {
    const leaving = new AbortController();
    const gone = head({ signal: leaving.signal }).catch((error: unknown) => error);
    await clock.advance(0);
    leaving.abort();
    expect(await gone).toMatchObject({ kind: 'timeout' });
    expect(upstream.held[0]!.context.signal?.aborted).toBe(false);
    const joined = head();
    await clock.advance(600);
    upstream.held[0]!.answer();
    const { asOf } = await joined;
    expect(asOf).toBe(clock.now() - 600);
    expect(await head()).toEqual({ ...(await joined), asOf, staleBecause: null });
    expect(upstream.calls).toEqual(['ListPipelineRuns 1']);
    expect(clock.pendingTimers()).toBe(0);
  });

  test.each([
    ['the head of a list', () => head],
    ['one run', () => (more: Partial<CallContext>) => run('new', more)],
    [
      'a project',
      () => (more: Partial<CallContext>) => call('ListProjects', { projectIds: ['1', '2'] }, more),
    ],
  ])(
    'callers that leave after 400 ms cause one call of 600 ms to %s, and the second caller is answered',
    async (_, readOf) => {
      const read = readOf();
      const outcomes: unknown[] = [];
      for (let caller = 0; caller < 30; caller++) {
        const leaving = new AbortController();
        const stopLeaving = clock.after(400, () => leaving.abort());
        read({ signal: leaving.signal }).then(
          ({ staleBecause }) => outcomes.push(staleBecause),
          (error: unknown) => outcomes.push((error as UpstreamError).kind),
        );
        await clock.advance(0);
        for (const { answer } of upstream.held.splice(0)) clock.after(600, answer);
        await clock.advance(400);
        stopLeaving();
      }
      expect(outcomes).toHaveLength(30);
      expect(outcomes.map((outcome) => outcome === 'timeout')).toEqual([true, ...Array(29).fill(false)]);
      // Twelve seconds, in each five of which a run or list is read once.
      expect(upstream.calls.length).toBeLessThanOrEqual(3);
    },
  );

  test('a call for several projects is cancelled when nobody waits for any of them', async () => {
    upstream.hold('inQueue');
    const leaving = [new AbortController(), new AbortController()];
    const first = call('ListProjects', { projectIds: ['1', '2'] }, { signal: leaving[0]!.signal });
    await clock.advance(0);
    const second = call('ListProjects', { projectIds: ['2'] }, { signal: leaving[1]!.signal });
    await clock.advance(0);
    leaving[0]!.abort();
    await expect(first).rejects.toMatchObject({ kind: 'timeout' });
    expect(upstream.held[0]!.context.signal?.aborted).toBe(false);
    leaving[1]!.abort();
    await expect(second).rejects.toMatchObject({ kind: 'timeout' });
    expect(upstream.held[0]!.context.signal?.aborted).toBe(true);
  });

  test('each project of a call on the wire is cached when all its callers have left', async () => {
    const leaving = new AbortController();
    const gone = call('ListProjects', { projectIds: ['1', '2'] }, { signal: leaving.signal });
    await clock.advance(0);
    leaving.abort();
    await expect(gone).rejects.toMatchObject({ kind: 'timeout' });
    const joined = project('2');
    await clock.advance(0);
    upstream.held[0]!.answer();
    expect((await joined).value.rows).toHaveLength(1);
    expect((await project('1')).value.rows).toHaveLength(1);
    expect(upstream.calls).toEqual(['ListProjects 1,2']);
  });

  test('a queued call that all callers left says nothing about the upstream', async () => {
    void head();
    await clock.advance(0);
    upstream.held[0]!.answer();
    await clock.advance(freshMs + 1);
    upstream.hold('inQueue');
    const leaving = new AbortController();
    const gone = head({ signal: leaving.signal, notBefore: clock.now() });
    await clock.advance(0);
    leaving.abort();
    await expect(gone).rejects.toMatchObject({ kind: 'timeout' });
    await clock.advance(0);
    expect((await head()).staleBecause).toBe('REFRESHING');
  });

  test('a call on the wire that fails after all callers left shows that the upstream fails', async () => {
    void head();
    await clock.advance(0);
    upstream.held[0]!.answer();
    await clock.advance(freshMs + 1);
    const leaving = new AbortController();
    const gone = head({ signal: leaving.signal, notBefore: clock.now() });
    await clock.advance(0);
    leaving.abort();
    await expect(gone).rejects.toMatchObject({ kind: 'timeout' });
    upstream.held[1]!.fail('unavailable');
    await clock.advance(0);
    expect((await head()).staleBecause).toBe('UPSTREAM_ERROR');
  });

  test('an interactive caller that joins makes a refresh urgent', async () => {
    void head();
    await clock.advance(0);
    upstream.held[0]!.answer();
    await clock.advance(freshMs);
    await head();
    await clock.advance(0);
    const refresh = upstream.held[1]!;
    expect(refresh.context.priority).toBe('refresh');
    const person = head({ notBefore: clock.now() });
    expect(refresh.context.priority).toBe('interactive');
    refresh.answer();
    expect((await person).asOf).toBe(clock.now());
  });

  test('a caller that requires a newer answer does not join an earlier call', async () => {
    const early = head();
    await clock.advance(10);
    const late = head({ notBefore: clock.now() });
    await clock.advance(0);
    expect(upstream.held).toHaveLength(2);
    for (const { answer } of upstream.held) answer();
    await early;
    expect((await late).asOf).toBe(clock.now());
  });
});

describe('when the wall clock jumps', () => {
  test.each([
    ['back', -3_600_000],
    ['ahead', 3_600_000],
  ])('%s by an hour, things are as old as they were', async (_, jumpMs) => {
    await head();
    await run('old');
    await clock.advance(freshMs - 1);
    upstream.newCalls();
    clock.jump(jumpMs);
    expect(await head()).toMatchObject({ asOf: steady.now() - freshMs + 1, staleBecause: null });
    await clock.advance(1);
    expect(await head()).toMatchObject({ asOf: steady.now() - freshMs, staleBecause: 'REFRESHING' });
    await clock.advance(0);
    expect(upstream.newCalls()).toEqual(['ListPipelineRuns 1']);
    expect(await head()).toMatchObject({ asOf: steady.now(), staleBecause: null });
    expect((await run('old')).staleBecause).toBeNull();
    expect(upstream.newCalls()).toEqual([]);
  });

  test.each([-3_600_000, 3_600_000])('by %d ms, failures are tried again as before', async (jumpMs) => {
    await head();
    await clock.advance(freshMs);
    upstream.failWith('unavailable');
    await head();
    await clock.advance(0);
    clock.jump(jumpMs);
    upstream.failWith(null);
    upstream.newCalls();
    await clock.advance(1_000);
    await head();
    await clock.advance(0);
    expect(upstream.newCalls()).toEqual(['ListPipelineRuns 1']);
    expect((await head()).staleBecause).toBeNull();
  });

  test('an answer from before the jump satisfies a caller that requires one as new', async () => {
    const { asOf } = await head();
    clock.jump(-3_600_000);
    upstream.newCalls();
    await clock.advance(10);
    expect((await head({ notBefore: asOf })).asOf).toBe(asOf);
    await Promise.all([head({ notBefore: asOf + 1 }), head({ notBefore: asOf + 1 })]);
    expect(upstream.newCalls()).toEqual(['ListPipelineRuns 1']);
  });

  test('no caller waits longer', async () => {
    upstream.hold();
    const waiting = head().catch((error: unknown) => error);
    await clock.advance(0);
    clock.jump(-3_600_000);
    await clock.advance(10_000);
    expect(await waiting).toMatchObject({ kind: 'timeout' });
    expect(clock.pendingTimers()).toBe(0);
  });
});
