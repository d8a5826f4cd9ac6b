import { expect, test } from '@jest/globals';
import { Entries } from '../../src/cache/entries.ts';
import { runsIn } from '../../src/cache/listState.ts';
import { reduce, unknownList } from '../../src/cache/runList.ts';
import { bytesOf } from '../../src/cache/sizes.ts';
import { createCache } from '../support/cache.ts';
import { createFakeUpstream, pageOf, runOf } from '../support/fakeUpstream.ts';
import { createVirtualClock } from '../support/virtualClock.ts';

const anEntry = { asOf: 0, failure: null, lastingMs: null };

test('entries never exceed the bound in bytes', () => {
  const entries = new Entries(100_000, createVirtualClock());
  for (let n = 0; n < 10_000; n++) {
    entries.store(`key-${n}`, { ...anEntry, value: n, bytes: (n * 37) % 3_000 });
    expect(entries.calculatedSize).toBeLessThanOrEqual(100_000);
  }
  expect(entries.size).toBeGreaterThan(10);
  expect(entries.peek('key-9999')).toBeDefined();
  expect(entries.peek('key-0')).toBeUndefined();
});

test('the least recently used entry is evicted, and peeking is not use', () => {
  const entries = new Entries(2_700, createVirtualClock());
  const put = (key: string) => entries.store(key, { ...anEntry, value: key, bytes: 500 });
  put('a');
  put('b');
  entries.peek('a');
  entries.use('b');
  put('c');
  put('d');
  expect(['a', 'b', 'c', 'd'].map((key) => entries.peek(key) !== undefined)).toEqual([
    false,
    true,
    true,
    true,
  ]);
});

test('an answer that exceeds the bound alone is returned and not stored', async () => {
  const clock = createVirtualClock();
  const heavy = runOf('a', 'SUCCEEDED', { message: 'x'.repeat(100_000) });
  const upstream = createFakeUpstream(clock, { GetPipelineRun: () => heavy });
  const { upstream: cache } = createCache(upstream, {
    clock,
    freshMs: 5_000,
    staleMs: 60_000,
    maxBytes: 50_000,
  });
  const read = () =>
    cache.call(
      'GetPipelineRun',
      { projectId: '1', runId: 'a' },
      { deadline: clock.now() + 1_000, priority: 'interactive', report: () => undefined },
    );
  expect((await read()).value).toEqual(heavy);
  expect((await read()).value).toEqual(heavy);
  expect(upstream.calls).toHaveLength(2);
});

test('a list that becomes too large keeps its head and drops its deep pages', async () => {
  const clock = createVirtualClock();
  const runs = Array.from({ length: 2_000 }, (_, n) =>
    runOf(`r${n}`, 'SUCCEEDED', { message: 'x'.repeat(300) }),
  );
  const upstream = createFakeUpstream(clock, { ListPipelineRuns: (params) => pageOf(runs, params) });
  const { upstream: cache } = createCache(upstream, {
    clock,
    freshMs: 60_000,
    staleMs: 60_000,
    maxBytes: 1_000_000,
  });
  const read = (pageNumber: number) =>
    cache.call(
      'ListPipelineRuns',
      { projectId: '1', filter: {}, pageNumber, pageSize: 10 },
      { deadline: clock.now() + 1_000, priority: 'interactive', report: () => undefined },
    );
  for (let page = 1; page <= 200; page++) await read(page);
  upstream.newCalls();
  await read(1);
  expect(upstream.newCalls()).toEqual([]);
  await read(100);
  expect(upstream.newCalls()).toEqual(['ListPipelineRuns 100']);
});

test('failures of pages that were never read are not stored', () => {
  let state = unknownList;
  for (let index = 1; index < 10_000; index++)
    state = reduce(state, { type: 'failed', index, failure: { because: 'BUDGET', until: 1 } });
  expect(state.failures.size).toBe(0);
  expect(runsIn(state).size).toBe(0);
});

test('the size of a value grows with its text', () => {
  expect(
    bytesOf(runOf('a', 'SUCCEEDED', { message: 'x'.repeat(1_000) })) - bytesOf(runOf('a')),
  ).toBeGreaterThan(1_000);
});
