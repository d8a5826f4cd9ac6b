import type { GraphQLResolveInfo } from 'graphql';
import { asError } from '../core/errors.ts';
import type { Dated, DatedPipelineRun, DatedProject, StaleReason, UpstreamResult } from '../core/upstream.ts';
import { assertLength, filterOf, projectIdOf, runKeyOf, windowOf } from './arguments.ts';
import { Connection, type ItemConnection, type RunConnection } from './connection.ts';
import type { GatewayContext, ResponsePath } from './context.ts';
import type { ProjectPipelineRunsArgs, Resolvers } from './generated.ts';
import { type GlobalId, globalIdOf, parseGlobalId, parseRepresentation } from './globalId.ts';
import type { RunListUpdate, RunUpdate } from './updates.ts';

/** What federation adds to the schema, which has no generated types. */
interface FederationResolvers {
  Query: {
    _entities(
      _: unknown,
      given: { representations: unknown[] },
      context: GatewayContext,
      info: Info,
    ): Promise<(DatedPipelineRun | DatedProject | Error | null)[]>;
  };
  _Entity: { __resolveType: typeof typeNameOf };
}

type Info = Pick<GraphQLResolveInfo, 'path'>;

/** The fields that are not plain properties of their parent. Resolvers check arguments and call loaders; they decide nothing else. */
export const resolvers: Resolvers & FederationResolvers = {
  Query: {
    pipelineRuns: async (_, given, context, info) =>
      loadRuns({ projectId: projectIdOf(given.projectId) }, given, context, info),
    pipelineRun: (_, given, context, info) => loadRun(runKeyOf(given), context, info),
    project: (_, { projectId }, context, info) => loadProject(projectIdOf(projectId), context, info),
    node: async (_, { id }, context, info) => loadObject(parseGlobalId(id), context, info),
    nodes(_, { ids }, context, info) {
      assertLength('ids', ids);
      // The generated type cannot express an error or null inside a list.
      return loadEach(ids, parseGlobalId, context, info) as Promise<(DatedPipelineRun | DatedProject)[]>;
    },
    // Replaces the resolver of `@apollo/subgraph`, which writes the type's name into the cached object, and fails all
    // representations if one is invalid.
    _entities(_, { representations }, context, info) {
      assertLength('representations', representations);
      return loadEach(representations, parseRepresentation, context, info);
    },
  },
  // The sources of events. Each event is resolved like an operation, with a context of its own.
  Subscription: {
    pipelineRunUpdated: {
      subscribe: (_, given, { loaders, subscriptions, viewer, output }) =>
        subscriptions.run(loaders.authorised(runKeyOf(given)), viewer.callerId, output.countedObjects),
      resolve: noteStale<RunUpdate>,
    },
    pipelineRunsUpdated: {
      subscribe(_, { projectId, filter }, { loaders, subscriptions, viewer, output }) {
        const list = loaders.authorised({ projectId: projectIdOf(projectId), filter: filterOf(filter) });
        return subscriptions.runs(list, viewer.callerId, output.countedObjects);
      },
      resolve: noteStale<RunListUpdate>,
    },
  },
  Node: { __resolveType: typeNameOf },
  _Entity: { __resolveType: typeNameOf },
  PipelineRunListUpdate: { updates: charged('updates') },
  PipelineRunUpdate: { changes: charged('changes') },
  PipelineRun: {
    stages: charged('stages'),
    id: ({ projectId, runId }) => globalIdOf({ type: 'PipelineRun', projectId, runId }),
    project: ({ projectId }, _, context, info) => loadProject(projectId, context, info),
    async items({ projectId, runId }, given, context, info): Promise<ItemConnection> {
      const window = await context.loaders.items({ projectId, runId }).read(windowOf(given));
      return new Connection(noteStale(window, null, context, info), () => window.nodes);
    },
  },
  Project: {
    id: ({ projectId }) => globalIdOf({ type: 'Project', projectId }),
    pipelineRuns: loadRuns,
  },
};

/** Reports a value in `extensions.stale` if it is stale, and returns it. Has the parameters of a resolver. */
function noteStale<Part extends { staleBecause: StaleReason | null }>(
  part: Part,
  _: unknown,
  { staleParts }: Pick<GatewayContext, 'staleParts'>,
  { path }: { path: ResponsePath },
): Part {
  if (part.staleBecause !== null) staleParts.push({ path, reason: part.staleBecause });
  return part;
}

async function loadRuns(
  { projectId }: Pick<DatedProject, 'projectId'>,
  given: ProjectPipelineRunsArgs,
  context: GatewayContext,
  info: Info,
): Promise<RunConnection> {
  const list = { projectId, filter: filterOf(given.filter) };
  const window = await context.loaders.runs(list).read(windowOf(given));
  const { asOf, staleBecause } = noteStale(window, null, context, info);
  // Copies: the cache returns the same rows to every operation, and each operation has its own dates.
  return new Connection(window, () => window.nodes.map((run) => ({ asOf, staleBecause, ...run })));
}

function loadRun(key: { projectId: string; runId: string }, context: GatewayContext, info: Info) {
  return dated(context.loaders.run(key), context, info);
}

function loadProject(projectId: string, context: GatewayContext, info: Info) {
  return dated(context.loaders.project(projectId), context, info);
}

async function dated<Value extends object>(
  result: Promise<UpstreamResult<Value | null>>,
  context: GatewayContext,
  info: Info,
): Promise<Dated<Value> | null> {
  const { value, asOf, staleBecause } = noteStale(await result, null, context, info);
  return value && { asOf, staleBecause, ...value };
}

function loadObject(id: GlobalId, context: GatewayContext, info: Info) {
  return id.type === 'PipelineRun' ? loadRun(id, context, info) : loadProject(id.projectId, context, info);
}

/** A list of objects and of errors in place of those that failed: compiled execution accepts no promises inside a list. */
function loadEach<Given>(
  all: readonly Given[],
  parse: (one: Given) => GlobalId,
  context: GatewayContext,
  { path }: Info,
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

/**
 * Charges a list whose length no argument bounds. Does not throw: if a non-null field throws in one row of a list, graphql-js drops
 * the promises of the rows before it, and their rejections are then unhandled.
 */
function charged<Name extends string>(name: Name) {
  return <Row>(parent: Record<Name, Row[]>, _: unknown, { output }: GatewayContext): Row[] => {
    const rows = parent[name];
    output.objectsLeft -= rows.length;
    return output.objectsLeft < 0 ? [] : rows;
  };
}

function typeNameOf(object: DatedPipelineRun | DatedProject): GlobalId['type'] {
  return 'runId' in object ? 'PipelineRun' : 'Project';
}
