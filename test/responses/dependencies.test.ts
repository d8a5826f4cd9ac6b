import { beforeEach, describe, expect, test } from '@jest/globals';
import { type CacheLayer } from '../../src/cache/withCache.ts';
import type { PipelineRun } from '../../src/core/domain.ts';
import { createReadSet } from '../../src/core/readSet.ts';
import type { CallContext, Upstream } from '../../src/core/upstream.ts';
import { createCache } from '../support/cache.ts';
import { createFakeUpstream, type FakeUpstream, pageOf, runOf } from '../support/fakeUpstream.ts';
import { createVirtualClock, type VirtualClock } from '../support/virtualClock.ts';

const freshMs = 5_000;
const DAY = 86_400_000;
const LIST = { projectId: '1', filter: {}, pageNumber: 1, pageSize: 2 };

let clock: VirtualClock;
let upstream: FakeUpstream;
let cache: CacheLayer;
let runs: PipelineRun[];

beforeEach(() => {
  clock = createVirtualClock();
  runs = ['a', 'b', 'c', 'd'].map((id) => runOf(id));
  upstream = createFakeUpstream(clock, {
    ListPipelineRuns: (params) => pageOf(runs, params),
    GetPipelineRun: ({ runId }) => runs.find((run) => run.runId === runId) ?? null,
  });
  cache = createCache(upstream, {
    clock,
    freshMs,
  });
});

function context(more: Partial<CallContext> = {}): CallContext {
  return { deadline: clock.now() + 10_000, priority: 'interactive', report: () => undefined, ...more };
}

/** The cache as one operation uses it, and what the operation reads. */
function reading({ upstream }: CacheLayer) {
  const reads = createReadSet();
  const call: Upstream['call'] = (action, params, context) =>
    upstream.call(action, params, { ...context, reads });
  return { upstream: { call }, reads };
}

describe('the read set of an operation', () => {
  test('is as fresh as its oldest entry until the first entry expires', async () => {
    const one = reading(cache);
    const readAt = clock.now();
    await one.upstream.call('GetPipelineRun', { projectId: '1', runId: 'b' }, context());
    await clock.advance(1000);
    await one.upstream.call('ListPipelineRuns', LIST, context());
    expect(one.reads.actions).toEqual(['GetPipelineRun', 'ListPipelineRuns']);
    // The list contained a newer version of the run.
    expect(one.reads.freshness()).toBeNull();
    const other = reading(cache);
    await other.upstream.call('GetPipelineRun', { projectId: '1', runId: 'c' }, context());
    await clock.advance(1000);
    await other.upstream.call('ListPipelineRuns', LIST, context());
    expect(other.reads.freshness()).toEqual({ asOf: readAt + 1000, freshUntil: readAt + 1000 + freshMs });
    await clock.advance(freshMs - 1001);
    expect(other.reads.freshness()).not.toBeNull();
    await clock.advance(1);
    expect(other.reads.freshness()).toBeNull();
    expect(upstream.newCalls()).toEqual(['GetPipelineRun b', 'ListPipelineRuns 1', 'GetPipelineRun c']);
  });

  test('is fresh for a day if everything in it is finished', async () => {
    const one = reading(cache);
    await one.upstream.call('GetPipelineRun', { projectId: '1', runId: 'a' }, context());
    const readAt = clock.now();
    await clock.advance(DAY - 1);
    expect(one.reads.freshness()).toEqual({ asOf: readAt, freshUntil: readAt + DAY });
  });

  test('is outdated once an entry was read again, even with the same content', async () => {
    const one = reading(cache);
    await one.upstream.call('ListPipelineRuns', LIST, context());
    expect(one.reads.freshness()).not.toBeNull();
    await clock.advance(1);
    await cache.upstream.call('ListPipelineRuns', LIST, context({ notBefore: clock.now() }));
    expect(one.reads.freshness()).toBeNull();
  });

  test('is outdated once a page behind the head was read again while the head stays', async () => {
    const deep = { ...LIST, pageNumber: 2 };
    await cache.upstream.call('ListPipelineRuns', LIST, context());
    await clock.advance(1);
    const one = reading(cache);
    await one.upstream.call('ListPipelineRuns', deep, context());
    expect(one.reads.freshness()).not.toBeNull();
    await clock.advance(1);
    runs[3] = runOf('d', 'FAILED');
    await cache.upstream.call('ListPipelineRuns', deep, context({ notBefore: clock.now() }));
    expect(one.reads.freshness()).toBeNull();
  });

  test('may contain runs that do not exist, and projects, which are cached one by one', async () => {
    const one = reading(cache);
    await one.upstream.call('GetPipelineRun', { projectId: '1', runId: 'none' }, context());
    await one.upstream.call('ListProjects', { projectIds: ['1', '2'] }, context());
    for (let n = 0; n < 2; n++) expect(one.reads.freshness()).not.toBeNull();
    await clock.advance(1);
    await cache.upstream.call('ListProjects', { projectIds: ['2'] }, context({ notBefore: clock.now() }));
    expect(one.reads.freshness()).toBeNull();
  });

  test('has no freshness if a call was answered stale or failed, or if nothing was read', async () => {
    expect(reading(cache).reads.freshness()).toBeNull();
    await cache.upstream.call('ListPipelineRuns', LIST, context());
    await clock.advance(freshMs);
    const stale = reading(cache);
    await stale.upstream.call('ListPipelineRuns', LIST, context());
    await clock.advance(0);
    expect(stale.reads.freshness()).toBeNull();
    upstream.failWith('forbidden');
    const failed = reading(cache);
    await failed.upstream.call('ListPipelineRuns', LIST, context());
    const call = failed.upstream.call('GetPipelineRun', { projectId: '1', runId: 'x' }, context());
    await expect(call).rejects.toMatchObject({ kind: 'forbidden' });
    expect(failed.reads.freshness()).toBeNull();
  });

  test('is not fresh where only the quota stretches freshness', async () => {
    let left = 1_000_000;
    const frugal = createCache(upstream, {
      clock,
      freshMs,
      allowances: () => [{ left, resetsInMs: DAY }],
    });
    const one = reading(frugal);
    await one.upstream.call('ListPipelineRuns', LIST, context());
    const readAt = clock.now();
    left = 10;
    await clock.advance(1000);
    expect(one.reads.freshness()).toEqual({ asOf: readAt, freshUntil: readAt + freshMs });
    await clock.advance(freshMs);
    expect(one.reads.freshness()).toBeNull();
    expect(frugal.view.peek('ListPipelineRuns', LIST)?.staleBecause).toBe('BUDGET');
  });
});
