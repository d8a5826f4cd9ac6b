import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type CacheLayer } from '../../src/cache/withCache.ts';
import { createLoaders } from '../../src/loaders/loaders.ts';
import { createListMemory } from '../../src/loaders/list.ts';
import type { PipelineRun } from '../../src/core/domain.ts';
import type { CallContext, Upstream } from '../../src/core/upstream.ts';
import { UpstreamError } from '../../src/core/upstreamError.ts';
import { createCache } from '../support/cache.ts';
import { createFakeUpstream, pageOf, runOf } from '../support/fakeUpstream.ts';
import { createDice } from '../support/dice.ts';
import { createVirtualClock, type VirtualClock } from '../support/virtualClock.ts';

const freshMs = 3_000;

describe('one gateway', () => {
  test('serves no list and no run older than an answer that arrived before the request', async () => {
    const seen = { answers: 0, failed: 0, stale: 0, calls: 0 };
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.boolean(), async (seed, withFaults) => {
        const { answers, failed, stale, calls, wentBack } = await pollAtRandom(seed, withFaults);
        seen.answers += answers;
        seen.failed += failed;
        seen.stale += stale;
        seen.calls += calls;
        expect(wentBack).toEqual([]);
      }),
      { numRuns: 30, seed: 16 },
    );
    expect(seen.answers).toBeGreaterThan(15_000);
    expect(seen.failed).toBeLessThan(0.05 * seen.answers);
    expect(seen.stale).toBeGreaterThan(0.02 * seen.answers);
    // To be newer takes few calls more than being as fresh as it must: 0.37 an answer before there was this rule.
    expect(seen.calls).toBeLessThan(0.42 * seen.answers);
  }, 180_000);

  test('serves the newer answer to a caller that waits for an older one', async () => {
    const clock = createVirtualClock();
    let status: PipelineRun['status'] = 'RUNNING';
    const upstream = createFakeUpstream(clock, {
      ListPipelineRuns: (params) => pageOf([runOf('a', status)], params),
      GetPipelineRun: () => runOf('a', 'RUNNING'),
    });
    const { upstream: cache } = cacheOf(upstream, clock);
    const run = () => cache.call('GetPipelineRun', { projectId: '1', runId: 'a' }, contextOf(clock));
    upstream.hold();
    const slow = run();
    await clock.advance(10);
    status = 'SUCCEEDED';
    const page = { projectId: '1', filter: {}, pageNumber: 1, pageSize: 10 };
    const list = cache.call('ListPipelineRuns', page, contextOf(clock));
    await clock.advance(10);
    const [ofRun, ofList] = upstream.held;
    ofList!.answer();
    const { asOf } = await list;
    ofRun!.answer();
    expect(await slow).toMatchObject({ asOf, value: { status: 'SUCCEEDED' } });
    expect(await run()).toMatchObject({ asOf, value: { status: 'SUCCEEDED' } });
  });

  test('serves the last page, labelled, instead of an older one', async () => {
    const clock = createVirtualClock();
    const runs = Array.from({ length: 20 }, (_, n) => runOf(`r${n}`, 'RUNNING'));
    const upstream = createFakeUpstream(clock, { ListPipelineRuns: (params) => pageOf(runs, params) });
    const { upstream: cache } = cacheOf(upstream, clock);
    const read = (pageNumber: number) =>
      cache.call(
        'ListPipelineRuns',
        { projectId: '1', filter: {}, pageNumber, pageSize: 10 },
        contextOf(clock),
      );
    await read(1);
    await clock.advance(1000);
    const shown = await read(2);
    await clock.advance(2000);
    // A new run pushes the last of the first page, which was read a second earlier, onto the second.
    runs.unshift(runOf('new', 'RUNNING'));
    await read(1);
    await clock.advance(0);
    expect(upstream.newCalls()).toEqual(['ListPipelineRuns 1', 'ListPipelineRuns 2', 'ListPipelineRuns 1']);
    upstream.failWith('unavailable');
    expect(await read(2)).toEqual({ ...shown, staleBecause: 'UPSTREAM_ERROR' });
    upstream.failWith(null);
    await clock.advance(2000);
    const newer = await read(2);
    expect(newer.asOf).toBeGreaterThan(shown.asOf);
    expect(newer.value.rows[0]?.runId).toBe('r9');
  });
});

/** Polls a few windows of two lists, and runs by id, while runs come, go and end, calls are slow and some fail. */
async function pollAtRandom(seed: number, withFaults: boolean) {
  const dice = createDice(seed);
  const clock = createVirtualClock();
  const truth = createTruth(dice);
  const fake = createFakeUpstream(clock, truth.handlers);
  const failure = { isOn: false };
  const { upstream: cache, view } = cacheOf(unsteady(fake, clock, dice, failure), clock);
  const result = { answers: 0, failed: 0, stale: 0, calls: 0, wentBack: [] as string[] };
  const arrived = new Map<string, number>();
  const polls: Promise<void>[] = [];
  // Shared by all operations, as in a gateway: it knows how new each window was when it was last served.
  const memory = createListMemory(10, clock);

  /** Compares with what had arrived when it was asked for: which of two answers under way comes first is chance. */
  async function poll(name: string, read: () => Promise<{ asOf: number; staleBecause: unknown }>) {
    const before = arrived.get(name) ?? -Infinity;
    try {
      const { asOf, staleBecause } = await read();
      result.answers += 1;
      if (staleBecause !== null) result.stale += 1;
      if (asOf < before) result.wentBack.push(`${name} by ${before - asOf} ms`);
      arrived.set(name, Math.max(asOf, arrived.get(name) ?? asOf));
    } catch {
      result.failed += 1;
    }
  }

  function pollSomething(): Promise<void> {
    const loaders = createLoaders(cache, { view, memory, mayRead: () => true }, contextOf(clock));
    if (dice(5) === 0) {
      const { runId } = truth.runs[dice(truth.runs.length)]!;
      return poll(runId, () => loaders.run({ projectId: '1', runId }));
    }
    const filter = dice(5) === 0 ? ({ status: 'RUNNING' } as const) : {};
    const [offset, limit] = WINDOWS[dice(WINDOWS.length)]!;
    return poll(JSON.stringify([filter, offset, limit]), () =>
      loaders.runs({ projectId: '1', filter }).read({ by: 'offset', offset, count: limit }),
    );
  }

  for (let step = 0; step < 300; step++) {
    await clock.advance(dice(3) === 0 ? dice(4000) : dice(200));
    if (withFaults && dice(15) === 0) failure.isOn = !failure.isOn;
    truth.change();
    for (let n = dice(3); n >= 0; n--) polls.push(pollSomething());
  }
  await clock.advance(20_000);
  await Promise.all(polls);
  result.calls = fake.calls.length;
  return result;
}

const WINDOWS = [
  [0, 5],
  [0, 10],
  [10, 10],
  [5, 10],
  [20, 10],
  [30, 10],
  [0, 30],
] as const;

function createTruth(dice: (sides: number) => number) {
  let serial = 0;
  const made = (status: PipelineRun['status']) =>
    runOf(`r${serial}`, status, { createTime: 1000 * serial++ });
  let runs = Array.from({ length: 45 }, () => made(dice(3) > 0 ? 'SUCCEEDED' : 'RUNNING')).reverse();
  return {
    get runs() {
      return runs;
    },
    change() {
      const kind = dice(50);
      const chosen = dice(runs.length);
      if (kind < 4) runs = [made('RUNNING'), ...runs];
      else if (kind < 20)
        runs = runs.map((run, at) => (at === chosen ? { ...run, status: 'SUCCEEDED' } : run));
      else if (kind === 20) runs = runs.filter((_, at) => at !== chosen);
    },
    handlers: {
      ListPipelineRuns: (params: Parameters<typeof pageOf>[1] & { filter: { status?: string } }) => {
        const { status = null } = params.filter;
        return pageOf(
          runs.filter((run) => status === null || run.status === status),
          params,
        );
      },
      GetPipelineRun: ({ runId }: { runId: string }) => runs.find((run) => run.runId === runId) ?? null,
    },
  };
}

/** Calls take a moment, or at times over a second, before and after the upstream looks at its list. */
function unsteady(
  upstream: Upstream,
  clock: VirtualClock,
  dice: (sides: number) => number,
  failure: { isOn: boolean },
): Upstream {
  const pause = () =>
    new Promise<void>((resolve) => void clock.after(dice(4) === 0 ? dice(1500) : dice(60), resolve));
  return {
    async call(action, params, context) {
      const asOf = clock.now();
      await pause();
      if (failure.isOn && dice(10) < 8)
        throw new UpstreamError('It failed.', { kind: 'unavailable', action });
      const answer = await upstream.call(action, params, context);
      await pause();
      return { ...answer, asOf };
    },
  };
}

function cacheOf(upstream: Upstream, clock: VirtualClock): CacheLayer {
  return createCache(upstream, {
    clock,
    freshMs,
    staleMs: 60_000,
  });
}

function contextOf(clock: VirtualClock): CallContext {
  return { deadline: clock.now() + 10_000, priority: 'interactive', report: () => undefined };
}
