import type { FastifyRequest } from 'fastify';

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
