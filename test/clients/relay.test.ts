import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { buildClientSchema, printSchema } from 'graphql';
import type { GraphQLTaggedNode, ReaderFragment, Variables } from 'relay-runtime';
import { introspect } from './introspection.ts';
import { createRelayClient, type LiveFragment } from './relayClient.ts';
import { compileRelayProject, type RelayProject } from './relayProject.ts';
import {
  everyFreshness,
  everythingFresh,
  expectEveryRunOnce,
  FOUR_PAGES,
  nothingFresh,
  runIds,
  runIdsIn,
} from './walks.ts';
import { watchConsole } from './watchConsole.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

let project: RelayProject;
beforeAll(async () => {
  await using gateway = await startTestGateway();
  project = await compileRelayProject(printSchema(buildClientSchema(await introspect(gateway))));
});
afterAll(async () => {
  await project[Symbol.asyncDispose]();
});

watchConsole();

async function open(
  gateway: TestGateway,
  [query, fragment]: [query: string, fragment: string],
  variables: Variables,
): Promise<LiveFragment> {
  const client = createRelayClient(gateway.url);
  return client.open(
    (await project.artifact(query)) as GraphQLTaggedNode,
    (await project.artifact(fragment)) as ReaderFragment,
    variables,
  );
}

const RUNS = ['ProjectRunsQuery', 'ProjectRuns_project'] as [string, string];
const HISTORY = ['ProjectHistoryQuery', 'ProjectHistory_project'] as [string, string];
const TIMELINE = ['ProjectTimelineQuery', 'ProjectTimeline_project'] as [string, string];
const DETAIL = ['RunDetailQuery', 'RunDetail_run'] as [string, string];
const ITEMS = ['RunItemsQuery', 'RunItems_run'] as [string, string];

const idsOf = (list: LiveFragment) => runIdsIn(list.data().pipelineRuns);

describe('relay-compiler', () => {
  test('accepts @connection and @refetchable on Project and PipelineRun without warnings', () => {
    expect(project.output).toContain('Compilation completed.');
    expect(project.output).not.toMatch(/warn|error/i);
    expect(project.artifactNames).toEqual([
      'ProjectHistoryPageQuery',
      'ProjectHistoryQuery',
      'ProjectHistory_project',
      'ProjectRunsPageQuery',
      'ProjectRunsQuery',
      'ProjectRuns_project',
      'ProjectTimelinePageQuery',
      'ProjectTimelineQuery',
      'ProjectTimeline_project',
      'RunDetailQuery',
      'RunDetailRefetchQuery',
      'RunDetail_run',
      'RunItemsPageQuery',
      'RunItemsQuery',
      'RunItems_run',
    ]);
  });

  test('generates the same artifacts from the schema.graphql of the repository', async () => {
    const sdl = await readFile(new URL('../../schema.graphql', import.meta.url), 'utf8');
    await using fromFile = await compileRelayProject(sdl);
    expect(fromFile.artifactNames).toEqual(project.artifactNames);
    for (const name of project.artifactNames) {
      expect(await fromFile.artifact(name)).toEqual(await project.artifact(name));
    }
  });

  test.each(['ProjectRunsPageQuery', 'RunDetailRefetchQuery', 'RunItemsPageQuery'])(
    'refetches by node(id): %s',
    async (name) => {
      const { params } = await project.artifact(name);
      expect(params.text).toContain('node(id: $id)');
    },
  );
});

describe('relay-runtime pages forward', () => {
  test('over 350 runs by node(id) in windows of 30, with calls for four pages and one project', async () => {
    await using gateway = await startTestGateway({ settings: everythingFresh });
    const list = await open(gateway, RUNS, { projectId: '10001' });
    let windows = 1;
    while (await list.load('forward', 30)) windows += 1;
    expect(windows).toBe(12);
    expect(idsOf(list)).toEqual(runIds(gateway));
    expect(list.data().pipelineRuns).toMatchObject({ totalCount: 350, staleBecause: null });
    expect(gateway.newCalls().sort()).toEqual([...FOUR_PAGES, 'ListProjects 1']);
  });

  test.each(everyFreshness)(
    'and returns every old run once while new ones arrive, $name fresh',
    async ({ settings }) => {
      await using gateway = await startTestGateway({ settings });
      const old = runIds(gateway);
      const list = await open(gateway, RUNS, { projectId: '10001' });
      do gateway.simulator.addRuns('10001', 7);
      while (await list.load('forward', 30));
      expect(idsOf(list)).toEqual(old);
    },
  );

  test('over a filtered list to its end', async () => {
    await using gateway = await startTestGateway();
    const list = await open(gateway, RUNS, { projectId: '10001', filter: { status: 'FAILED' } });
    while (await list.load('forward', 10));
    expect(idsOf(list)).toEqual(runIds(gateway, { status: 'Fail' }));
  });

  test('over the items of a run, whose rows have no global id', async () => {
    await using gateway = await startTestGateway();
    const run = gateway.simulator.runs('10002').find(({ objectIds }) => objectIds.length > 2)!;
    const list = await open(gateway, ITEMS, { projectId: '10002', runId: run.id });
    while (await list.load('forward', 1));
    const items = list.data().items.edges.map(({ node }: { node: { itemId: string } }) => node.itemId);
    expect(items).toEqual(run.objectIds);
  });
});

describe('relay-runtime pages backward', () => {
  test('from the end to the head, with calls for four pages and one project', async () => {
    await using gateway = await startTestGateway({ settings: everythingFresh });
    const list = await open(gateway, HISTORY, { projectId: '10001' });
    while (await list.load('backward', 30));
    expect(idsOf(list)).toEqual(runIds(gateway));
    expect(gateway.newCalls().sort()).toEqual([...FOUR_PAGES, 'ListProjects 1']);
  });

  test.each(everyFreshness)(
    'and returns every run once, including new ones, $name fresh',
    async ({ settings, seesNewest }) => {
      await using gateway = await startTestGateway({ settings });
      const { simulator } = gateway;
      const list = await open(gateway, HISTORY, { projectId: '10001' });
      while (await list.load('backward', 30)) if (idsOf(list).length < 300) simulator.addRuns('10001', 7);
      expectEveryRunOnce(idsOf(list), gateway, seesNewest);
    },
  );
});

test.each(everyFreshness)(
  'relay-runtime pages in both directions from the middle, and returns every run once while new ones arrive, $name fresh',
  async ({ settings, seesNewest }) => {
    await using gateway = await startTestGateway({ settings });
    const { simulator } = gateway;
    const { data } = await gateway.query(
      '{ pipelineRuns(projectId: 10001, page: { number: 2, size: 100 }) { pageInfo { startCursor } } }',
    );
    const after = data.pipelineRuns.pageInfo.startCursor as string;
    const list = await open(gateway, TIMELINE, { projectId: '10001', first: 30, after });
    for (let turn = 0; turn < 3; turn++) {
      simulator.addRuns('10001', 7);
      await list.load('forward', 30);
      simulator.addRuns('10001', 7);
      await list.load('backward', 30);
    }
    while (await list.load('forward', 30));
    while (await list.load('backward', 30));
    expectEveryRunOnce(idsOf(list), gateway, seesNewest);
  },
);

describe('relay-runtime refetches', () => {
  test('a run by node(id), and updates every fragment that includes it', async () => {
    let aheadMs = 0;
    await using gateway = await startTestGateway({
      simulator: { now: () => Date.now() + aheadMs },
      settings: nothingFresh,
    });
    const [run] = gateway.simulator.addRuns('10002', 1);
    const detail = await open(gateway, DETAIL, { projectId: '10002', runId: run!.id });
    expect(detail.data().status).toBe('INIT');
    gateway.newCalls();
    aheadMs = 24 * 60 * 60 * 1000;
    await detail.refetch();
    expect(detail.data()).toMatchObject({
      id: `gid://dataworks/PipelineRun/10002/${run!.id}`,
      status: expect.stringMatching(/^(SUCCEEDED|FAILED|TERMINATED|CANCELED)$/),
    });
    expect(gateway.newCalls()).toEqual(['GetPipelineRun']);
  });

  test('a project by node(id), whose list then starts with the new runs', async () => {
    await using gateway = await startTestGateway({ settings: nothingFresh });
    const { simulator } = gateway;
    const list = await open(gateway, RUNS, { projectId: '10001' });
    await list.load('forward', 30);
    simulator.addRuns('10001', 3);
    await list.refetch();
    expect(list.data()).toMatchObject({
      id: 'gid://dataworks/Project/10001',
      pipelineRuns: { totalCount: 353 },
    });
    expect(idsOf(list)).toEqual(runIds(gateway).slice(0, 30));
    await list.load('forward', 30);
    expect(idsOf(list)).toHaveLength(60);
  });

  test('a project by node(id) with another filter, beside the list of the first', async () => {
    await using gateway = await startTestGateway();
    const list = await open(gateway, RUNS, { projectId: '10001' });
    await list.refetch({ filter: { status: 'FAILED' } });
    while (await list.load('forward', 30));
    expect(idsOf(list)).toEqual(runIds(gateway, { status: 'Fail' }));
  });
});
