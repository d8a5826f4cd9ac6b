import { describe, expect, test } from '@jest/globals';
import type { Page, UpstreamResult } from '../../src/core/upstream.ts';
import { createListMemory, type ListSource } from '../../src/loaders/list.ts';
import { createListReader } from '../../src/loaders/reader.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { createVirtualClock } from '../support/virtualClock.ts';

/*
 * Windows that lie over a page edge while the list changes between the reads of its pages.
 */

const PROJECT = '7';

/** A gateway before a list of 100 runs to which each upstream call adds runs: those of the list, as often as it says. */
async function startGrowing(growBy: (call: number) => number): Promise<TestGateway> {
  const gateway = await startTestGateway({
    simulator: { projects: [{ id: PROJECT, runCount: 100 }] },
    settings: { DATAWORKS_PAGE_SIZE: '10' },
  });
  const { simulator } = gateway;
  let calls = 0;
  const grow = () => {
    const fault = simulator.fault({ kind: 'hold', action: 'ListPipelineRuns', times: 1 });
    void fault.hit(1).then(() => {
      const count = growBy(calls++);
      if (count > 0) simulator.addRuns(PROJECT, count);
      grow();
      fault.release();
    });
  };
  grow();
  return gateway;
}

const WINDOW = `{ pipelineRuns(projectId: ${PROJECT}, page: { number: 2, size: 7 }) {
  totalCount staleBecause nodes { runId } pageInfo { hasNextPage }
} }`;

function idsOf(gateway: TestGateway): string[] {
  return gateway.simulator.runs(PROJECT).map(({ id }) => id);
}

describe('a window over a page edge', () => {
  test.each([1, 2, 9])('is whole while each call adds %i runs, or fails', async (count) => {
    await using gateway = await startGrowing(() => count);
    const { data, errors } = await gateway.query(WINDOW);
    expect(gateway.newCalls().length).toBeLessThanOrEqual(6);
    if (errors) {
      expect(errors[0]!.extensions['code']).toBe('UPSTREAM_UNAVAILABLE');
      expect(data.pipelineRuns).toBeNull();
      return;
    }
    const { totalCount, nodes, staleBecause } = data.pipelineRuns;
    const all = idsOf(gateway);
    const then = all.slice(all.length - totalCount);
    expect(nodes.map(({ runId }: { runId: string }) => runId)).toEqual(then.slice(7, 14));
    expect(staleBecause).toBeNull();
  });

  test('of a list that grows by one run a call is served, since its head shows where the known rows are', async () => {
    await using gateway = await startGrowing(() => 1);
    expect((await gateway.query(WINDOW)).errors).toBeUndefined();
  });

  test('of a list that moves by a page a call fails after a few calls', async () => {
    await using gateway = await startGrowing(() => 25);
    const { errors } = await gateway.query(WINDOW);
    expect(errors![0]!.extensions).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', retryAfterMs: 1000 });
    expect(gateway.newCalls()).toHaveLength(6);
  });

  test('is read until its pages agree', async () => {
    await using gateway = await startGrowing((call) => (call < 3 ? 25 : 0));
    const { data } = await gateway.query(WINDOW);
    const ids = data.pipelineRuns.nodes.map(({ runId }: { runId: string }) => runId);
    expect(ids).toEqual(idsOf(gateway).slice(7, 14));
  });
});

test('pages of the same millisecond that disagree are all read again, as any of them can be the older', async () => {
  const clock = createVirtualClock(Date.now());
  await using gateway = await startTestGateway({ clock });
  const query = (after: string | null) =>
    gateway.query(
      'query ($after: String) { pipelineRuns(projectId: 10000, first: 90, after: $after) { totalCount staleBecause nodes { runId } pageInfo { endCursor } } }',
      { after },
    );
  const first = (await query(null)).data.pipelineRuns;
  gateway.simulator.addRuns('10000', 3);
  gateway.newCalls();
  const { data, errors } = await query(first.pageInfo.endCursor);
  expect(errors).toBeUndefined();
  expect(data.pipelineRuns.totalCount).toBe(2527);
  const truth = gateway.simulator.runs('10000').map(({ id }) => id);
  const shown = data.pipelineRuns.nodes.map(({ runId }: { runId: string }) => runId);
  expect(shown).toEqual(truth.slice(93, 183));
  expect(gateway.newCalls()).toEqual(['ListPipelineRuns 2', 'ListPipelineRuns 1', 'ListPipelineRuns 2']);
});

test('a cached page behind newer ones is read again once a page shows that the list has moved', async () => {
  const pageOf = (ids: string[], index: number, asOf: number): UpstreamResult<Page<{ id: string }>> => ({
    value: {
      rows: ids.slice(2 * index, 2 * index + 2).map((id) => ({ id })),
      totalCount: ids.length,
      pageNumber: index + 1,
      pageSize: 2,
    },
    asOf,
    staleBecause: null,
  });
  // Since two pages were cached, `z` was added and `g` deleted: the length is the same.
  const before = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  const after = ['z', 'a', 'b', 'c', 'd', 'e', 'f', 'h'];
  const cached = new Map([1, 3].map((index) => [index, pageOf(before, index, 1)]));
  let now = 1;
  const source: ListSource<{ id: string }> = {
    action: 'ListPipelineRuns',
    identity: 'list',
    description: 'the test list',
    growsAtHead: true,
    key: ({ id }) => ({ id, time: null }),
    peekPage: (index) => cached.get(index) ?? null,
    readPage(index, _, notBefore = -Infinity) {
      const known = cached.get(index);
      const page = known && known.asOf >= notBefore ? known : pageOf(after, index, ++now);
      cached.set(index, page);
      return Promise.resolve(page);
    },
  };
  const reader = createListReader(source, createListMemory(2, createVirtualClock()));
  const { nodes } = await reader.read({ by: 'offset', offset: 2, count: 6 });
  expect(nodes.map(({ id }) => id)).toEqual(after.slice(2));
});
