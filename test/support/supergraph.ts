import { composeServices } from '@apollo/composition';
import { ApolloGateway } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { buildSubgraphSchema } from '@apollo/subgraph';
import {
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import { createGatewayRuntime } from '@graphql-hive/gateway-runtime';
import { type DocumentNode, parse } from 'graphql';

export interface SubgraphSource {
  name: string;
  url: string;
  typeDefs: DocumentNode;
}

export interface RouterAnswer {
  data: any; // eslint-disable-line @typescript-eslint/no-explicit-any -- as deep as the test asks
  errors?: readonly { message: string; extensions?: Record<string, unknown> }[] | undefined;
}

export interface Router extends AsyncDisposable {
  ask(query: string, variables?: Record<string, unknown>): Promise<RouterAnswer>;
}

/** A subgraph with the SDL that it returns for `_service`. */
export async function subgraphAt(name: string, url: string): Promise<SubgraphSource> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ _service { sdl } }' }),
  });
  const { data } = (await response.json()) as { data: { _service: { sdl: string } } };
  return { name, url, typeDefs: parse(data._service.sdl) };
}

/** Throws if composition fails or returns hints. */
export function supergraphOf(subgraphs: SubgraphSource[]): string {
  const { supergraphSdl, errors = [], hints = [] } = composeServices(subgraphs);
  const problems = [...errors, ...hints].map(({ message }) => message);
  if (supergraphSdl === undefined || problems.length > 0) throw new Error(problems.join('\n'));
  return supergraphSdl;
}

/** Apollo's JavaScript router, which creates query plans. */
export async function startApolloRouter(supergraphSdl: string): Promise<Router> {
  const server = new ApolloServer({
    gateway: new ApolloGateway({ supergraphSdl }),
    stopOnTerminationSignals: false,
    plugins: [ApolloServerPluginInlineTraceDisabled(), ApolloServerPluginUsageReportingDisabled()],
  });
  await server.start();
  return {
    async ask(query, variables = {}) {
      const { body } = await server.executeOperation({ query, variables });
      if (body.kind !== 'single') throw new Error('One whole answer was expected.');
      const { data, errors } = body.singleResult;
      return { data, errors };
    },
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

/** Hive Gateway, which shares no code with Apollo's: it stitches the subgraphs' schemas and batches what it delegates. */
export function startHiveRouter(supergraphSdl: string): Promise<Router> {
  const runtime = createGatewayRuntime({ supergraph: supergraphSdl, logging: false, maskedErrors: false });
  return Promise.resolve({
    async ask(query: string, variables: Record<string, unknown> = {}) {
      const response = await runtime.fetch('http://router/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query, variables }),
      });
      return (await response.json()) as RouterAnswer;
    },
    [Symbol.asyncDispose]: async () => runtime[Symbol.asyncDispose](),
  });
}

/** Incidents that refer to runs, one by each key of `PipelineRun`. This subgraph resolves no field of a run. */
export async function startIncidents(run: { projectId: string; runId: string }) {
  const typeDefs = parse(/* GraphQL */ `
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
    type Query {
      incident: Incident!
    }
    type Incident {
      cause: PipelineRun
      fix: PipelineRun
    }
    type PipelineRun
      @key(fields: "projectId runId", resolvable: false)
      @key(fields: "id", resolvable: false) {
      id: ID!
      projectId: ID!
      runId: ID!
    }
  `);
  const cause = { ...run, id: `gid://dataworks/PipelineRun/${run.projectId}/${run.runId}` };
  const resolvers = { Query: { incident: () => ({ cause, fix: cause }) } };
  const server = new ApolloServer({
    schema: buildSubgraphSchema({ typeDefs, resolvers }),
    stopOnTerminationSignals: false,
    plugins: [ApolloServerPluginInlineTraceDisabled()],
  });
  const { url } = await startStandaloneServer(server, { listen: { host: '127.0.0.1', port: 0 } });
  return { name: 'incidents', url, typeDefs, [Symbol.asyncDispose]: () => server.stop() };
}
