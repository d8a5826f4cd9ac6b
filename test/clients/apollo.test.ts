import { gql, type InMemoryCacheConfig, type TypedDocumentNode } from '@apollo/client';
import { describe, expect, test } from '@jest/globals';
import { byTypeAndId, createApolloClient, watchList } from './apolloClient.ts';
import {
  everyFreshness,
  everythingFresh,
  expectEveryRunOnce,
  FOUR_PAGES,
  nothingFresh,
  runIds,
  WALKED,
} from './walks.ts';
import { watchConsole } from './watchConsole.ts';
import { startTestGateway } from '../support/gateway.ts';

watchConsole();

const { projectId } = WALKED;

const CONNECTION = gql`
  fragment Connection on PipelineRunConnection {
    totalCount
    asOf
    staleBecause
    edges {
      cursor
      node {
        id
        runId
        status
        stages {
          code
          status
        }
      }
    }
    pageInfo {
      hasNextPage
      hasPreviousPage
      startCursor
      endCursor
    }
  }
`;

const RUNS = gql`
  query Runs(
    $projectId: ID!
    $filter: PipelineRunFilter
    $first: Int
    $after: String
    $last: Int
    $before: String
  ) {
    pipelineRuns(
      projectId: $projectId
      filter: $filter
      first: $first
      after: $after
      last: $last
      before: $before
    ) {
      ...Connection
    }
  }
  ${CONNECTION}
`;

const PROJECT_RUNS = gql`
  query ProjectRuns($projectId: ID!, $first: Int, $after: String, $last: Int, $before: String) {
    project(projectId: $projectId) {
      id
      pipelineRuns(first: $first, after: $after, last: $last, before: $before) {
        ...Connection
      }
    }
  }
  ${CONNECTION}
`;

const RUN_BY_ID: TypedDocumentNode<{ node: { status: string } }, { id: string }> = gql`
  query RunById($id: ID!) {
    node(id: $id) {
      id
      ... on PipelineRun {
        status
      }
    }
  }
`;

describe('relayStylePagination pages forward', () => {
  test('over 350 runs in windows of 30, with four upstream calls', async () => {
    await using gateway = await startTestGateway({ settings: everythingFresh });
    const list = await watchList(createApolloClient(gateway), RUNS, { projectId, first: 30 });
    let windows = 1;
    while (await list.next(30)) windows += 1;
    expect(windows).toBe(12);
    expect(list.runIds()).toEqual(runIds(gateway));
    expect(list.connection()).toMatchObject({ totalCount: WALKED.runs, staleBecause: null });
    expect(gateway.newCalls()).toEqual(FOUR_PAGES);
  });

  test.each(everyFreshness)(
    'and returns every old run once while new ones arrive, $name fresh',
    async ({ settings }) => {
      await using gateway = await startTestGateway({ settings });
      const old = runIds(gateway);
      const list = await watchList(createApolloClient(gateway), RUNS, { projectId, first: 30 });
      do gateway.simulator.addRuns(projectId, 7);
      while (await list.next(30));
      expect(list.runIds()).toEqual(old);
    },
  );

  test('under a project, and separately for each filter', async () => {
    await using gateway = await startTestGateway();
    const client = createApolloClient(gateway);
    const all = await watchList(client, PROJECT_RUNS, { projectId, first: 100 });
    const failed = await watchList(client, RUNS, { projectId, first: 20, filter: { status: 'FAILED' } });
    const unfiltered = await watchList(client, RUNS, { projectId, first: 10 });
    while (await all.next(100));
    while (await failed.next(20));
    expect(all.runIds()).toEqual(runIds(gateway));
    expect(failed.runIds()).toEqual(runIds(gateway, { status: 'Fail' }));
    expect(unfiltered.runIds()).toEqual(runIds(gateway).slice(0, 10));
  });
});

describe('relayStylePagination pages backward', () => {
  test('over 350 runs in windows of 30, with four upstream calls', async () => {
    await using gateway = await startTestGateway({ settings: everythingFresh });
    const list = await watchList(createApolloClient(gateway), RUNS, { projectId, last: 30 });
    while (await list.previous(30));
    expect(list.runIds()).toEqual(runIds(gateway));
    expect(gateway.newCalls().sort()).toEqual(FOUR_PAGES);
  });

  test.each(everyFreshness)(
    'and returns every run once, including new ones, $name fresh',
    async ({ settings, seesNewest }) => {
      await using gateway = await startTestGateway({ settings });
      const list = await watchList(createApolloClient(gateway), RUNS, { projectId, last: 30 });
      while (await list.previous(30)) {
        if (list.runIds().length < 300) gateway.simulator.addRuns(projectId, 7);
      }
      expectEveryRunOnce(list.runIds(), gateway, seesNewest);
    },
  );

  test('past the previous head, to runs that arrived since', async () => {
    await using gateway = await startTestGateway({ settings: nothingFresh });
    const list = await watchList(createApolloClient(gateway), RUNS, { projectId, first: 30 });
    for (let turn = 0; turn < 3; turn++) {
      await list.next(30);
      gateway.simulator.addRuns(projectId, 7);
      await list.newest(100);
    }
    expect(list.runIds()).toEqual(runIds(gateway).slice(0, 21 + 120));
    while (await list.next(100));
    expect(list.runIds()).toEqual(runIds(gateway));
  });
});

describe('Apollo Client refetches', () => {
  test('a grown list, which restarts at the new head and can page further', async () => {
    await using gateway = await startTestGateway({ settings: nothingFresh });
    const list = await watchList(createApolloClient(gateway), RUNS, { projectId, first: 30 });
    await list.next(30);
    gateway.simulator.addRuns(projectId, 3);
    await list.refetch();
    expect(list.runIds()).toEqual(runIds(gateway).slice(0, 30));
    while (await list.next(100));
    expect(list.runIds()).toEqual(runIds(gateway));
  });

  test('a run by node(id), and the list shows its new state', async () => {
    let aheadMs = 0;
    await using gateway = await startTestGateway({
      simulator: { now: () => Date.now() + aheadMs },
      settings: nothingFresh,
    });
    gateway.simulator.addRuns(projectId, 1);
    const client = createApolloClient(gateway);
    const list = await watchList(client, RUNS, { projectId, first: 30 });
    const { id, status } = list.connection().edges[0]!.node;
    expect(status).toBe('INIT');
    gateway.newCalls();
    aheadMs = 24 * 60 * 60 * 1000;
    const { data } = await client.query({
      query: RUN_BY_ID,
      variables: { id },
      fetchPolicy: 'network-only',
    });
    expect(data!.node.status).not.toBe('INIT');
    await list.shown(({ edges: [first] }) => first!.node.status !== 'INIT');
    expect(list.connection().edges[0]!.node).toMatchObject({ id, status: data!.node.status });
    expect(gateway.newCalls()).toEqual(['GetPipelineRun']);
  });
});

test('Apollo Client gets the same response with GET', async () => {
  await using gateway = await startTestGateway();
  const list = await watchList(createApolloClient(gateway, byTypeAndId, true), RUNS, {
    projectId,
    first: 30,
  });
  await list.next(30);
  expect(list.runIds()).toEqual(runIds(gateway).slice(0, 60));
});

describe('the normalized cache', () => {
  test.each([
    [
      'by type and id',
      byTypeAndId,
      ['PipelineRun:gid://dataworks/PipelineRun/10001/', 'Project:gid://dataworks/Project/10001'],
    ],
    [
      'by id alone',
      { ...byTypeAndId, dataIdFromObject: ({ id }: { id?: unknown }) => id as string | undefined },
      ['gid://dataworks/PipelineRun/10001/', 'gid://dataworks/Project/10001'],
    ],
  ] as [string, InMemoryCacheConfig, [run: string, project: string]][])(
    'stores a run once, however it was reached, %s',
    async (_, config, [run, project]) => {
      await using gateway = await startTestGateway();
      const client = createApolloClient(gateway, config);
      const [runId] = runIds(gateway);
      await client.query({ query: RUNS, variables: { projectId, first: 1 } });
      await client.query({ query: PROJECT_RUNS, variables: { projectId, first: 1 } });
      await client.query({
        query: RUN_BY_ID,
        variables: { id: `gid://dataworks/PipelineRun/10001/${runId}` },
      });
      await client.query({
        query: gql`
          query Run($projectId: ID!, $runId: ID!) {
            pipelineRun(projectId: $projectId, runId: $runId) {
              id
              project {
                id
              }
            }
          }
        `,
        variables: { projectId, runId },
      });
      expect(Object.keys(client.extract() as object).sort()).toEqual(
        [`${run}${runId}`, project, 'ROOT_QUERY'].sort(),
      );
    },
  );
});
