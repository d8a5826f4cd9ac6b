import { HeaderMap, type HTTPGraphQLRequest } from '@apollo/server';
import type { FastifyRequest } from 'fastify';
import type { HttpError } from '../core/errors.ts';
import { nestingError } from '../graphql/nesting.ts';
import type { TrustedDocuments } from '../graphql/trustedDocuments.ts';

/**
 * Converts a request to Apollo Server's format, with the text of a trusted document in place of its id. Returns an error for
 * JSON and documents that are nested too deeply to be parsed.
 *
 * @throws an error with `statusCode` 400 for an invalid JSON body.
 */
export function graphqlRequestOf(
  fastifyRequest: FastifyRequest,
  trustedDocuments: TrustedDocuments,
): HTTPGraphQLRequest | HttpError {
  const { method, url, jsonBody } = fastifyRequest;
  // Only `set-cookie`, which is of no use in a request, can be an array.
  const headers = new HeaderMap(Object.entries(fastifyRequest.headers) as [string, string][]);
  const search = url.includes('?') ? url.slice(url.indexOf('?')) : '';
  if (method === 'GET') return getRequestOf({ method, search, headers, body: undefined }, trustedDocuments);
  if (jsonBody === null) return { method, search, headers, body: fastifyRequest.body };
  const tooDeep = nestingError(jsonBody, 'JSON');
  if (tooDeep !== null) return tooDeep;
  // A document may declare a variable of this name: its key then belongs to the variables.
  const onProto = jsonBody.includes('$__proto__') ? 'ignore' : 'error';
  const parse = fastifyRequest.server.getDefaultJsonParser(onProto, 'error');
  let body: unknown;
  // Synchronous.
  void parse(fastifyRequest, jsonBody, (error, parsed: unknown) => {
    if (error) throw error;
    body = parsed;
  });
  const apolloRequest = { method, search, headers, body };
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return apolloRequest;
  const trusted = trustedDocuments(body);
  if (trusted !== null && typeof trusted === 'object') return trusted;
  const { query } = trusted === null ? (body as { query?: unknown }) : { query: trusted };
  const error = typeof query === 'string' ? nestingError(query, 'document') : null;
  if (error !== null) return error;
  return trusted === null ? apolloRequest : { ...apolloRequest, body: { ...body, query, extensions: null } };
}

/** Whether a request has GraphQL `extensions`. */
export function hasExtensions({ method, search, body }: HTTPGraphQLRequest): boolean {
  if (method === 'GET') return new URLSearchParams(search).has('extensions');
  const { extensions = null } = (body ?? {}) as { extensions?: unknown };
  return extensions !== null;
}

function getRequestOf(
  request: HTTPGraphQLRequest,
  trustedDocuments: TrustedDocuments,
): HTTPGraphQLRequest | HttpError {
  const parameters = new URLSearchParams(request.search);
  for (const json of ['variables', 'extensions'].flatMap((name) => parameters.getAll(name))) {
    const tooDeep = nestingError(json, 'JSON');
    if (tooDeep !== null) return tooDeep;
  }
  // A browser's request for the explorer has no document.
  if (!['query', 'documentId', 'extensions'].some((name) => parameters.has(name))) return request;
  const trusted = trustedDocuments({
    query: parameters.get('query') ?? undefined,
    documentId: parameters.get('documentId') ?? undefined,
    extensions: parseOrNull(parameters.get('extensions')),
  });
  if (trusted === null) return nestingError(parameters.get('query') ?? '', 'document') ?? request;
  if (typeof trusted === 'object') return trusted;
  for (const name of ['documentId', 'extensions']) parameters.delete(name);
  parameters.set('query', trusted);
  return nestingError(trusted, 'document') ?? { ...request, search: `?${parameters.toString()}` };
}

function parseOrNull(text: string | null): unknown {
  try {
    return text === null ? null : (JSON.parse(text) as unknown);
  } catch {
    return null;
  }
}
