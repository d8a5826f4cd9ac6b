import { expect, test } from '@jest/globals';
import { bytesOf, createMemory } from '../../src/cache/memory.ts';
import { cached } from '../../src/cache/cached.ts';
import { createRunList } from '../../src/cache/runList.ts';
import { createFakeUpstream, pageOf, runOf } from '../support/fakeUpstream.ts';
import { createVirtualClock } from '../support/virtualClock.ts';

test('what is kept weighs no more than the bound, whatever is put in', () => {
  const memory = createMemory(100_000);
  for (let n = 0; n < 10_000; n++) {
    memory.set(`key-${n}`, { value: n, asOf: n, trouble: null }, (n * 37) % 3_000);
    expect(memory.bytes).toBeLessThanOrEqual(100_000);
  }
  expect(memory.entries).toBeGreaterThan(10);
  expect(memory.get('key-9999')).toBeDefined();
  expect(memory.get('key-0')).toBeUndefined();
});

test('what was asked for last is kept, and looking is not asking', () => {
  const memory = createMemory(4_000);
  const put = (key: string) => memory.set(key, { value: key, asOf: 0, trouble: null }, 500);
  put('a');
  put('b');
  memory.peek('a');
  memory.get('b');
  put('c');
  put('d');
  expect(['a', 'b', 'c', 'd'].map((key) => memory.peek(key) !== undefined)).toEqual([
    false,
    true,
    true,
    true,
  ]);
});

test('something that weighs more than all that may be kept is answered and not kept', async () => {
  const clock = createVirtualClock();
  const heavy = runOf('a', 'SUCCEEDED', { message: 'x'.repeat(100_000) });
  const upstream = createFakeUpstream(clock, { GetPipelineRun: () => heavy });
  const { upstream: cache } = cached(upstream, {
    clock,
    freshMs: 5_000,
    staleMs: 60_000,
    maxBytes: 50_000,
    patienceMs: 10_000,
    paces: () => [],
    report: () => undefined,
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

test('a long list keeps its head when its depth gets too heavy', async () => {
  const clock = createVirtualClock();
  const runs = Array.from({ length: 2_000 }, (_, n) =>
    runOf(`r${n}`, 'SUCCEEDED', { message: 'x'.repeat(300) }),
  );
  const upstream = createFakeUpstream(clock, { ListPipelineRuns: (params) => pageOf(runs, params) });
  const { upstream: cache } = cached(upstream, {
    clock,
    freshMs: 60_000,
    staleMs: 60_000,
    maxBytes: 1_000_000,
    patienceMs: 10_000,
    paces: () => [],
    report: () => undefined,
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

test('pages that were never read take nothing, though they fail again and again', () => {
  const list = createRunList({ pageSize: 10, growsAtHead: true, pastMs: 60_000, trustMs: 1_000 });
  for (let index = 1; index < 10_000; index++) list.fail(index, { because: 'BUDGET', until: 1 });
  expect(list.bytes).toBe(0);
  expect(list.view(5_000, 1_000)).toBeNull();
});

test('the weight of a value grows with its text', () => {
  expect(
    bytesOf(runOf('a', 'SUCCEEDED', { message: 'x'.repeat(1_000) })) - bytesOf(runOf('a')),
  ).toBeGreaterThan(1_000);
});
