import { ApolloClient, HttpLink, InMemoryCache } from '@apollo/client';
import { runListPolicy } from './runs/runListPolicy.ts';

/** Queries go through the app's own server, so that the gateway needs no CORS origin. */
export function createClient(): ApolloClient {
  return new ApolloClient({
    link: new HttpLink({ uri: '/graphql' }),
    cache: new InMemoryCache({
      possibleTypes: { Node: ['PipelineRun', 'Project'] },
      typePolicies: { Query: { fields: { pipelineRuns: runListPolicy } } },
    }),
  });
}
