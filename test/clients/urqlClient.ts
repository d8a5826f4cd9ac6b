import {
  type AnyVariables,
  Client,
  fetchExchange,
  type RequestPolicy,
  type TypedDocumentNode,
} from '@urql/core';
import { cacheExchange } from '@urql/exchange-graphcache';
import { relayPagination } from '@urql/exchange-graphcache/extras';
import type { IntrospectionQuery } from 'graphql';
import type { TestGateway } from '../support/gateway.ts';

export interface UrqlOptions {
  /** Default POST. By default, urql itself uses GET unless the URL gets too long. */
  method?: 'POST' | 'as urql likes';
  headers?: Record<string, string>;
  /** Where pages loaded with `before` are placed: inwards (default), after those loaded with `after`; outwards, before them. */
  mergeMode?: 'inwards' | 'outwards';
}

/** urql against the gateway, with a schema-aware Graphcache, which reports problems with the schema or a response. */
export function createUrqlClient(
  { url }: TestGateway,
  schema: IntrospectionQuery,
  options: UrqlOptions = {},
): Client {
  const { method = 'POST', headers = {}, mergeMode = 'inwards' } = options;
  const pipelineRuns = relayPagination({ mergeMode });
  return new Client({
    url: `${url}/graphql`,
    fetchOptions: { headers },
    ...(method === 'POST' && { preferGetMethod: false }),
    exchanges: [
      cacheExchange({
        schema: schema as never,
        // Stages and items are parts of their run and have no global id.
        keys: { PipelineRunStage: () => null, PipelineRunItem: () => null },
        resolvers: { Query: { pipelineRuns }, Project: { pipelineRuns } },
      }),
      fetchExchange,
    ],
  });
}

/** Returns the data of one query. Throws its error. */
export async function ask<Data, Variables extends AnyVariables>(
  client: Client,
  query: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  requestPolicy: RequestPolicy = 'cache-first',
): Promise<Data> {
  const { data, error } = await client.query(query, variables, { requestPolicy }).toPromise();
  if (error) throw error;
  return data!;
}
