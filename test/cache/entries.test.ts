import { expect, test } from '@jest/globals';
import fc from 'fast-check';
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

test('every run is counted once while an entry holds it, and no longer', () => {
  const ids = fc.integer({ min: 0, max: 5 });
  const step = fc.record({
    do: fc.constantFrom('store', 'delete', 'use', 'read', 'forget'),
    key: fc.constantFrom('a', 'b', 'c', 'd'),
    runs: fc.array(fc.tuple(ids, fc.constantFrom('RUNNING', 'SUCCEEDED')), { maxLength: 6 }),
    bytes: fc.integer({ min: 0, max: 900 }),
  });
  let evictions = 0;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const clock = createVirtualClock();
      const entries = new Entries(3_000, clock);
      let asOf = 0;
      for (const { do: what, key, runs: given, bytes } of steps) {
        clock.jump(700);
        const id = given[0]?.[0] ?? 0;
        if (what === 'delete') entries.delete(key);
        else if (what === 'use') entries.use(key);
        else if (what === 'forget') entries.runs.forget('1', `run-${id}`);
        else {
          const runs = [
            ...new Map(given.map(([n, status]) => [n, runOf(`run-${n}`, status as 'RUNNING')])).values(),
          ].map((run) => entries.runs.shared(run));
          const before = entries.size;
          const runBytes = entries.runs.hold(runs);
          entries.store(key, { ...anEntry, value: key, bytes, runs, runBytes });
          if (entries.size < before) evictions += 1;
          asOf += 1;
          for (const run of runs) entries.runs.noteReading(run, { asOf, version: asOf, failure: null });
        }
        expect(entries.calculatedSize).toBeLessThanOrEqual(3_000);
      }
      for (const key of ['a', 'b', 'c', 'd']) entries.delete(key);
      expect([entries.size, entries.calculatedSize, entries.runs.bytes]).toEqual([0, 0, 0]);
      for (let n = 0; n <= 5; n++) expect(entries.runs.newest('1', `run-${n}`)).toBeNull();
    }),
    { numRuns: 1000 },
  );
  expect(evictions).toBeGreaterThan(20);
});
