import { GraphQLScalarType } from 'graphql';
import { GraphQLDateTimeISO, GraphQLJSON } from 'graphql-scalars';
import { badUserInput } from '../errors.ts';
import type { Resolvers } from '../generated/graphql.ts';
import type { GatewayContext } from '../context.ts';
import type { PipelineRun, Project, Window } from '../model.ts';
import { filterOf, projectIdOf, runIdOf, windowOf } from './arguments.ts';
import { type GlobalId, globalIdOf, parseGlobalId } from './globalId.ts';
import { parseRepresentation } from './representation.ts';
import { subscriptions } from './subscriptions.ts';

/** The most ids that one `nodes` takes. */
const MAX_NODES = 100;

/** What federation adds to the schema, and so has no generated type. */
interface FederationResolvers {
  Query: {
    _entities(
      _: unknown,
      given: { representations: unknown[] },
      context: GatewayContext,
    ): Promise<(PipelineRun | Project | Error | null)[]>;
  };
  _Entity: { __resolveType: typeof typeNameOf };
}

/** Every field that is not simply read off its parent. Resolvers check arguments and ask loaders; they decide nothing else. */
export const resolvers: Resolvers & FederationResolvers = {
  Query: {
    pipelineRuns: (_, { projectId, filter, ...window }, { loaders }) =>
      loaders.runs({ projectId: projectIdOf(projectId), filter: filterOf(filter) }, windowOf(window)),
    pipelineRun: (_, { projectId, runId }, { loaders }) =>
      loaders.run({ projectId: projectIdOf(projectId), runId: runIdOf(runId) }),
    project: (_, { projectId }, { loaders }) => loaders.project(projectIdOf(projectId)),
    node: (_, { id }, context) => load(() => parseGlobalId(id), context),
    nodes: (_, { ids }, context) => {
      if (ids.length > MAX_NODES)
        throw badUserInput(`\`ids\` must hold at most ${MAX_NODES} ids; got ${ids.length}.`);
      // The generated type has no word for an error or null inside a list.
      return loadEach(ids, parseGlobalId, context) as Promise<(PipelineRun | Project)[]>;
    },
    // In the place of `@apollo/subgraph`'s own, which marks the object itself, and so the cache's, with its type, and fails all
    // representations for one that it cannot read.
    _entities: (_, { representations }, context) => loadEach(representations, parseRepresentation, context),
  },
  Subscription: subscriptions,
  Node: { __resolveType: typeNameOf },
  _Entity: { __resolveType: typeNameOf },
  PipelineRun: {
    id: ({ projectId, runId }) => globalIdOf({ type: 'PipelineRun', projectId, runId }),
    project: ({ projectId }, _, { loaders }) => loaders.project(projectId),
    items: ({ projectId, runId }, window, { loaders }) =>
      loaders.items({ projectId, runId }, windowOf(window)),
  },
  Project: {
    id: ({ projectId }) => globalIdOf({ type: 'Project', projectId }),
    pipelineRuns: ({ projectId }, { filter, ...window }, { loaders }) =>
      loaders.runs({ projectId, filter: filterOf(filter) }, windowOf(window)),
  },
  PipelineRunConnection: { nodes, pageInfo },
  PipelineRunItemConnection: { nodes, pageInfo },
  DateTime: behaviourOf(GraphQLDateTimeISO, 'DateTime'),
  JSON: behaviourOf(GraphQLJSON, 'JSON'),
};

/** Async, so that an id that is refused is a failure of this object and not of the list that it stands in. */
async function load(
  parseId: () => GlobalId,
  { loaders }: GatewayContext,
): Promise<PipelineRun | Project | null> {
  const id = parseId();
  return id.type === 'PipelineRun' ? loaders.run(id) : loaders.project(id.projectId);
}

/** One list of objects and of what kept others away: compiled code takes no promises inside a list. */
function loadEach<Given>(
  all: readonly Given[],
  parse: (one: Given) => GlobalId,
  context: GatewayContext,
): Promise<(PipelineRun | Project | Error | null)[]> {
  return Promise.all(
    all.map((one) =>
      load(() => parse(one), context).catch((error: unknown) =>
        error instanceof Error ? error : new Error(String(error)),
      ),
    ),
  );
}

function typeNameOf(object: PipelineRun | Project): GlobalId['type'] {
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
