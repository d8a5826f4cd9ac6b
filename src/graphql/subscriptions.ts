import type { GraphQLResolveInfo } from 'graphql';
import type { GatewayContext } from './context.ts';
import type { SubscriptionResolvers } from './generated.ts';
import { filterOf, projectIdOf, runIdOf } from './arguments.ts';
import { noteStale } from './freshness.ts';
import type { RunListUpdate, RunUpdate } from './subscriptionSource.ts';

/** The sources of events. Each event is resolved like an operation, with a context of its own. */
export const subscriptions: SubscriptionResolvers = {
  pipelineRunUpdated: {
    subscribe: (_, { projectId, runId }, context) =>
      context.subscriptions.run(
        { projectId: readableProject(projectId, context), runId: runIdOf(runId) },
        context.viewer.callerId,
        context.output.countedObjects,
      ),
    resolve: (event: RunUpdate, _: unknown, context: GatewayContext, info: GraphQLResolveInfo) =>
      noteStale(event, context, info),
  },
  pipelineRunsUpdated: {
    subscribe: (_, { projectId, filter }, context) =>
      context.subscriptions.runs(
        { projectId: readableProject(projectId, context), filter: filterOf(filter) },
        context.viewer.callerId,
        context.output.countedObjects,
      ),
    resolve: (event: RunListUpdate, _: unknown, context: GatewayContext, info: GraphQLResolveInfo) =>
      noteStale(event, context, info),
  },
};

function readableProject(projectId: string, { loaders }: GatewayContext): string {
  return loaders.authorised({ projectId: projectIdOf(projectId) }).projectId;
}
