import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import type { SteadyClock } from '../core/clock.ts';
import type { Freshness, ReadSet } from '../core/readSet.ts';
import type { Viewer } from '../core/viewer.ts';

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
      const { body, reads } = response;
      const size = ENTRY_BYTES + 2 * key.length + body.length + READ_BYTES * reads.actions.length;
      responses.set(key, { ...response, wallZero: clock.toWall(0) }, { size });
    },
  };
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

export interface ReuseOptions {
  clock: SteadyClock;
  /** Whether callers must authenticate. */
  isAuthenticated: boolean;
}

/**
 * Sends a response that its caller, and no shared cache, may reuse while it is fresh. With authentication, the caller may store it but
 * must revalidate it by its ETag, because permissions can end at any time.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9111#section-5.2.2
 */
export function sendReusable(
  body: Buffer,
  { asOf, freshUntil }: Freshness,
  { method, headers }: FastifyRequest,
  reply: FastifyReply,
  { clock, isAuthenticated }: ReuseOptions,
): FastifyReply {
  const now = clock.now();
  const ageS = Math.max(0, Math.floor((now - asOf) / 1000));
  const leftS = Math.max(0, Math.floor((freshUntil - now) / 1000));
  const vary = isAuthenticated ? 'accept, authorization' : 'accept';
  // CORS may have set its own.
  const own = reply.getHeader('vary');
  void reply
    .header('cache-control', isAuthenticated ? 'private, no-cache' : `private, max-age=${ageS + leftS}`)
    .header('age', String(ageS))
    .header('vary', own === undefined ? vary : `${String(own)}, ${vary}`);
  // If-None-Match means something else for POST.
  if (method !== 'GET') return reply.send(body);
  const tag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
  void reply.header('etag', tag);
  return includesTag(headers['if-none-match'], tag) ? reply.code(304).send() : reply.send(body);
}

/**
 * A weak comparison.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2
 */
function includesTag(known = '', tag: string): boolean {
  return known.trim() === '*' || known.split(',').some((one) => one.trim().replace(/^W\//, '') === tag);
}
