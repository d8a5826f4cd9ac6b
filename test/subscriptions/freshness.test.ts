import { expect, test } from '@jest/globals';
import { createSubscriptionSource } from '../../src/subscriptions/subscriptionSource.ts';
import type { Clock } from '../../src/core/clock.ts';
import type { StaleReason } from '../../src/core/upstream.ts';
import { createCache } from '../support/cache.ts';
import { createFakeUpstream, pageOf, runOf } from '../support/fakeUpstream.ts';
import { createVirtualClock } from '../support/virtualClock.ts';

const FRESH_MS = 1000;

/** Returns the labels of the events of a list that changes before each poll. The wall clock has whole milliseconds, as `Date.now` has. */
async function labelsAt(phaseMs: number, polls: number): Promise<(StaleReason | null)[]> {
  const time = createVirtualClock();
  await time.advance(phaseMs);
  const clock: Clock = {
    now: () => Math.floor(time.now()),
    monotonic: () => time.monotonic(),
    // Node drops the fraction of a delay, and some time has passed since the clock was read.
    after: (delayMs, task) => time.after(Math.trunc(delayMs - 0.01) + 0.37, task),
  };
  await time.advance(phaseMs * 0.7);
  let count = 0;
  const upstream = createFakeUpstream(clock, {
    ListPipelineRuns: (params) => {
      count += 1;
      return pageOf(
        Array.from({ length: count }, (_, n) => runOf(`r${count - n}`, 'RUNNING')),
        params,
      );
    },
  });
  const report = () => undefined;
  const { upstream: cache } = createCache(upstream, {
    clock,
    freshMs: FRESH_MS,
    report,
  });
  const source = createSubscriptionSource(cache, {
    clock,
    limits: { perCaller: 10, inAll: 10, objectsPerCaller: 10 },
    pageSize: () => 100,
    fastMs: FRESH_MS,
    slowMs: FRESH_MS,
    deadlineMs: 10_000,
    report,
  });
  const labels: (StaleReason | null)[] = [];
  const events = source.runs({ projectId: '1', filter: {} }, 'ana', 1);
  void (async () => {
    for await (const { staleBecause } of events) labels.push(staleBecause);
  })();
  await time.advance(0);
  while (labels.length < polls) await time.advance(FRESH_MS + 0.3);
  await events.return?.();
  return labels;
}

test('no event is labelled stale while all polls succeed, at any phase of the clock within a millisecond', async () => {
  for (const phaseMs of [0, 0.1, 0.3, 0.45, 0.5, 0.55, 0.7, 0.9, 0.99]) {
    expect(new Set(await labelsAt(phaseMs, 60))).toEqual(new Set([null]));
  }
});
