import { beforeAll, describe, expect, test } from '@jest/globals';
import { CombinedError } from '@urql/core';
import type { IntrospectionQuery } from 'graphql';
import { introspect } from './introspection.ts';
import { ask, createUrqlClient } from './urqlClient.ts';
import { openList, PROJECT_RUNS, RUN_BY_ID, RUNS } from './urqlLists.ts';
import {
  everyFreshness,
  everythingFresh,
  expectEveryRunOnce,
  FOUR_PAGES,
  nothingFresh,
  runIds,
  runIdsIn,
  WALKED,
} from './walks.ts';
import { watchConsole } from './watchConsole.ts';
import { startTestGateway } from '../support/gateway.ts';

watchConsole();

let schema: IntrospectionQuery;
beforeAll(async () => {
  await using gateway = await startTestGateway();
  schema = await introspect(gateway);
});

const { projectId } = WALKED;

describe('relayPagination pages forward', () => {
  test('over 350 runs in windows of 30, with four upstream calls', async () => {
    await using gateway = await startTestGateway({ settings: everythingFresh });
    const list = await openList(createUrqlClient(gateway, schema), { projectId, first: 30 });
    let windows = 1;
    while (await list.next(30)) windows += 1;
    expect(windows).toBe(12);
    expect(list.runIds()).toEqual(runIds(gateway));
    expect(list.connection().nodes.map(({ runId }) => runId)).toEqual(runIds(gateway));
    expect(list.connection()).toMatchObject({ totalCount: WALKED.runs, staleBecause: null });
    expect(gateway.newCalls()).toEqual(FOUR_PAGES);
  });

  test.each(everyFreshness)(
    'and returns every old run once while new ones arrive, $name fresh',
    async ({ settings }) => {
      await using gateway = await startTestGateway({ settings });
      const old = runIds(gateway);
      const list = await openList(createUrqlClient(gateway, schema), { projectId, first: 30 });
      do gateway.simulator.addRuns(projectId, 7);
      while (await list.next(30));
      expect(list.runIds()).toEqual(old);
    },
  );

  test('under a project, and separately for each filter', async () => {
    await using gateway = await startTestGateway();
    const client = createUrqlClient(gateway, schema);
    const failed = await openList(client, { projectId, first: 20, filter: { status: 'FAILED' } });
    const unfiltered = await openList(client, { projectId, first: 10 });
    while (await failed.next(20));
    expect(failed.runIds()).toEqual(runIds(gateway, { status: 'Fail' }));
    expect(unfiltered.runIds()).toEqual(runIds(gateway).slice(0, 10));
    let { pipelineRuns } = (await ask(client, PROJECT_RUNS, { projectId, first: 100 })).project;
    while (pipelineRuns.pageInfo.hasNextPage) {
      const after = pipelineRuns.pageInfo.endCursor;
      ({ pipelineRuns } = (await ask(client, PROJECT_RUNS, { projectId, first: 100, after })).project);
    }
    expect(runIdsIn(pipelineRuns)).toEqual(runIds(gateway));
  });
});

describe('relayPagination pages backward', () => {
  test('over 350 runs in windows of 30, with four upstream calls', async () => {
    await using gateway = await startTestGateway({ settings: everythingFresh });
    const list = await openList(createUrqlClient(gateway, schema), { projectId, last: 30 });
    while (await list.previous(30));
    expect(list.runIds()).toEqual(runIds(gateway));
    expect(gateway.newCalls().sort()).toEqual(FOUR_PAGES);
  });

  test.each(everyFreshness)(
    'and returns every run once, including new ones, $name fresh',
    async ({ settings, seesNewest }) => {
      await using gateway = await startTestGateway({ settings });
      const list = await openList(createUrqlClient(gateway, schema), { projectId, last: 30 });
      while (await list.previous(30)) {
        if (list.runIds().length < 300) gateway.simulator.addRuns(projectId, 7);
      }
      expectEveryRunOnce(list.runIds(), gateway, seesNewest);
    },
  );
});

test('relayPagination that merges outwards pages past the previous head, to runs that arrived since', async () => {
  await using gateway = await startTestGateway({ settings: nothingFresh });
  const client = createUrqlClient(gateway, schema, { mergeMode: 'outwards' });
  const list = await openList(client, { projectId, first: 30 });
  for (let turn = 0; turn < 3; turn++) {
    await list.next(30);
    gateway.simulator.addRuns(projectId, 7);
    await list.newest(100);
  }
  expect(list.runIds()).toEqual(runIds(gateway).slice(0, 21 + 120));
  while (await list.next(100));
  expect(list.runIds()).toEqual(runIds(gateway));
});

describe('urql refetches', () => {
  test('a window of a list that is loaded completely, and keeps the list intact', async () => {
    await using gateway = await startTestGateway({ settings: nothingFresh });
    const client = createUrqlClient(gateway, schema);
    const list = await openList(client, { projectId, first: 100 });
    while (await list.next(100));
    gateway.newCalls();
    const { pipelineRuns } = await ask(client, RUNS, { projectId, first: 100 }, 'network-only');
    expect(runIdsIn(pipelineRuns)).toEqual(runIds(gateway));
    expect(gateway.newCalls()).toEqual(['ListPipelineRuns 1']);
  });

  test('a run by node(id), and the list shows its new state', async () => {
    let aheadMs = 0;
    await using gateway = await startTestGateway({
      simulator: { now: () => Date.now() + aheadMs },
      settings: nothingFresh,
    });
    gateway.simulator.addRuns(projectId, 1);
    const client = createUrqlClient(gateway, schema);
    const { id, status } = (await openList(client, { projectId, first: 30 })).connection().edges[0]!.node;
    expect(status).toBe('INIT');
    gateway.newCalls();
    aheadMs = 24 * 60 * 60 * 1000;
    const { node } = await ask(client, RUN_BY_ID, { id }, 'network-only');
    expect(node.status).not.toBe('INIT');
    const { pipelineRuns } = await ask(client, RUNS, { projectId, first: 30 }, 'cache-only');
    expect(pipelineRuns.edges[0]!.node).toMatchObject({ id, status: node.status });
    expect(gateway.newCalls()).toEqual(['GetPipelineRun']);
  });
});

describe('urql with its default method, GET', () => {
  const window = { projectId, first: 1 };

  test('gets a response if a header proves that no other site sent the request', async () => {
    await using gateway = await startTestGateway();
    const client = createUrqlClient(gateway, schema, {
      method: 'as urql likes',
      headers: { 'apollo-require-preflight': 'true' },
    });
    expect((await openList(client, window)).runIds()).toEqual(runIds(gateway).slice(0, 1));
  });

  test('gets a response with an Authorization header', async () => {
    await using gateway = await startTestGateway();
    const client = createUrqlClient(gateway, schema, {
      method: 'as urql likes',
      headers: { authorization: 'Bearer token' },
    });
    expect((await openList(client, window)).runIds()).toEqual(runIds(gateway).slice(0, 1));
  });

  test('gets an error that names the required header, without an upstream call', async () => {
    await using gateway = await startTestGateway();
    const refused = ask(createUrqlClient(gateway, schema, { method: 'as urql likes' }), RUNS, window);
    await expect(refused).rejects.toThrow(CombinedError);
    await expect(refused).rejects.toThrow(/apollo-require-preflight/);
    expect(gateway.newCalls()).toEqual([]);
  });
});
