import { expect, test } from '@jest/globals';
import type { PipelineRun } from '../../src/core/domain.ts';
import { createCache } from '../support/cache.ts';
import { createFakeUpstream, pageOf, runOf } from '../support/fakeUpstream.ts';
import { createVirtualClock } from '../support/virtualClock.ts';

const DEFAULT_BYTES = 128_000_000;

/** Lists of 100 runs with a text of their own, fresh for an hour. */
function setUp(maxBytes: number) {
  const clock = createVirtualClock();
  const upstream = createFakeUpstream(clock, {
    ListPipelineRuns: (params) => pageOf(runsOf(params.projectId), params),
  });
  const { upstream: cache, bytesStored } = createCache(upstream, { clock, freshMs: 3_600_000, maxBytes });
  const context = () => ({
    deadline: clock.now() + 1_000,
    priority: 'interactive' as const,
    report: () => undefined,
  });
  return {
    clock,
    upstream,
    bytesStored,
    list: (projectId: string, filter = {}) =>
      cache.call('ListPipelineRuns', { projectId, filter, pageNumber: 1, pageSize: 100 }, context()),
    run: (projectId: string, runId: string) => cache.call('GetPipelineRun', { projectId, runId }, context()),
  };
}

function runsOf(projectId: string): PipelineRun[] {
  return Array.from({ length: 100 }, (_, n) =>
    runOf(`${projectId}-${n}`, 'SUCCEEDED', {
      projectId,
      description: `${projectId} ${n} `.padEnd(700, 'x'),
    }),
  );
}

test('a thousand lists fit into the default bound', async () => {
  const { list, upstream, bytesStored } = setUp(DEFAULT_BYTES);
  for (let n = 0; n < 1000; n++) await list(`p${n}`);
  expect(bytesStored()).toBeGreaterThan(90_000_000);
  expect(bytesStored()).toBeLessThanOrEqual(DEFAULT_BYTES);
  upstream.newCalls();
  for (let n = 0; n < 1000; n++) await list(`p${n}`);
  expect(upstream.newCalls()).toEqual([]);
});

test('a scan over more lists than fit does not evict lists in use', async () => {
  const { list, clock, upstream, bytesStored } = setUp(3_000_000);
  const hot = ['hot-1', 'hot-2', 'hot-3'];
  const readHot = async () => {
    for (const name of hot) await list(name);
  };
  await readHot();
  await clock.advance(2_000);
  await readHot();
  upstream.newCalls();
  for (let n = 0; n < 200; n++) await list(`scanned-${n}`);
  expect(upstream.newCalls()).toHaveLength(200);
  expect(bytesStored()).toBeLessThanOrEqual(3_000_000);
  await readHot();
  expect(upstream.newCalls()).toEqual([]);
});

test('lists of several filters and answers by id share their runs, which count once', async () => {
  const { list, run, upstream, bytesStored } = setUp(DEFAULT_BYTES);
  const one = await list('p');
  const bytes = bytesStored();
  const other = await list('p', { creator: 'c' });
  expect(other.value.rows.every((row, at) => row === one.value.rows[at])).toBe(true);
  expect((await run('p', 'p-7')).value).toBe(one.value.rows[7]);
  expect(bytesStored()).toBeLessThan(1.2 * bytes);
  expect(upstream.calls).toHaveLength(2);
});

test('a run whose lists are all evicted is read again by its id', async () => {
  const { list, run, clock, upstream, bytesStored } = setUp(400_000);
  await list('p', { creator: 'c' });
  await clock.advance(10);
  upstream.newCalls();
  await list('p');
  expect((await run('p', 'p-1')).asOf).toBe(clock.now());
  for (let n = 0; n < 10; n++) await list(`scanned-${n}`);
  expect(bytesStored()).toBeLessThanOrEqual(400_000);
  upstream.newCalls();
  await run('p', 'p-1').catch(() => undefined);
  expect(upstream.newCalls()).toEqual(['GetPipelineRun p-1']);
});
