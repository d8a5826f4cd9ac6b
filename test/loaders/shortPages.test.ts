import { describe, expect, test } from '@jest/globals';
import { systemClock } from '../../src/core/clock.ts';
import { createListMemory, type ListSource } from '../../src/loaders/list.ts';
import { createListReader } from '../../src/loaders/reader.ts';
import type { Fault } from '../../simulator/faults.ts';
import type { ProjectSpec } from '../../simulator/projects.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

/*
 * Lists whose pages are not what the total says. Every test compares with the simulator's own list, through the real SDK.
 */

const PROJECT = '7';

function projectOf(runCount: number): readonly ProjectSpec[] {
  return [{ id: PROJECT, runCount }];
}

function gatewayWith(runCount: number, settings: Record<string, string> = {}): Promise<TestGateway> {
  return startTestGateway({ simulator: { projects: projectOf(runCount) }, settings });
}

const truth = (gateway: TestGateway) => gateway.simulator.runs(PROJECT).map(({ id }) => id);

const CONNECTION = `{
  edges { cursor node { runId } }
  totalCount asOf staleBecause
  pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
}`;

interface Connection {
  ids: string[];
  totalCount: number;
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; endCursor: string | null };
}

/** The window, or the code of the error. */
async function ask(gateway: TestGateway, window: string): Promise<Connection | string> {
  const { data, errors } = await gateway.query(
    `{ pipelineRuns(projectId: ${PROJECT}, ${window}) ${CONNECTION} }`,
  );
  if (errors?.[0]) return String(errors[0].extensions['code']);
  const { edges, totalCount, pageInfo } = data.pipelineRuns;
  return { ids: edges.map((edge: { node: { runId: string } }) => edge.node.runId), totalCount, pageInfo };
}

/** As a plain Relay client does: on from `endCursor` while there is a next page. */
async function walk(gateway: TestGateway, size: number): Promise<{ ids: string[]; requests: number }> {
  const ids: string[] = [];
  let after = '';
  for (let requests = 1; requests <= 60; requests++) {
    const window = await ask(gateway, `first: ${size}${after}`);
    if (typeof window === 'string') throw new Error(window);
    ids.push(...window.ids);
    if (!window.pageInfo.hasNextPage) return { ids, requests };
    after = `, after: ${JSON.stringify(window.pageInfo.endCursor)}`;
  }
  throw new Error('The walk does not end.');
}

const caps: Fault[] = [
  { kind: 'capPageSize', pageSize: 50 },
  { kind: 'capPageSize', pageSize: 50, silent: true },
  { kind: 'capPageSize', pageSize: 7 },
  { kind: 'capPageSize', pageSize: 7, silent: true },
  { kind: 'capPageSize', pageSize: 1 },
  { kind: 'capPageSize', pageSize: 64, silent: true },
];

describe.each(caps)('an upstream with the cap %j', (cap) => {
  const runCount = cap.kind === 'capPageSize' && cap.pageSize === 1 ? 45 : 357;

  test('lists every row to a client that pages on from the last cursor', async () => {
    await using gateway = await gatewayWith(runCount);
    gateway.simulator.fault(cap);
    // Of a cap as low as 1, the first operation would cost far more than it was priced for.
    if (runCount === 45) expect(await ask(gateway, 'first: 40')).toBe('UPSTREAM_UNAVAILABLE');
    expect((await walk(gateway, runCount === 45 ? 5 : 40)).ids).toEqual(truth(gateway));
  });

  test.each([
    ['page: { number: 4, size: 10 }', [30, 40]],
    ['page: { number: 5, size: 9 }', [36, 45]],
    ['last: 5', [-5, undefined]],
  ] as const)('answers %s as the first query with the requested rows', async (window, slice) => {
    await using gateway = await gatewayWith(runCount);
    gateway.simulator.fault(cap);
    const expected = truth(gateway).slice(...slice);
    expect(await ask(gateway, window)).toMatchObject({ ids: expected, totalCount: runCount });
  });

  test('is then read in pages of that size, without trying the larger one again', async () => {
    await using gateway = await gatewayWith(runCount, { CACHE_FRESH_MS: '0', CACHE_STALE_MS: '0' });
    gateway.simulator.fault(cap);
    await ask(gateway, 'first: 10');
    await ask(gateway, 'first: 10');
    gateway.simulator.calls.clear();
    await ask(gateway, 'first: 1');
    const asked = [...gateway.simulator.calls].map(({ params }) => [
      params['PageNumber'],
      params['PageSize'],
    ]);
    expect(asked).toEqual([['1', String(cap.kind === 'capPageSize' ? cap.pageSize : 0)]]);
  });
});

test('a cap that hides behind a last page of just the size that is expected is found', async () => {
  await using gateway = await gatewayWith(150);
  gateway.simulator.fault({ kind: 'capPageSize', pageSize: 50, silent: true });
  const window = await ask(gateway, 'page: { number: 4, size: 35 }');
  expect(window).toMatchObject({ ids: truth(gateway).slice(105, 140) });
});

test('cursors continue at the same row when the page size changes', async () => {
  await using gateway = await gatewayWith(357);
  const first = await ask(gateway, 'first: 100');
  if (typeof first === 'string') throw new Error(first);
  await using later = await startTestGateway({ before: gateway.simulator });
  gateway.simulator.fault({ kind: 'capPageSize', pageSize: 50, silent: true });
  const next = await ask(later, `first: 60, after: ${JSON.stringify(first.pageInfo.endCursor)}`);
  expect(next).toMatchObject({ ids: truth(gateway).slice(100, 160) });
});

test('an operation is priced by the learned page size, and rejected above its limit', async () => {
  await using gateway = await gatewayWith(357, { MAX_OPERATION_CALLS: '4', CACHE_FRESH_MS: '0' });
  gateway.simulator.fault({ kind: 'capPageSize', pageSize: 10 });
  await ask(gateway, 'first: 10');
  expect(await ask(gateway, 'first: 41')).toBe('QUERY_TOO_EXPENSIVE');
  expect(await ask(gateway, 'first: 40')).toMatchObject({ ids: truth(gateway).slice(0, 40) });
});

test('one short page alone is read again, and changes nothing', async () => {
  await using gateway = await gatewayWith(357);
  gateway.simulator.fault({ kind: 'capPageSize', pageSize: 3, silent: true, times: 1 });
  expect(await ask(gateway, 'first: 50')).toMatchObject({ ids: truth(gateway).slice(0, 50) });
  expect(gateway.newCalls()).toEqual(['ListPipelineRuns 1', 'ListPipelineRuns 1']);
  await ask(gateway, 'page: { number: 2, size: 100 }');
  expect([...gateway.simulator.calls].at(-1)?.params['PageSize']).toBe('100');
});

describe.each([
  { runCount: 360, extra: 300 },
  { runCount: 300, extra: 300 },
  { runCount: 40, extra: 300 },
  { runCount: 57, extra: 10 },
  { runCount: 360, extra: 5 },
])('a list of $runCount rows that claims $extra more', ({ runCount, extra }) => {
  test('ends for a client that pages on where its rows end, and loses none', async () => {
    await using gateway = await gatewayWith(runCount);
    gateway.simulator.fault({ kind: 'inflateTotal', rows: extra });
    for (const size of [20, 100]) {
      const { ids, requests } = await walk(gateway, size);
      expect(ids).toEqual(truth(gateway));
      expect(requests).toBeLessThanOrEqual(Math.ceil(runCount / size) + 1);
    }
  });

  test('has no empty page that pretends to have a next one, and no invented end', async () => {
    await using gateway = await gatewayWith(runCount);
    gateway.simulator.fault({ kind: 'inflateTotal', rows: extra });
    for (const window of ['last: 10', 'page: { number: 30, size: 20 }', 'page: { number: 20, size: 20 }']) {
      const answer = await ask(gateway, window);
      if (typeof answer === 'string') expect(answer).toBe('UPSTREAM_INVALID_RESPONSE');
      else if (window === 'last: 10') expect(answer.ids).toEqual(truth(gateway).slice(-10));
      else expect(answer).toMatchObject({ ids: [], pageInfo: { hasNextPage: false } });
    }
  });

  test('costs a bounded number of calls, and few when its end is known', async () => {
    await using gateway = await gatewayWith(runCount, { CACHE_FRESH_MS: '0', CACHE_STALE_MS: '0' });
    gateway.simulator.fault({ kind: 'inflateTotal', rows: extra });
    const last = `page: { number: ${Math.ceil(runCount / 100)}, size: 100 }`;
    await ask(gateway, last);
    expect(gateway.newCalls().length).toBeLessThanOrEqual(9);
    await ask(gateway, last);
    expect(gateway.newCalls().length).toBeLessThanOrEqual(3);
  });
});

test('an empty page between others is UPSTREAM_INVALID_RESPONSE, for the windows that need it alone', async () => {
  await using gateway = await gatewayWith(500);
  gateway.simulator.fault({ kind: 'emptyPage', params: { PageNumber: '3' } });
  expect(await ask(gateway, 'page: { number: 3, size: 100 }')).toBe('UPSTREAM_INVALID_RESPONSE');
  expect(await ask(gateway, 'page: { number: 5, size: 45 }')).toBe('UPSTREAM_INVALID_RESPONSE');
  expect(await ask(gateway, 'page: { number: 3, size: 66 }')).toMatchObject({
    ids: truth(gateway).slice(132, 198),
  });
  expect(await ask(gateway, 'last: 100')).toMatchObject({ ids: truth(gateway).slice(400) });
  gateway.simulator.clearFaults();
});

test('an empty first page of a list that has rows is UPSTREAM_INVALID_RESPONSE and no empty list', async () => {
  await using gateway = await gatewayWith(57);
  gateway.simulator.fault({ kind: 'emptyPage' });
  expect(await ask(gateway, 'first: 5')).toBe('UPSTREAM_INVALID_RESPONSE');
});

describe('a failure', () => {
  test('is no empty list where the list was shorter a moment ago', async () => {
    let aheadMs = 0;
    const clock = {
      ...systemClock,
      now: () => Date.now() + aheadMs,
      monotonic: () => performance.now() + aheadMs,
    };
    await using gateway = await startTestGateway({ clock, simulator: { projects: projectOf(1000) } });
    expect(await ask(gateway, 'first: 1')).toMatchObject({ totalCount: 1000 });
    gateway.simulator.addRuns(PROJECT, 3);
    aheadMs += 6_000;
    let head = await ask(gateway, 'first: 1');
    while (typeof head === 'string' || head.totalCount < 1003) head = await ask(gateway, 'first: 1');
    gateway.simulator.fault({ kind: 'http5xx' });
    expect(await ask(gateway, 'last: 2')).toBe('UPSTREAM_UNAVAILABLE');
    gateway.simulator.clearFaults();
    aheadMs += 70_000;
    expect(await ask(gateway, 'last: 2')).toMatchObject({ ids: truth(gateway).slice(-2) });
  });
});

test('items of a run are complete if the upstream caps their pages', async () => {
  await using gateway = await gatewayWith(40);
  const counts = gateway.simulator
    .runs(PROJECT)
    .map(({ id, objectIds }) => ({ id, count: objectIds.length }));
  const { id, count } = counts.reduce((one, other) => (other.count > one.count ? other : one));
  expect(count).toBeGreaterThan(2);
  gateway.simulator.fault({ kind: 'capPageSize', pageSize: 2 });
  const { data, errors } = await gateway.query(
    `{ pipelineRun(projectId: ${PROJECT}, runId: "${id}") { items(first: 100) { totalCount nodes { itemId } } } }`,
  );
  expect(errors).toBeUndefined();
  expect(data.pipelineRun.items.totalCount).toBe(count);
  expect(data.pipelineRun.items.nodes).toHaveLength(count);
});

describe('a list whose pages are odd leaves the pages of other lists as they are', () => {
  const projects = [
    { id: '7', runCount: 300 },
    { id: '8', runCount: 300 },
    { id: '9', runCount: 3 },
  ];
  const totals = (id: string) => `{ pipelineRuns(projectId: ${id}, first: 100) { nodes { runId } } }`;
  const onList = { action: 'ListPipelineRuns', params: { ProjectId: '7' } };

  test.each<[string, Fault]>([
    ['silently', { kind: 'capPageSize', pageSize: 98, silent: true, ...onList }],
    ['and says so', { kind: 'capPageSize', pageSize: 98, ...onList }],
  ])('when it has smaller ones %s', async (_, fault) => {
    await using gateway = await startTestGateway({ simulator: { projects } });
    await gateway.query(totals('8'));
    gateway.simulator.fault(fault);
    await gateway.query(totals('7'));
    gateway.newCalls();
    const other = await gateway.query(
      '{ pipelineRuns(projectId: 8, filter: { creator: "none" }) { totalCount } project(projectId: 8) { pipelineRuns(page: { number: 2, size: 100 }) { nodes { runId } } } }',
    );
    expect(other.errors).toBeUndefined();
    expect(gateway.newCalls().filter((call) => call === 'ListPipelineRuns 2')).toHaveLength(1);
    const sizes = [...gateway.simulator.calls].slice(-3).map(({ params }) => params['PageSize']);
    expect(new Set(sizes)).toEqual(new Set(['100']));
  });

  test('when it reports its row count as its page size', async () => {
    await using gateway = await startTestGateway({ simulator: { projects } });
    gateway.simulator.fault({
      kind: 'replace',
      at: ['PagingInfo', 'PageSize'],
      value: 3,
      action: 'ListPipelineRuns',
      params: { ProjectId: '9' },
    });
    expect((await gateway.query(totals('9'))).data.pipelineRuns.nodes).toHaveLength(3);
    gateway.newCalls();
    expect((await gateway.query(totals('8'))).data.pipelineRuns.nodes).toHaveLength(100);
    expect(gateway.newCalls()).toEqual(['ListPipelineRuns 1']);
  });
});

test('a last page with as many rows as expected is not believed if the first page is too short to be explained', async () => {
  const memory = createListMemory(10, systemClock);
  let total = 0;
  let cap = 10;
  let asOf = 0;
  /** The list changes, and from some time on its pages are capped silently, each time that a page is read. */
  const steps = [() => (total = 96), () => (total = 97), () => (total = 98), () => ([total, cap] = [97, 7])];
  const source: ListSource<{ id: string }> = {
    action: 'ListPipelineRuns',
    identity: 'list',
    description: 'the test list',
    growsAtHead: true,
    key: ({ id }) => ({ id, time: null }),
    peekPage: () => null,
    readPage(index, pageSize) {
      steps.shift()?.();
      const all = Array.from({ length: total }, (_, at) => ({ id: `run-${total - at}` }));
      const rows = all.slice(index * cap, (index + 1) * cap);
      const value = { rows, totalCount: total, pageNumber: index + 1, pageSize };
      return Promise.resolve({ value, asOf: ++asOf, staleBecause: null });
    },
  };
  // The last rows of a list of 97 would be on a page of 7 rows, as the capped page of other rows has them.
  const last = createListReader(source, memory).read({
    by: 'cursor',
    from: 'end',
    count: 5,
    after: null,
    before: null,
  });
  await expect(last).rejects.toThrow('DataWorks contradicts itself');
});
