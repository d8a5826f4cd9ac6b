import type { FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import type { Freshness, ReadSet } from '../core/readSet.ts';

/** A response as it was sent, with what log and metrics need to know of it. */
export interface StoredResponse {
  body: Buffer;
  contentType: string;
  operationName: string | null;
  operationType: string | null;
  reads: ReadSet;
}

/** Responses by key. A response is valid while everything that it was made from is unchanged and fresh. */
export interface StoredResponses {
  find(key: string): { response: StoredResponse; freshness: Freshness } | null;
  /** @param response one without errors */
  store(key: string, response: StoredResponse): void;
}

/** Approximate memory of an entry besides body and key, and of each call that it was made from. */
const ENTRY_BYTES = 1000;
const READ_BYTES = 400;

/** @param maxBytes memory of all responses; 0 stores none */
export function createStoredResponses(maxBytes: number): StoredResponses {
  if (maxBytes === 0) return disabled;
  const responses = new LRUCache<string, StoredResponse>({ maxSize: maxBytes });
  return {
    find(key) {
      const response = responses.get(key);
      if (response === undefined) return null;
      const freshness = response.reads.freshness();
      if (freshness !== null) return { response, freshness };
      responses.delete(key);
      return null;
    },
    store(key, response) {
      const { body, reads } = response;
      const size = ENTRY_BYTES + 2 * key.length + body.length + READ_BYTES * reads.actions.length;
      responses.set(key, response, { size });
    },
  };
}

const disabled: StoredResponses = { find: () => null, store: () => undefined };

/**
 * Returns the key of a request's stored response: the caller's scope, the accepted format, and the operation to the letter. Null for
 * requests without a stored response: those that Apollo Server might reject, and those that ask for their cost.
 *
 * @param preflightedHeaders headers that a page of another site cannot send without a CORS preflight
 */
export function responseKeyOf(
  { method, url, headers, record }: FastifyRequest,
  preflightedHeaders: readonly string[],
): string | null {
  const { viewer, jsonBody } = record;
  if (viewer === null || headers['gateway-cost'] !== undefined) return null;
  const contentType = headers['content-type'];
  const isJson = contentType !== undefined && /^application\/json(?:$|[ ;])/.test(contentType);
  let operation: string | null = null;
  if (method === 'POST' && isJson) operation = jsonBody;
  // At least as strict as Apollo Server's CSRF prevention.
  else if (method === 'GET' && (isJson || (contentType === undefined && hasOneOf(preflightedHeaders)))) {
    operation = url;
  }
  // Neither a scope nor a header contains a line break.
  return operation && [viewer.scope, headers.accept, method, operation].join('\n');

  function hasOneOf(names: readonly string[]): boolean {
    return names.some((name) => (headers[name] ?? '') !== '');
  }
}
