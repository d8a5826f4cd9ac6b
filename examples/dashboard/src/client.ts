import { ApolloClient, HttpLink, InMemoryCache } from '@apollo/client';
import { runListPolicy } from './runs/runListPolicy.ts';

/** The client of the gateway, which the app's own server stands before: so no other origin needs to be let in. */
export function createClient(): ApolloClient {
  return new ApolloClient({
    link: new HttpLink({ uri: '/graphql' }),
    cache: new InMemoryCache({
      possibleTypes: { Node: ['PipelineRun', 'Project'] },
      typePolicies: { Query: { fields: { pipelineRuns: runListPolicy } } },
    }),
  });
}
