import { describe, expect, test } from '@jest/globals';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { startTestGateway } from '../support/gateway.ts';
import { openSocket } from '../support/sockets.ts';
import { createVirtualClock } from '../support/virtualClock.ts';

const FRESH_MS = 60_000;
const settings = { CACHE_FRESH_MS: String(FRESH_MS), CACHE_STALE_MS: '600000' };

describe('stale data is labelled', () => {
  const RUN = `query ($runId: ID!) { pipelineRun(projectId: 10000, runId: $runId) { status asOf staleBecause } }`;
  const PLAIN = `query ($runId: ID!) { pipelineRun(projectId: 10000, runId: $runId) { status } }`;

  test('on a run that was cached as running when DataWorks failed', async () => {
    await using scene = await open();
    const { gateway, runId } = scene;
    const fresh = await gateway.query(RUN, { runId });
    expect(fresh.data.pipelineRun).toMatchObject({ status: 'RUNNING', staleBecause: null });
    expect(fresh.extensions).toBeUndefined();
    await scene.goDown(RUN);
    const stale = await gateway.query(RUN, { runId });
    expect(stale.data.pipelineRun).toEqual({ ...fresh.data.pipelineRun, staleBecause: 'UPSTREAM_ERROR' });
    const listed = { stale: [{ path: ['pipelineRun'], reason: 'UPSTREAM_ERROR' }] };
    expect(stale.extensions).toEqual(listed);
    // A client that selects neither field gets the path of the run in `extensions`.
    expect((await gateway.query(PLAIN, { runId })).extensions).toEqual(listed);
    scene.comeBack();
    await scene.until(async () => (await gateway.query(PLAIN, { runId })).extensions === undefined);
  });

  test('by response path, wherever a run or a project occurs in a response', async () => {
    await using scene = await open();
    const { gateway, runId } = scene;
    const gid = `gid://dataworks/PipelineRun/10000/${runId}`;
    const project = 'gid://dataworks/Project/10000';
    const query = `query ($runId: ID!, $ids: [ID!]!, $all: [_Any!]!) {
      list: pipelineRuns(projectId: 10000, first: 2) {
        asOf nodes { asOf staleBecause workspace: project { name asOf staleBecause } } edges { node { asOf } }
      }
      one: pipelineRun(projectId: 10000, runId: $runId) { asOf items(first: 1) { totalCount } }
      nodes(ids: $ids) { ... on PipelineRun { asOf staleBecause } ... on Project { asOf staleBecause } }
      _entities(representations: $all) { ... on PipelineRun { staleBecause } }
    }`;
    const variables = {
      runId,
      ids: ['gid://dataworks/Project/99', gid, project],
      all: [{ __typename: 'PipelineRun', id: gid }],
    };
    const fresh = await gateway.query(query, variables);
    expect(fresh.errors).toBeUndefined();
    expect(fresh.extensions).toBeUndefined();
    const { list, nodes } = fresh.data;
    for (const { node } of list.edges) expect(node.asOf).toBe(list.asOf);
    expect(list.nodes[0]).toMatchObject({ asOf: list.asOf, staleBecause: null });
    expect(nodes[2]).toMatchObject({ asOf: list.nodes[0].workspace.asOf, staleBecause: null });
    // Projects stay fresh for five minutes.
    scene.forward(300_000);
    await scene.goDown(query, variables);
    const paths = async () => {
      const { extensions } = await gateway.query(query, variables);
      return (extensions?.['stale'] as { path: unknown[] }[]).map(({ path }) => path.join('.')).sort();
    };
    const expected = [
      '_entities.0',
      'list',
      'list.nodes.0.workspace',
      'list.nodes.1.workspace',
      'nodes.0',
      'nodes.1',
      'nodes.2',
      'one',
      'one.items',
    ];
    // Interpreted at first, compiled from the third execution on.
    for (let n = 0; n < 4; n++) expect(await paths()).toEqual(expected);
    const { data } = await gateway.query(query, variables);
    expect(data.nodes[2].staleBecause).toBe('UPSTREAM_ERROR');
    expect(data.list.nodes[0].workspace.staleBecause).toBe('UPSTREAM_ERROR');
    expect(data._entities[0].staleBecause).toBe('UPSTREAM_ERROR');
  });

  test('with fifty paths at most and the number of omitted ones', async () => {
    await using scene = await open();
    const query = `{ pipelineRuns(projectId: 10000, first: 100) { totalCount nodes { project { name } } } }`;
    const { data } = await scene.gateway.query(query);
    expect(data.pipelineRuns.nodes.length).toBe(100);
    scene.forward(300_000);
    await scene.goDown(query);
    const { extensions } = await scene.gateway.query(query);
    expect(extensions?.['stale']).toHaveLength(50);
    expect(extensions?.['staleOmitted']).toBe(51);
  });

  test('and a list with a newer asOf is not served with the old one', async () => {
    await using scene = await open();
    const query = '{ pipelineRuns(projectId: 10000, first: 1) { nodes { asOf } } }';
    const asOf = async () => Date.parse((await scene.gateway.query(query)).data.pipelineRuns.nodes[0].asOf);
    const first = await asOf();
    expect(await asOf()).toBe(first);
    scene.forward(FRESH_MS + 1);
    await scene.until(async () => (await asOf()) > first + FRESH_MS);
  });

  test('in the events of a subscription', async () => {
    const clock = createVirtualClock();
    await using gateway = await startTestGateway({
      clock,
      simulator: { now: () => clock.now() },
      settings: { ...settings, CACHE_FRESH_MS: '5000', UPSTREAM_TRY_TIMEOUT_MS: '60000' },
    });
    gateway.simulator.addRuns('10000', 1);
    await using client = openSocket(gateway.url);
    const subscription = client.subscribe(
      'subscription { changed: pipelineRunsUpdated(projectId: 10000) { updates { run { asOf staleBecause } asOf } } }',
    );
    await subscription.until(1);
    expect(subscription.extensions).toEqual([undefined]);
    const [{ run, asOf }] = subscription.events[0].updates;
    expect(run).toEqual({ asOf, staleBecause: null });
    gateway.simulator.fault({ kind: 'http5xx' });
    const progress = { isComplete: false };
    void subscription.until(2).then(() => (progress.isComplete = true));
    while (!progress.isComplete) {
      await clock.advance(1000);
      await turn();
    }
    expect(subscription.extensions[1]).toEqual({ stale: [{ path: ['changed'], reason: 'UPSTREAM_ERROR' }] });
  });
});

interface Scene extends AsyncDisposable {
  gateway: Awaited<ReturnType<typeof startTestGateway>>;
  /** A run that is running. */
  runId: string;
  forward(ms: number): void;
  /** Lets all cached data become stale, fails every call, and queries until the failure is recorded. */
  goDown(query: string, variables?: Record<string, unknown>): Promise<void>;
  comeBack(): void;
  until(isSo: () => Promise<boolean>): Promise<void>;
}

async function open(): Promise<Scene> {
  let aheadMs = 0;
  const clock: Clock = {
    now: () => Date.now() + aheadMs,
    monotonic: () => performance.now() + aheadMs,
    after: (delayMs, task) => systemClock.after(delayMs, task),
  };
  const gateway = await startTestGateway({ clock, settings });
  const running = gateway.simulator.runs('10000').find(({ status }) => status === 'Running');
  const runId = running!.id;
  const until = async (isSo: () => Promise<boolean>) => {
    while (!(await isSo())) await turn();
  };
  return {
    gateway,
    runId,
    forward: (ms) => void (aheadMs += ms),
    async goDown(query, variables = { runId }) {
      gateway.simulator.fault({ kind: 'error', httpStatus: 500, code: 'InternalError' });
      aheadMs += FRESH_MS + 1;
      await until(async () => {
        const { extensions } = await gateway.query(query, variables);
        const stale = extensions?.['stale'] as { reason: string }[];
        return stale.every(({ reason }) => reason === 'UPSTREAM_ERROR');
      });
    },
    comeBack() {
      gateway.simulator.clearFaults();
      // Failed refreshes back off for a while, and the breaker becomes half-open for a probe.
      aheadMs += 31_000;
    },
    until,
    [Symbol.asyncDispose]: () => gateway.close(),
  };
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
