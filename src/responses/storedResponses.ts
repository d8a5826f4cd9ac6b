import type { FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import type { SteadyClock } from '../core/clock.ts';
import type { Freshness, ReadSet } from '../core/readSet.ts';
import type { Viewer } from '../core/viewer.ts';
import type { Encoding } from './contentEncoding.ts';

/** A response as it was sent, with what log and metrics need to know of it. */
export interface StoredResponse {
  body: Buffer;
  /** The body in the content codings that were asked for. */
  encoded: Readonly<Partial<Record<Encoding, Buffer>>>;
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
  /** Adds the encoded body of a response, if the response is still stored and there is memory for it. */
  addEncoded(key: string, body: Buffer, encoding: Encoding, encoded: Buffer): void;
}

/** Approximate memory of an entry besides body and key, and of each call that it was made from. */
const ENTRY_BYTES = 1000;
const READ_BYTES = 400;

/** @param maxBytes memory of all responses */
export function createStoredResponses(maxBytes: number, clock: SteadyClock): StoredResponses {
  /** `wallZero` changes when the wall clock jumps: then the times in the text are wrong. */
  const responses = new LRUCache<string, StoredResponse & { wallZero: number }>({ maxSize: maxBytes });
  return {
    find(key) {
      const response = responses.get(key);
      if (response === undefined) return null;
      const freshness = response.wallZero === clock.toWall(0) ? response.reads.freshness() : null;
      if (freshness !== null) return { response, freshness };
      responses.delete(key);
      return null;
    },
    store(key, response) {
      responses.set(key, { ...response, wallZero: clock.toWall(0) }, { size: bytesOf(key, response) });
    },
    addEncoded(key, body, encoding, encoded) {
      const stored = responses.peek(key);
      if (stored?.body !== body) return;
      const response = { ...stored, encoded: { ...stored.encoded, [encoding]: withoutSlack(encoded) } };
      const size = bytesOf(key, response);
      // The store would delete a response that does not fit.
      if (size <= maxBytes) responses.set(key, response, { size });
    },
  };
}

function bytesOf(key: string, { body, encoded, reads }: StoredResponse): number {
  const bodies = [body, ...Object.values(encoded)];
  const bodyBytes = bodies.reduce((sum, { length }) => sum + length, 0);
  return ENTRY_BYTES + 2 * key.length + bodyBytes + READ_BYTES * reads.actions.length;
}

/** zlib returns a part of a longer buffer, which would stay in memory as a whole. */
function withoutSlack(encoded: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(encoded.length);
  encoded.copy(copy);
  return copy;
}

/**
 * Returns the key of a request's stored response: the caller's scope, the accepted format, and the operation to the letter. Null for
 * requests without a stored response: those that Apollo Server might reject, and those that ask for their cost.
 *
 * @param preflightedHeaders headers that a page of another site cannot send without a CORS preflight
 */
export function responseKeyOf(
  { method, url, headers, jsonBody }: FastifyRequest,
  viewer: Viewer | null,
  preflightedHeaders: readonly string[],
): string | null {
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
