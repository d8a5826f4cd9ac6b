import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { composeServices as composeByTheGuild } from '@theguild/federation-composition';
import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';
import { startTeams, type TeamsSubgraph } from '../../examples/supergraph/teams.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import {
  startApolloRouter,
  startHiveRouter,
  startIncidents,
  subgraphAt,
  type SubgraphSource,
  supergraphOf,
} from '../support/supergraph.ts';

let gateway: TestGateway;
let teams: TeamsSubgraph;
let subgraphs: SubgraphSource[];
beforeAll(async () => {
  gateway = await startTestGateway();
  teams = await startTeams(0);
  subgraphs = await subgraphsWith(gateway);
});
afterAll(async () => {
  await teams.close();
  await gateway.close();
});

async function subgraphsWith(own: TestGateway): Promise<SubgraphSource[]> {
  return [await subgraphAt('dataworks', `${own.url}/graphql`), await subgraphAt('teams', teams.url)];
}

describe('with a subgraph of teams that own projects', () => {
  test('composes without an error and without a hint', () => {
    const { errors, hints, supergraphSdl } = composeServices(subgraphs);
    expect(errors).toBeUndefined();
    expect(hints).toEqual([]);
    expect(supergraphSdl).toContain('type Project implements Node');
  });

  test('composes with the other implementation of composition', () => {
    expect(composeByTheGuild(subgraphs)).toMatchObject({ supergraphSdl: expect.stringContaining('Team') });
  });
});

/** Responses and upstream calls are the same behind both routers. */
describe.each([
  ['@apollo/gateway', startApolloRouter],
  ['Hive Gateway', startHiveRouter],
] as const)('behind %s', (_, startRouter) => {
  test('resolves the projects of all teams with one ListProjects call', async () => {
    await using own = await startTestGateway();
    await using router = await startRouter(supergraphOf(await subgraphsWith(own)));
    const { data, errors } = await router.ask('{ teams { name projects { projectId displayName } } }');
    expect(errors).toBeUndefined();
    expect(data.teams).toEqual([
      {
        name: 'Payments',
        projects: [
          { projectId: '10000', displayName: 'Workspace 10000' },
          { projectId: '10002', displayName: 'Workspace 10002' },
        ],
      },
      {
        name: 'Reporting',
        projects: [
          { projectId: '10001', displayName: 'Workspace 10001' },
          { projectId: '10003', displayName: 'Workspace 10003' },
        ],
      },
      // A workspace that the account does not have is omitted without an error.
      { name: 'Audit', projects: [{ projectId: '10004', displayName: null }] },
    ]);
    expect(own.newCalls()).toEqual(['ListProjects 1']);
  });

  test('resolves the team of a project, and the projects of that team', async () => {
    await using own = await startTestGateway();
    await using router = await startRouter(supergraphOf(await subgraphsWith(own)));
    const { data, errors } = await router.ask(
      '{ nobodys: project(projectId: 20000) { team { name } } project(projectId: 10001) { name team { name projects { id } } } }',
    );
    expect(errors).toBeUndefined();
    expect(data).toEqual({
      nobodys: { team: null },
      project: {
        name: 'workspace_10001',
        team: {
          name: 'Reporting',
          projects: [{ id: 'gid://dataworks/Project/10001' }, { id: 'gid://dataworks/Project/10003' }],
        },
      },
    });
    // Both projects at the root, then the one project of the team that is not cached yet.
    expect(own.newCalls()).toEqual(['ListProjects 1', 'ListProjects 1']);
  });

  test('resolves the team of a team’s runs', async () => {
    await using own = await startTestGateway();
    await using router = await startRouter(supergraphOf(await subgraphsWith(own)));
    const { data, errors } = await router.ask(
      '{ team(id: "payments") { projects { pipelineRuns(first: 2) { nodes { runId project { team { id } } } } } } }',
    );
    expect(errors).toBeUndefined();
    expect(data.team.projects).toEqual(
      ['10000', '10002'].map((projectId) => ({
        pipelineRuns: {
          nodes: own.simulator
            .runs(projectId)
            .slice(0, 2)
            .map(({ id }) => ({ runId: id, project: { team: { id: 'payments' } } })),
        },
      })),
    );
    expect(own.newCalls().sort()).toEqual(['ListPipelineRuns 1', 'ListPipelineRuns 1', 'ListProjects 1']);
  });

  test('resolves a run by either key with one call, or with none if a list contained it', async () => {
    await using own = await startTestGateway();
    const [newest] = own.simulator.runs('10002');
    const createTime = new Date(newest!.createTime).toISOString();
    await using incidents = await startIncidents({ projectId: '10002', runId: newest!.id });
    await using router = await startRouter(supergraphOf([...(await subgraphsWith(own)), incidents]));
    const query = '{ incident { cause { createTime project { team { name } } } fix { createTime } } }';
    const { data, errors } = await router.ask(query);
    expect(errors).toBeUndefined();
    expect(data.incident).toEqual({
      cause: { createTime, project: { team: { name: 'Payments' } } },
      fix: { createTime },
    });
    expect(own.newCalls()).toEqual(['GetPipelineRun', 'ListProjects 1']);

    await using fresh = await startTestGateway();
    await using other = await startRouter(supergraphOf([...(await subgraphsWith(fresh)), incidents]));
    await other.ask('{ pipelineRuns(projectId: 10002, first: 1) { totalCount } }');
    fresh.newCalls();
    expect((await other.ask('{ incident { cause { rawStatus } } }')).errors).toBeUndefined();
    expect(fresh.newCalls()).toEqual([]);
  });

  test('resolves an object by node(id)', async () => {
    await using router = await startRouter(supergraphOf(subgraphs));
    const { data, errors } = await router.ask(
      '{ node(id: "gid://dataworks/Project/10000") { id ... on Project { name team { name } } } }',
    );
    expect(errors).toBeUndefined();
    expect(data.node).toMatchObject({ name: 'workspace_10000', team: { name: 'Payments' } });
  });

  test('keeps the code of an upstream failure, and the rest of the response', async () => {
    await using own = await startTestGateway();
    await using router = await startRouter(supergraphOf(await subgraphsWith(own)));
    own.simulator.fault({ kind: 'http5xx', code: 'Forbidden.Not.Server', action: 'ListPipelineRuns' });
    const { data, errors } = await router.ask(
      '{ team(id: "payments") { name projects { name pipelineRuns { totalCount } } } }',
    );
    expect(data.team).toEqual({
      name: 'Payments',
      projects: [
        { name: 'workspace_10000', pipelineRuns: null },
        { name: 'workspace_10002', pipelineRuns: null },
      ],
    });
    expect(errors!.map(({ extensions }) => extensions?.['code'])).toEqual([
      'UPSTREAM_REJECTED',
      'UPSTREAM_REJECTED',
    ]);
  });
});

describe('with other subgraphs that implement Node', () => {
  const nodes = (directives: string) => ({
    name: 'nodes',
    url: 'http://nodes.invalid',
    typeDefs: parse(`
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@override", "@shareable"])
      type Query { node(id: ID!): Node ${directives}  nodes(ids: [ID!]!): [Node]! ${directives} }
      interface Node { id: ID! }
      type Project implements Node @key(fields: "id", resolvable: false) { id: ID! }
      type PipelineRun implements Node @key(fields: "id", resolvable: false) { id: ID! }
      type Invoice implements Node { id: ID! }
    `),
  });

  test.each(['', '@shareable'])(
    'a second `node` field %s is rejected, and never receives ids of this gateway',
    (marked) => {
      const { errors = [] } = composeServices([...subgraphs, nodes(marked)]);
      expect(errors.map(({ extensions }) => extensions['code'])).toEqual([
        'INVALID_FIELD_SHARING',
        'INVALID_FIELD_SHARING',
      ]);
    },
  );

  test('one `node` field can resolve the ids of all subgraphs, without a change to this one', () => {
    const { errors, supergraphSdl } = composeServices([...subgraphs, nodes('@override(from: "dataworks")')]);
    expect(errors).toBeUndefined();
    expect(supergraphSdl).toContain('override: "dataworks"');
  });
});
