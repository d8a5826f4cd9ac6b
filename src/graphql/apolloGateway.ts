import type { ApolloServerOptionsWithGateway } from '@apollo/server';
import type { GraphQLSchema } from 'graphql';
import type { Execute } from './compiled.ts';

type ApolloGateway = ApolloServerOptionsWithGateway<Record<string, unknown>>['gateway'];

/**
 * Apollo Server runs operations by graphql-js, unless it is told that they run at a router. So this is a router of one schema
 * that never changes.
 *
 * @see https://github.com/apollographql/apollo-server/issues/7390
 */
export function apolloGatewayOf(schema: GraphQLSchema, execute: Execute): ApolloGateway {
  return {
    onSchemaLoadOrUpdate(tell) {
      tell({ apiSchema: schema, coreSupergraphSdl: '' });
      return () => undefined;
    },
    load: () =>
      Promise.resolve({
        executor: ({ document, queryHash, request, context }) =>
          execute({
            document,
            queryHash,
            operationName: request.operationName ?? null,
            variables: request.variables ?? {},
            contextValue: context,
          }) as ReturnType<Executor>,
      }),
    stop: () => Promise.resolve(),
  };
}

type Executor = NonNullable<Awaited<ReturnType<ApolloGateway['load']>>['executor']>;
