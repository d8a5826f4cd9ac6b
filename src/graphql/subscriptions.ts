import type { GraphQLResolveInfo } from 'graphql';
import type { GatewayContext } from './context.ts';
import type { SubscriptionResolvers } from './generated.ts';
import { filterOf, projectIdOf, runIdOf } from './arguments.ts';
import { noteStale } from './freshness.ts';

/** Where events come from. Each then goes through the other resolvers with a context of its own, as an operation does. */
export const subscriptions: SubscriptionResolvers = {
  pipelineRunUpdated: {
    subscribe: (_, { projectId, runId }, context) =>
      context.live.run(
        { projectId: readable(projectId, context), runId: runIdOf(runId) },
        context.viewer.callerId,
        context.output.countedObjects,
      ),
    resolve: (news: NewsOf<'run'>, _: unknown, context: GatewayContext, info: GraphQLResolveInfo) =>
      noteStale(news, context, info),
  },
  pipelineRunsUpdated: {
    subscribe: (_, { projectId, filter }, context) =>
      context.live.runs(
        { projectId: readable(projectId, context), filter: filterOf(filter) },
        context.viewer.callerId,
        context.output.countedObjects,
      ),
    resolve: (news: NewsOf<'runs'>, _: unknown, context: GatewayContext, info: GraphQLResolveInfo) =>
      noteStale(news, context, info),
  },
};

/** What graphql-js hands to `resolve` as the object that the field is of. */
type NewsOf<Kind extends 'run' | 'runs'> =
  ReturnType<GatewayContext['live'][Kind]> extends AsyncIterator<infer News, undefined> ? News : never;

function readable(projectId: string, { loaders }: GatewayContext): string {
  return loaders.authorised({ projectId: projectIdOf(projectId) }).projectId;
}
