import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { WireValue } from '../../simulator/wire.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { openSocket } from '../support/sockets.ts';

/** A list of 40 runs on one page. */
const PROJECT = '10002';
const RUNS = `{ pipelineRuns(projectId: ${PROJECT}, first: 100) {
  totalCount staleBecause edges { cursor node { id runId status rawStatus message stages { code message detail } } }
} }`;

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ settings: { CACHE_FRESH_MS: '0', CACHE_STALE_MS: '0' } });
});
beforeEach(() => {
  gateway.simulator.clearFaults();
  gateway.newCalls();
});
afterAll(() => gateway.close());

function replaceIn(action: string, at: readonly (string | number)[], value: WireValue) {
  return gateway.simulator.fault({ kind: 'replace', action, at, value });
}

const replaceInRuns = (at: readonly (string | number)[], value: WireValue) =>
  replaceIn('ListPipelineRuns', ['PagingInfo', 'PipelineRuns', ...at], value);

async function undecodable(action: string, what: string): Promise<number> {
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  const name = 'dataworks_gateway_upstream_undecodable_total';
  const line = text
    .split('\n')
    .find((one) => one.startsWith(name) && one.includes(`"${action}"`) && one.includes(`"${what}"`));
  return Number(line?.split(' ').at(-1) ?? 0);
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- as deep as the test asks
async function rowsOf(answer: ReturnType<TestGateway['query']>): Promise<any[]> {
  const { data, errors } = await answer;
  expect(errors).toBeUndefined();
  return data.pipelineRuns.edges.map(({ node }: { node: unknown }) => node);
}

function nested(levels: number): WireValue {
  let value: WireValue = 'core';
  for (let level = 0; level < levels; level++) value = { inner: value };
  return value;
}

describe('a field that cannot be decoded', () => {
  test('is returned as text if it is a document nested too deeply, and does not affect its 39 neighbours', async () => {
    const before = await undecodable('ListPipelineRuns', 'field');
    const healthy = await rowsOf(gateway.query(RUNS));
    gateway.newCalls();
    replaceInRuns([3, 'Stages', 0, 'Detail'], nested(120));
    const rows = await rowsOf(gateway.query(RUNS));
    expect(rows.map(({ runId }) => runId)).toEqual(healthy.map(({ runId }) => runId));
    expect(rows[3].stages[0].detail).toBe(JSON.stringify(nested(120)));
    expect(rows[3].status).toBe(healthy[3].status);
    expect(rows.filter((_, at) => at !== 3)).toEqual(healthy.filter((_, at) => at !== 3));
    expect(gateway.newCalls()).toEqual(['ListPipelineRuns 1']);
    expect((await undecodable('ListPipelineRuns', 'field')) - before).toBe(1);
  });

  test('neither opens the breaker nor slows another list, however often it occurs', async () => {
    replaceInRuns([3, 'Stages', 0, 'Detail'], nested(120));
    for (let time = 0; time < 20; time++) await rowsOf(gateway.query(RUNS));
    const { errors } = await gateway.query('{ pipelineRuns(projectId: 10001) { totalCount } }');
    expect(errors).toBeUndefined();
    expect(gateway.newCalls()).toHaveLength(21);
  });

  test.each([
    ['Message', { text: 'no' }, 'message'],
    ['Creator', ['1107'], 'creator'],
    ['CreateTime', 'yesterday', 'createTime'],
    ['Description', true, 'description'],
  ] as const)('is null where %s is of another type', async (name, value, field) => {
    replaceInRuns([0, name], value as unknown as WireValue);
    const { data, errors } = await gateway.query(
      `{ pipelineRuns(projectId: ${PROJECT}, first: 40) { nodes { runId ${field} } } }`,
    );
    expect(errors).toBeUndefined();
    expect(data.pipelineRuns.nodes).toHaveLength(40);
    expect(data.pipelineRuns.nodes[0]).toMatchObject({ runId: expect.any(String), [field]: null });
  });
});

describe('a row that cannot be decoded', () => {
  test.each([
    ['is null', [], null],
    ['is text', [], 'gone'],
    ['has no Id', ['Id'], null],
    ['has an Id of control characters', ['Id'], 'a\u0007b'],
  ] as const)('keeps its place as a placeholder if it %s', async (_, at, value) => {
    const before = await undecodable('ListPipelineRuns', 'row');
    const healthy = await rowsOf(gateway.query(RUNS));
    replaceInRuns([1, ...at], value);
    const { data, errors } = await gateway.query(RUNS);
    expect(errors).toBeUndefined();
    expect(data.pipelineRuns.totalCount).toBe(40);
    const rows = data.pipelineRuns.edges.map(({ node }: { node: unknown }) => node);
    expect(rows[1]).toMatchObject({
      runId: 'unreadable:39',
      status: 'UNKNOWN',
      stages: [],
      message: expect.stringContaining('The gateway cannot read this row'),
    });
    expect(rows.toSpliced(1, 1)).toEqual(healthy.toSpliced(1, 1));
    expect((await undecodable('ListPipelineRuns', 'row')) - before).toBe(1);
  });

  test('keeps its id and does not count as finished if its Stages are not an array', async () => {
    const [, healthy] = await rowsOf(gateway.query(RUNS));
    replaceInRuns([1, 'Stages'], { Code: 'DEV' });
    const rows = await rowsOf(gateway.query(RUNS));
    expect(rows).toHaveLength(40);
    expect(rows[1]).toMatchObject({
      runId: healthy.runId,
      status: 'UNKNOWN',
      rawStatus: healthy.rawStatus,
      stages: [],
      message: expect.stringContaining('Stages that are not an array'),
    });
  });

  test('is only the stage that is not an object', async () => {
    const [healthy] = await rowsOf(gateway.query(RUNS));
    replaceInRuns([0, 'Stages', 0], 'DEV');
    const [run] = await rowsOf(gateway.query(RUNS));
    expect(run).toMatchObject({ status: healthy.status, message: healthy.message });
    expect(run.stages).toHaveLength(healthy.stages.length);
    expect(run.stages[0]).toMatchObject({ code: '', message: expect.stringContaining('this stage') });
    expect(run.stages.slice(1)).toEqual(healthy.stages.slice(1));
  });

  test('can be paged over with cursors, from it and to it', async () => {
    replaceInRuns([1], null);
    const walk =
      'query ($after: String) { pipelineRuns(projectId: 10002, first: 1, after: $after) { nodes { runId } pageInfo { endCursor hasNextPage } } }';
    const met: string[] = [];
    let after: string | null = null;
    do {
      const { data, errors } = await gateway.query(walk, { after });
      expect(errors).toBeUndefined();
      met.push(data.pipelineRuns.nodes[0].runId);
      after = data.pipelineRuns.pageInfo.hasNextPage ? data.pipelineRuns.pageInfo.endCursor : null;
    } while (after !== null);
    const truth = gateway.simulator.runs(PROJECT).map(({ id }) => id);
    expect(met).toEqual(truth.with(1, 'unreadable:39'));
  });

  test('is cached like any other, needs no call by its id, and its items are an error with a code on that field', async () => {
    await using warm = await startTestGateway();
    warm.simulator.fault({ kind: 'replace', at: ['PagingInfo', 'PipelineRuns', 1], value: null });
    const query = '{ pipelineRuns(projectId: 10002, first: 2) { nodes { id runId items { totalCount } } } }';
    const { data, errors } = await warm.query(query);
    expect(data.pipelineRuns.nodes).toMatchObject([
      { items: { totalCount: expect.any(Number) } },
      { items: null },
    ]);
    expect(errors).toMatchObject([
      { path: ['pipelineRuns', 'nodes', 1, 'items'], extensions: { code: 'UPSTREAM_INVALID_RESPONSE' } },
    ]);
    expect(warm.newCalls()).toEqual(['ListPipelineRuns 1', 'ListPipelineRunItems 1']);
    await warm.query(query);
    const again = await warm.query('query ($id: ID!) { node(id: $id) { id } }', {
      id: data.pipelineRuns.nodes[1].id,
    });
    expect(again).toMatchObject({ data: { node: null } });
    expect(again.errors).toBeUndefined();
    expect(warm.newCalls()).toEqual([]);
  });

  test('does not break a subscription to its list, and a new run is one event', async () => {
    await using live = await startTestGateway({ settings: { CACHE_FRESH_MS: '1000' } });
    const fault = live.simulator.fault({
      kind: 'replace',
      at: ['PagingInfo', 'PipelineRuns', 1],
      value: null,
    });
    await using client = openSocket(live.url);
    const news = client.subscribe(
      `subscription { pipelineRunsUpdated(projectId: ${PROJECT}) { totalCount staleBecause updates { kind run { runId } } } }`,
    );
    await news.until(1);
    expect(news.events[0].updates).toHaveLength(40);
    fault();
    // The unreadable row has been pushed down by one.
    live.simulator.fault({ kind: 'replace', at: ['PagingInfo', 'PipelineRuns', 2], value: null });
    const [added] = live.simulator.addRuns(PROJECT, 1);
    await news.until(2);
    expect(news.events[1].updates).toEqual([{ kind: 'ADDED', run: { runId: added!.id } }]);
    expect(news.codes).toEqual([]);
  });

  test('is a placeholder in a list of items too', async () => {
    const [run] = gateway.simulator.runs(PROJECT).filter(({ objectIds }) => objectIds.length > 1);
    replaceIn('ListPipelineRunItems', ['PagingInfo', 'PipelineRunItems', 0, 'Id'], null);
    replaceIn('ListPipelineRunItems', ['PagingInfo', 'PipelineRunItems', 1, 'Spec'], nested(120));
    const { data, errors } = await gateway.query(
      'query ($runId: ID!) { pipelineRun(projectId: 10002, runId: $runId) { items { totalCount nodes { itemId status message spec } } } }',
      { runId: run!.id },
    );
    expect(errors).toBeUndefined();
    const [first, second] = data.pipelineRun.items.nodes;
    expect(data.pipelineRun.items.totalCount).toBe(run!.objectIds.length);
    expect(first).toMatchObject({ itemId: `unreadable:${run!.objectIds.length}`, status: 'UNKNOWN' });
    expect(second).toMatchObject({ itemId: run!.objectIds[1], spec: JSON.stringify(nested(120)) });
  });

  test('in a list of projects is an error of the missing project only', async () => {
    replaceIn('ListProjects', ['PagingInfo', 'Projects', 1, 'Id'], null);
    const { data, errors } = await gateway.query(
      '{ a: project(projectId: 10000) { name } b: project(projectId: 10001) { name } c: project(projectId: 10002) { name } }',
    );
    expect(data).toMatchObject({ a: { name: expect.any(String) }, b: null, c: { name: expect.any(String) } });
    expect(errors).toMatchObject([{ path: ['b'], extensions: { code: 'UPSTREAM_INVALID_RESPONSE' } }]);
    expect(gateway.newCalls()).toHaveLength(1);
  });
});

describe('a run of another project than the requested one', () => {
  test('is null by its id, at every entry point, and is counted', async () => {
    const before = await undecodable('GetPipelineRun', 'foreignProject');
    const [run] = gateway.simulator.runs(PROJECT);
    replaceIn('GetPipelineRun', ['Pipeline', 'ProjectId'], 10001);
    const id = `gid://dataworks/PipelineRun/${PROJECT}/${run!.id}`;
    const { data, errors } = await gateway.query(
      `query ($runId: ID!, $id: ID!, $representations: [_Any!]!) {
        pipelineRun(projectId: 10002, runId: $runId) { runId items { totalCount } }
        node(id: $id) { id }
        _entities(representations: $representations) { ... on PipelineRun { runId items { totalCount } } }
      }`,
      {
        runId: run!.id,
        id,
        representations: [{ __typename: 'PipelineRun', projectId: PROJECT, runId: run!.id }],
      },
    );
    expect(errors).toBeUndefined();
    expect(data).toEqual({ pipelineRun: null, node: null, _entities: [null] });
    expect(gateway.newCalls().every((call) => call === 'GetPipelineRun')).toBe(true);
    expect((await undecodable('GetPipelineRun', 'foreignProject')) - before).toBeGreaterThan(0);
  });

  test('fails its list, which is not cached and returns none of its rows', async () => {
    const before = await undecodable('ListPipelineRuns', 'foreignProject');
    const fault = replaceInRuns([5, 'ProjectId'], '10001');
    const { data, errors } = await gateway.query(RUNS);
    expect(data).toEqual({ pipelineRuns: null });
    expect(errors).toMatchObject([
      { path: ['pipelineRuns'], extensions: { code: 'UPSTREAM_INVALID_RESPONSE' } },
    ]);
    expect((await undecodable('ListPipelineRuns', 'foreignProject')) - before).toBeGreaterThan(0);
    fault();
    expect(await rowsOf(gateway.query(RUNS))).toHaveLength(40);
  });

  test('does not include a run that names no project or names it as text', async () => {
    replaceInRuns([0, 'ProjectId'], null);
    replaceInRuns([1, 'ProjectId'], PROJECT);
    const { data, errors } = await gateway.query(
      `{ pipelineRuns(projectId: ${PROJECT}, first: 2) { nodes { projectId } } }`,
    );
    expect(errors).toBeUndefined();
    expect(data.pipelineRuns.nodes).toEqual([{ projectId: PROJECT }, { projectId: PROJECT }]);
  });
});
