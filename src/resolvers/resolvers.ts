import { GraphQLDateTimeISO, GraphQLJSON } from 'graphql-scalars';
import { badUserInput } from '../errors.ts';
import type { Resolvers } from '../generated/graphql.ts';
import type { GatewayContext } from '../context.ts';
import type { PipelineRun, Project, Window } from '../model.ts';
import { filterOf, projectIdOf, runIdOf, windowOf } from './arguments.ts';
import { globalIdOf, parseGlobalId } from './globalId.ts';

/** The most ids that one `nodes` takes. */
const MAX_NODES = 100;

/** Every field that is not simply read off its parent. Resolvers check arguments and ask loaders; they decide nothing else. */
export const resolvers: Resolvers = {
  Query: {
    pipelineRuns: (_, { projectId, filter, ...window }, { loaders }) =>
      loaders.runs({ projectId: projectIdOf(projectId), filter: filterOf(filter) }, windowOf(window)),
    pipelineRun: (_, { projectId, runId }, { loaders }) =>
      loaders.run({ projectId: projectIdOf(projectId), runId: runIdOf(runId) }),
    project: (_, { projectId }, { loaders }) => loaders.project(projectIdOf(projectId)),
    node: (_, { id }, context) => loadNode(id, context),
    nodes: (_, { ids }, context) => {
      if (ids.length > MAX_NODES)
        throw badUserInput(`\`ids\` must hold at most ${MAX_NODES} ids; got ${ids.length}.`);
      // The generated type has no word for a promise of null inside a list.
      return ids.map((id) => loadNode(id, context) as Promise<PipelineRun | Project>);
    },
  },
  Node: { __resolveType: (node) => ('runId' in node ? 'PipelineRun' : 'Project') },
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
  DateTime: GraphQLDateTimeISO,
  JSON: GraphQLJSON,
};

/** Async, so that an id that is refused is a failure of this node and not of the list that it stands in. */
async function loadNode(text: string, { loaders }: GatewayContext): Promise<PipelineRun | Project | null> {
  const id = parseGlobalId(text);
  return id.type === 'PipelineRun' ? loaders.run(id) : loaders.project(id.projectId);
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
