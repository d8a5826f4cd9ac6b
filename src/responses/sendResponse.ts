import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../core/clock.ts';
import type { Freshness } from '../core/readSet.ts';
import { matchesETag, setCachingHeaders } from './cachingHeaders.ts';
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

function send(
  body: Buffer,
  freshness: Freshness,
  request: FastifyRequest,
  reply: FastifyReply,
  { clock, isAuthenticated }: ResponseOptions,
): FastifyReply {
  setCachingHeaders(reply, freshness, { now: clock.now(), isAuthenticated });
  if (request.method === 'GET' && matchesETag(request, reply, body)) return reply.code(304).send();
  return reply.send(body);
}
