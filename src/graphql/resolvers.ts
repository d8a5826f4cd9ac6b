import type { GraphQLResolveInfo } from 'graphql';
import { asError } from '../core/asError.ts';
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
import type { GatewayContext } from './context.ts';
import { datedEdges, datedNodes, datedValue, noteStale } from './freshness.ts';
import type { Resolvers } from './generated.ts';
import { type GlobalId, globalIdOf, parseGlobalId, parseRepresentation } from './globalId.ts';
import { dateTimeScalar, jsonScalar } from './scalars.ts';
import { subscriptions } from './subscriptions.ts';

/** What federation adds to the schema, which has no generated types. */
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

/** The fields that are not plain properties of their parent. Resolvers check arguments and call loaders; they decide nothing else. */
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
    node: async (_, { id }, context, info) => loadObject(parseGlobalId(id), context, info),
    nodes: (_, { ids }, context, info) => {
      assertLength('ids', ids, MAX_IDS);
      // The generated type cannot express an error or null inside a list.
      return loadEach(ids, parseGlobalId, context, info) as Promise<(DatedPipelineRun | DatedProject)[]>;
    },
    // Replaces the resolver of `@apollo/subgraph`, which writes the type's name into the cached object, and fails all
    // representations if one is invalid.
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
  PipelineRunConnection: { edges: datedEdges, nodes: datedNodes, pageInfo },
  PipelineRunItemConnection: { nodes, pageInfo },
  DateTime: dateTimeScalar,
  JSON: jsonScalar,
};

/**
 * Charges a list whose length no argument bounds. Does not throw: if a non-null field throws in one row of a list, graphql-js drops
 * the promises of the rows before it, and their rejections are then unhandled.
 */
function charged<Row>(rows: Row[], { output }: GatewayContext): Row[] {
  output.objectsLeft -= rows.length;
  return output.objectsLeft < 0 ? [] : rows;
}

function loadObject(
  id: GlobalId,
  context: GatewayContext,
  info: Pick<GraphQLResolveInfo, 'path'>,
): Promise<DatedPipelineRun | DatedProject | null> {
  const { loaders } = context;
  return id.type === 'PipelineRun'
    ? datedValue(loaders.run(id), context, info)
    : datedValue(loaders.project(id.projectId), context, info);
}

/** A list of objects and of errors in place of those that failed: compiled execution accepts no promises inside a list. */
function loadEach<Given>(
  all: readonly Given[],
  parse: (one: Given) => GlobalId,
  context: GatewayContext,
  { path }: GraphQLResolveInfo,
): Promise<(DatedPipelineRun | DatedProject | Error | null)[]> {
  return Promise.all(
    all.map(async (one, key) => {
      try {
        return await loadObject(parse(one), context, { path: { prev: path, key, typename: undefined } });
      } catch (error) {
        return asError(error);
      }
    }),
  );
}

function typeNameOf(object: DatedPipelineRun | DatedProject): GlobalId['type'] {
  return 'runId' in object ? 'PipelineRun' : 'Project';
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
