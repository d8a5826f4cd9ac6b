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
  /** Default POST. Left to itself, urql asks by GET wherever the address does not grow too long. */
  method?: 'POST' | 'as urql likes';
  headers?: Record<string, string>;
  /** Where pages got by `before` are shown: default inwards, behind those got by `after`; outwards, in front of them. */
  mergeMode?: 'inwards' | 'outwards';
}

/** urql before the gateway, with a Graphcache that knows the schema and so says what it finds amiss in it or in an answer. */
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
        // Stages and items are parts of their run and have no id of the whole graph.
        keys: { PipelineRunStage: () => null, PipelineRunItem: () => null },
        resolvers: { Query: { pipelineRuns }, Project: { pipelineRuns } },
      }),
      fetchExchange,
    ],
  });
}

/** One query's data; its error is thrown. */
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
