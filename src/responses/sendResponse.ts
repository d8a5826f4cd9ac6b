import type { HTTPGraphQLResponse } from '@apollo/server';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../core/clock.ts';
import type { Freshness } from '../core/readSet.ts';
import type { StoredResponse, StoredResponses } from './storedResponses.ts';
import { isKnownToCaller, tellFreshness } from './cachingHeaders.ts';

export interface ResponseRules {
  answers: StoredResponses;
  clock: Clock;
  /** Whether callers must prove who they are. */
  isAuthenticated: boolean;
  /** What every answer tells browsers: names and values in turn. */
  securityHeaders: readonly string[];
  isDraining: () => boolean;
}

/** Sends what is kept under the key as if it had been made anew, and says whether there was such. */
export function sendKept(
  key: string,
  request: FastifyRequest,
  reply: FastifyReply,
  rules: ResponseRules,
): boolean {
  const found = rules.answers.find(key);
  if (found === null) return false;
  const { answer, freshness } = found;
  const { record } = request;
  record.operationName = answer.operationName;
  record.operationType = answer.operationType;
  for (const action of answer.reads.actions) record.watch?.report({ type: 'hit', action });
  sendFresh(answer, freshness, request, reply, rules);
  return true;
}

/** Sends what Apollo Server has answered, and keeps it under the key, if there is one, where it is good enough to be sent again. */
export function sendMade(
  made: HTTPGraphQLResponse & { body: { kind: 'complete' } },
  key: string | null,
  request: FastifyRequest,
  reply: FastifyReply,
  rules: ResponseRules,
): void {
  const { status = 200, headers, body } = made;
  const { record } = request;
  for (const [name, value] of headers) void reply.header(name, value);
  const isGood = status === 200 && record.codes.length === 0 && !('gateway-cost' in request.headers);
  const freshness = isGood ? (record.reads?.freshness() ?? null) : null;
  if (freshness === null || record.reads === null) {
    void reply.code(status).send(body.string);
    return;
  }
  const { operationName, operationType, reads } = record;
  const contentType = headers.get('content-type') ?? '';
  const answer = { body: Buffer.from(body.string), contentType, operationName, operationType, reads };
  if (key !== null) rules.answers.keep(key, answer);
  sendFresh(answer, freshness, request, reply, rules);
}

function sendFresh(
  { body, contentType }: StoredResponse,
  freshness: Freshness,
  request: FastifyRequest,
  reply: FastifyReply,
  { clock, isAuthenticated, isDraining, securityHeaders }: ResponseRules,
): void {
  tellFreshness(reply, freshness, { now: clock.now(), isAuthenticated });
  if (isKnownToCaller(request, reply, body)) void reply.code(304).send();
  else if (request.method !== 'POST' || isDraining()) void reply.code(200).type(contentType).send(body);
  else sendAtOnce(body, contentType, request, reply, securityHeaders);
}

/** As Fastify would, with all that is to be said of every answer and nothing more to be looked for. */
function sendAtOnce(
  body: Buffer,
  contentType: string,
  request: FastifyRequest,
  reply: FastifyReply,
  securityHeaders: readonly string[],
): void {
  const headers = [...securityHeaders, 'x-request-id', request.id];
  for (const [name, value] of Object.entries(reply.getHeaders())) headers.push(name, String(value));
  headers.push('content-type', contentType, 'content-length', String(body.length));
  reply.hijack();
  reply.raw.writeHead(200, headers);
  reply.raw.end(body);
}
