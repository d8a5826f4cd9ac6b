import { type GraphQLResolveInfo, GraphQLScalarType } from 'graphql';
import { GraphQLDateTimeISO, GraphQLJSON } from 'graphql-scalars';
import type { Resolvers } from './generated.ts';
import type { GatewayContext } from './context.ts';
import type { DatedPipelineRun, DatedProject } from '../core/upstream.ts';
import type { Window } from '../core/window.ts';
import {
  assertLength,
  filterOf,
  MAX_IDS,
  MAX_REPRESENTATIONS,
  projectIdOf,
  runIdOf,
  windowOf,
} from './arguments.ts';
import { datedValue, edgesOf, nodesOf, noteStale } from './freshness.ts';
import { type GlobalId, globalIdOf, parseGlobalId } from './globalId.ts';
import { parseRepresentation } from './globalId.ts';
import { subscriptions } from './subscriptions.ts';

/** What federation adds to the schema, and so has no generated type. */
interface FederationResolvers {
  Query: {
    _entities(
      _: unknown,
      given: { representations: unknown[] },
      context: GatewayContext,
      info: GraphQLResolveInfo,
    ): Promise<(DatedPipelineRun | DatedProject | Error | null)[]>;
  };
  _Entity: { __resolveType: typeof typeNameOf };
}

/** Every field that is not simply read off its parent. Resolvers check arguments and ask loaders; they decide nothing else. */
export const resolvers: Resolvers & FederationResolvers = {
  Query: {
    pipelineRuns: async (_, { projectId, filter, ...window }, context, info) => {
      const list = { projectId: projectIdOf(projectId), filter: filterOf(filter) };
      return noteStale(await context.loaders.runs(list, windowOf(window)), context, info);
    },
    pipelineRun: (_, { projectId, runId }, context, info) => {
      const key = { projectId: projectIdOf(projectId), runId: runIdOf(runId) };
      return datedValue(context.loaders.run(key), context, info);
    },
    project: (_, { projectId }, context, info) =>
      datedValue(context.loaders.project(projectIdOf(projectId)), context, info),
    node: (_, { id }, context, info) => load(() => parseGlobalId(id), context, info),
    nodes: (_, { ids }, context, info) => {
      assertLength('ids', ids, MAX_IDS);
      // The generated type has no word for an error or null inside a list.
      return loadEach(ids, parseGlobalId, context, info) as Promise<(DatedPipelineRun | DatedProject)[]>;
    },
    // In the place of `@apollo/subgraph`'s own, which marks the object itself, and so the cache's, with its type, and fails all
    // representations for one that it cannot read.
    _entities: (_, { representations }, context, info) => {
      assertLength('representations', representations, MAX_REPRESENTATIONS);
      return loadEach(representations, parseRepresentation, context, info);
    },
  },
  Subscription: subscriptions,
  Node: { __resolveType: typeNameOf },
  _Entity: { __resolveType: typeNameOf },
  PipelineRunListUpdate: { updates: ({ updates }, _, context) => charged(updates, context) },
  PipelineRunUpdate: { changes: ({ changes }, _, context) => charged(changes, context) },
  PipelineRun: {
    stages: ({ stages }, _, context) => charged(stages, context),
    id: ({ projectId, runId }) => globalIdOf({ type: 'PipelineRun', projectId, runId }),
    project: ({ projectId }, _, context, info) =>
      datedValue(context.loaders.project(projectId), context, info),
    items: async ({ projectId, runId }, window, context, info) =>
      noteStale(await context.loaders.items({ projectId, runId }, windowOf(window)), context, info),
  },
  Project: {
    id: ({ projectId }) => globalIdOf({ type: 'Project', projectId }),
    pipelineRuns: async ({ projectId }, { filter, ...window }, context, info) => {
      const list = { projectId, filter: filterOf(filter) };
      return noteStale(await context.loaders.runs(list, windowOf(window)), context, info);
    },
  },
  PipelineRunConnection: { edges: edgesOf, nodes: nodesOf, pageInfo },
  PipelineRunItemConnection: { nodes, pageInfo },
  DateTime: behaviourOf(GraphQLDateTimeISO, 'DateTime'),
  JSON: behaviourOf(GraphQLJSON, 'JSON'),
};

/**
 * A list whose length no argument bounds. It does not throw: a non-null field that throws in one row of a list makes graphql-js
 * drop the promises of the rows before it, and a rejection of those is then handled by nobody.
 */
function charged<Row>(rows: Row[], { output }: GatewayContext): Row[] {
  return output.charge(rows.length) ? rows : [];
}

/** Async, so that an id that is refused is a failure of this object and not of the list that it stands in. */
async function load(
  parseId: () => GlobalId,
  context: GatewayContext,
  info: Pick<GraphQLResolveInfo, 'path'>,
): Promise<DatedPipelineRun | DatedProject | null> {
  const id = parseId();
  const { loaders } = context;
  return id.type === 'PipelineRun'
    ? datedValue(loaders.run(id), context, info)
    : datedValue(loaders.project(id.projectId), context, info);
}

/** One list of objects and of what kept others away: compiled code takes no promises inside a list. */
function loadEach<Given>(
  all: readonly Given[],
  parse: (one: Given) => GlobalId,
  context: GatewayContext,
  { path }: GraphQLResolveInfo,
): Promise<(DatedPipelineRun | DatedProject | Error | null)[]> {
  return Promise.all(
    all.map((one, key) =>
      load(() => parse(one), context, { path: { prev: path, key, typename: undefined } }).catch(
        (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
      ),
    ),
  );
}

function typeNameOf(object: DatedPipelineRun | DatedProject): GlobalId['type'] {
  return 'runId' in object ? 'PipelineRun' : 'Project';
}

/** `@apollo/subgraph` takes all that a scalar has over that of the schema, its description and even its name. */
function behaviourOf(scalar: GraphQLScalarType, name: string): GraphQLScalarType {
  const { serialize, parseValue, parseLiteral } = scalar;
  return new GraphQLScalarType({ name, serialize, parseValue, parseLiteral });
}

function nodes<Row>({ edges }: Window<Row>): Row[] {
  return edges.map(({ node }) => node);
}

function pageInfo<Row>({ edges, hasNextPage, hasPreviousPage }: Window<Row>) {
  return {
    hasNextPage,
    hasPreviousPage,
    startCursor: edges[0]?.cursor ?? null,
    endCursor: edges.at(-1)?.cursor ?? null,
  };
}
