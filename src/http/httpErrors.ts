import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { type HttpError, INTERNAL_ERROR_MESSAGE, tooExpensive } from '../core/errors.ts';

/** Responds to a request that fails before execution, in GraphQL's format. */
export function sendHttpError(request: FastifyRequest, reply: FastifyReply, error: HttpError): FastifyReply {
  const { code, status, retryAfterMs, challenge } = error;
  if (request.record) request.record.codes = [code];
  if (challenge !== undefined) void reply.header('www-authenticate', challenge);
  if (retryAfterMs !== undefined) void reply.header('retry-after', retryAfterSeconds(retryAfterMs));
  const acceptsGraphQL = request.headers.accept?.includes('application/graphql-response+json') ?? false;
  return reply
    .code(status)
    .type(`application/${acceptsGraphQL ? 'graphql-response+json' : 'json'}; charset=utf-8`)
    .send(errorBody(error));
}

/** The body of a response to a request that failed before execution. */
export function errorBody({ code, message, retryAfterMs }: HttpError): string {
  const retry = retryAfterMs === undefined ? {} : { retryAfterMs: Math.ceil(retryAfterMs) };
  return JSON.stringify({ errors: [{ message, extensions: { code, ...retry } }] });
}

/** Rounds up, because a retry that comes too early fails. */
export function retryAfterSeconds(retryAfterMs: number): string {
  return String(Math.ceil(retryAfterMs / 1000));
}

/** Describes an error that Fastify or a handler raised. Fastify's own message is omitted: it quotes the request. */
export function httpErrorOf(error: FastifyError, maxBodyBytes: number): HttpError {
  if (error.statusCode === 413) {
    const exceeded = { what: 'bytes of body', max: maxBodyBytes, got: null, setting: 'MAX_BODY_BYTES' };
    return { code: 'QUERY_TOO_EXPENSIVE', message: tooExpensive(exceeded).message, status: 413 };
  }
  if (error.statusCode === 415) return notJson;
  return error.statusCode !== undefined && error.statusCode < 500 ? invalidJson : internalError;
}

const notJson: HttpError = {
  code: 'BAD_REQUEST',
  message: 'The body must be JSON, sent with content-type: application/json.',
  status: 415,
};

const invalidJson: HttpError = {
  code: 'BAD_REQUEST',
  message:
    'Invalid JSON: the body must be one JSON value in UTF-8, not deeply nested and without __proto__ in it.',
  status: 400,
};

const internalError: HttpError = {
  code: 'INTERNAL_SERVER_ERROR',
  message: INTERNAL_ERROR_MESSAGE,
  status: 500,
};
