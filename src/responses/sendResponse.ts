import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../core/clock.ts';
import type { Freshness } from '../core/readSet.ts';
import type { StoredResponses } from './storedResponses.ts';

export interface ResponseOptions {
  responses: StoredResponses;
  clock: Clock;
  /** Whether callers must authenticate. */
  isAuthenticated: boolean;
}

/** Sends the stored response of a key. Returns whether there is one. */
export function sendStored(
  key: string,
  request: FastifyRequest,
  reply: FastifyReply,
  options: ResponseOptions,
): boolean {
  const stored = options.responses.find(key);
  if (stored === null) return false;
  const { body, contentType, operationName, operationType, reads } = stored.response;
  const { record } = request;
  record.operationName = operationName;
  record.operationType = operationType;
  for (const action of reads.actions) record.observation?.report({ type: 'hit', action });
  send(body, stored.freshness, request, reply.type(contentType), options);
  return true;
}

/**
 * Sends a response of Apollo Server whose status and headers are set, and stores it if it is valid for later requests.
 *
 * @param key null if the response must not be stored
 */
export function sendFresh(
  text: string,
  key: string | null,
  request: FastifyRequest,
  reply: FastifyReply,
  options: ResponseOptions,
): FastifyReply {
  const { codes, operationName, operationType, reads } = request.record;
  const isComplete = reply.statusCode === 200 && codes.length === 0 && !('gateway-cost' in request.headers);
  const freshness = isComplete ? (reads?.freshness() ?? null) : null;
  if (freshness === null || reads === null) return reply.send(text);
  const body = Buffer.from(text);
  const contentType = String(reply.getHeader('content-type') ?? '');
  if (key !== null) options.responses.store(key, { body, contentType, operationName, operationType, reads });
  return send(body, freshness, request, reply, options);
}

/**
 * Allows the caller, and no shared cache, to reuse a response while it is fresh. With authentication, the caller may store it but
 * must revalidate it by its ETag, because permissions can end at any time.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9111#section-5.2.2
 */
function send(
  body: Buffer,
  { asOf, freshUntil }: Freshness,
  { method, headers }: FastifyRequest,
  reply: FastifyReply,
  { clock, isAuthenticated }: ResponseOptions,
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
