import { beforeEach, describe, expect, test } from '@jest/globals';
import { cached } from '../../src/cache/cached.ts';
import { withSources } from '../../src/cache/sources.ts';
import type { PipelineRun } from '../../src/core/domain.ts';
import type { CachedUpstream, CallContext } from '../../src/core/upstream.ts';
import { createFakeUpstream, type FakeUpstream, pageOf, runOf } from '../support/fakeUpstream.ts';
import { createVirtualClock, type VirtualClock } from '../support/virtualClock.ts';

const freshMs = 5_000;
const DAY = 86_400_000;
const LIST = { projectId: '1', filter: {}, pageNumber: 1, pageSize: 2 };

let clock: VirtualClock;
let upstream: FakeUpstream;
let cache: CachedUpstream;
let runs: PipelineRun[];

beforeEach(() => {
  clock = createVirtualClock();
  runs = ['a', 'b', 'c', 'd'].map((id) => runOf(id));
  upstream = createFakeUpstream(clock, {
    ListPipelineRuns: (params) => pageOf(runs, params),
    GetPipelineRun: ({ runId }) => runs.find((run) => run.runId === runId) ?? null,
  });
  cache = cached(upstream, {
    clock,
    freshMs,
    staleMs: 600_000,
    maxBytes: 10_000_000,
    patienceMs: 10_000,
    paces: () => [],
    report: () => undefined,
  });
});

function context(more: Partial<CallContext> = {}): CallContext {
  return { deadline: clock.now() + 10_000, priority: 'interactive', report: () => undefined, ...more };
}

describe('the sources of an answer', () => {
  test('are as fresh as the oldest of them, until the first of them is not', async () => {
    const one = withSources(cache);
    const readAt = clock.now();
    await one.upstream.call('GetPipelineRun', { projectId: '1', runId: 'b' }, context());
    await clock.advance(1000);
    await one.upstream.call('ListPipelineRuns', LIST, context());
    expect(one.sources.actions).toEqual(['GetPipelineRun', 'ListPipelineRuns']);
    // The list has brought the run anew.
    expect(one.sources.freshness()).toBeNull();
    const other = withSources(cache);
    await other.upstream.call('GetPipelineRun', { projectId: '1', runId: 'c' }, context());
    await clock.advance(1000);
    await other.upstream.call('ListPipelineRuns', LIST, context());
    expect(other.sources.freshness()).toEqual({ asOf: readAt + 1000, freshUntil: readAt + 1000 + freshMs });
    await clock.advance(freshMs - 1001);
    expect(other.sources.freshness()).not.toBeNull();
    await clock.advance(1);
    expect(other.sources.freshness()).toBeNull();
    expect(upstream.newCalls()).toEqual(['GetPipelineRun b', 'ListPipelineRuns 1', 'GetPipelineRun c']);
  });

  test('stay good for a day where all is finished', async () => {
    const one = withSources(cache);
    await one.upstream.call('GetPipelineRun', { projectId: '1', runId: 'a' }, context());
    const readAt = clock.now();
    await clock.advance(DAY - 1);
    expect(one.sources.freshness()).toEqual({ asOf: readAt, freshUntil: readAt + DAY });
  });

  test('are another once any of them has been read anew, whatever was found', async () => {
    const one = withSources(cache);
    await one.upstream.call('ListPipelineRuns', LIST, context());
    expect(one.sources.freshness()).not.toBeNull();
    await clock.advance(1);
    await cache.call('ListPipelineRuns', LIST, context({ notBefore: clock.now() }));
    expect(one.sources.freshness()).toBeNull();
  });

  test('are another once a page behind the head is read anew while the head stays', async () => {
    const deep = { ...LIST, pageNumber: 2 };
    await cache.call('ListPipelineRuns', LIST, context());
    await clock.advance(1);
    const one = withSources(cache);
    await one.upstream.call('ListPipelineRuns', deep, context());
    expect(one.sources.freshness()).not.toBeNull();
    await clock.advance(1);
    runs[3] = runOf('d', 'FAILED');
    await cache.call('ListPipelineRuns', deep, context({ notBefore: clock.now() }));
    expect(one.sources.freshness()).toBeNull();
  });

  test('can be things that are not there, and projects, which are known one by one', async () => {
    const one = withSources(cache);
    await one.upstream.call('GetPipelineRun', { projectId: '1', runId: 'none' }, context());
    await one.upstream.call('ListProjects', { projectIds: ['1', '2'] }, context());
    for (let n = 0; n < 2; n++) expect(one.sources.freshness()).not.toBeNull();
    await clock.advance(1);
    await cache.call('ListProjects', { projectIds: ['2'] }, context({ notBefore: clock.now() }));
    expect(one.sources.freshness()).toBeNull();
  });

  test('are no good where one was stale or has failed, or where there are none', async () => {
    expect(withSources(cache).sources.freshness()).toBeNull();
    await cache.call('ListPipelineRuns', LIST, context());
    await clock.advance(freshMs);
    const stale = withSources(cache);
    await stale.upstream.call('ListPipelineRuns', LIST, context());
    await clock.advance(0);
    expect(stale.sources.freshness()).toBeNull();
    upstream.failWith('forbidden');
    const failed = withSources(cache);
    await failed.upstream.call('ListPipelineRuns', LIST, context());
    const call = failed.upstream.call('GetPipelineRun', { projectId: '1', runId: 'x' }, context());
    await expect(call).rejects.toMatchObject({ kind: 'forbidden' });
    expect(failed.sources.freshness()).toBeNull();
  });

  test('are not to be called fresh where an allowance alone keeps them', async () => {
    let left = 1_000_000;
    const frugal = cached(upstream, {
      clock,
      freshMs,
      staleMs: 600_000,
      maxBytes: 10_000_000,
      patienceMs: 10_000,
      paces: () => [{ left, untilTurnMs: DAY }],
      report: () => undefined,
    });
    const one = withSources(frugal);
    await one.upstream.call('ListPipelineRuns', LIST, context());
    const readAt = clock.now();
    left = 10;
    await clock.advance(1000);
    expect(one.sources.freshness()).toEqual({ asOf: readAt, freshUntil: readAt + freshMs });
    await clock.advance(freshMs);
    expect(one.sources.freshness()).toBeNull();
    expect(frugal.peek('ListPipelineRuns', LIST)?.staleBecause).toBe('BUDGET');
  });
});
