import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { MASK, type HttpError, tooExpensive } from '../core/errors.ts';

/** Answers in GraphQL's own form what fails before GraphQL has a say. */
export function refuse(request: FastifyRequest, reply: FastifyReply, refusal: HttpError): FastifyReply {
  const { code, message, status, retryAfterMs } = refusal;
  const waits = retryAfterMs === undefined ? {} : { retryAfterMs: Math.ceil(retryAfterMs) };
  if (retryAfterMs !== undefined) void reply.header('retry-after', retryAfterSeconds(retryAfterMs));
  request.record.codes = [code];
  const acceptsGraphQL = request.headers.accept?.includes('application/graphql-response+json') ?? false;
  return reply
    .code(status)
    .type(`application/${acceptsGraphQL ? 'graphql-response+json' : 'json'}; charset=utf-8`)
    .send(JSON.stringify({ errors: [{ message, extensions: { code, ...waits } }] }));
}

/** HTTP counts in whole seconds, and a second too early is too early. */
export function retryAfterSeconds(retryAfterMs: number): string {
  return String(Math.ceil(retryAfterMs / 1000));
}

/** What Fastify found wrong, as callers are told it. Fastify's own words are kept out: they quote what came. */
export function refusalFor(error: FastifyError, maxBodyBytes: number): HttpError {
  if (error.statusCode === 413) {
    const exceeded = { what: 'bytes of body', max: maxBodyBytes, got: null, setting: 'MAX_BODY_BYTES' };
    return { code: 'QUERY_TOO_EXPENSIVE', message: tooExpensive(exceeded).message, status: 413 };
  }
  if (error.statusCode === 415) {
    const message = 'The body must be JSON, sent with content-type: application/json.';
    return { code: 'BAD_REQUEST', message, status: 415 };
  }
  if (error.statusCode !== undefined && error.statusCode < 500) {
    return {
      code: 'BAD_REQUEST',
      message:
        'Invalid JSON: the body must be one JSON value in UTF-8, not deeply nested and without __proto__ in it.',
      status: 400,
    };
  }
  return { code: 'INTERNAL_SERVER_ERROR', message: MASK, status: 500 };
}
