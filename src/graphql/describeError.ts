import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { type ErrorCode, INTERNAL_ERROR_MESSAGE, isCoded, tooExpensive } from '../core/errors.ts';
import { UpstreamError, type UpstreamErrorKind } from '../core/upstreamError.ts';

const codeOfKind: Record<UpstreamErrorKind, ErrorCode> = {
  // The caller can do nothing about credentials that DataWorks rejects.
  credentials: 'UPSTREAM_FORBIDDEN',
  forbidden: 'UPSTREAM_FORBIDDEN',
  rejected: 'UPSTREAM_REJECTED',
  throttled: 'UPSTREAM_THROTTLED',
  quotaExhausted: 'UPSTREAM_QUOTA_EXHAUSTED',
  timeout: 'UPSTREAM_TIMEOUT',
  unavailable: 'UPSTREAM_UNAVAILABLE',
  invalidResponse: 'UPSTREAM_INVALID_RESPONSE',
};

/** Errors that a retry after a moment may not meet again. */
const transientKinds: ReadonlySet<UpstreamErrorKind> = new Set(['throttled', 'unavailable', 'timeout']);

/** `retryAfterMs` of a transient error that has none of its own. */
const DEFAULT_RETRY_AFTER_MS = 1000;

/** Codes of Apollo Server for invalid requests. Their messages contain nothing but parts of the request. */
const requestCodes = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OPERATION_RESOLUTION_FAILURE',
  'PERSISTED_QUERY_NOT_FOUND',
  'PERSISTED_QUERY_NOT_SUPPORTED',
  'BAD_REQUEST',
  // Of variables; arguments in the document itself fail validation.
  'BAD_USER_INPUT',
]);

/** The error as the caller sees it: with a code, and without a message unless the message is meant for callers. */
export function describeError(formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError {
  const original = rootOf(error);
  const place = {
    ...(formatted.locations && { locations: formatted.locations }),
    ...(formatted.path && { path: formatted.path }),
  };
  if (original instanceof UpstreamError) {
    return { message: original.message, ...place, extensions: upstreamExtensions(original) };
  }
  const code = openCodeOf(error);
  if (code !== null) {
    const retryAfterMs = formatted.extensions?.['retryAfterMs'];
    const extensions = { code, ...(typeof retryAfterMs === 'number' && { retryAfterMs }) };
    return { message: formatted.message, ...place, extensions };
  }
  return {
    message: INTERNAL_ERROR_MESSAGE,
    ...place,
    extensions: { code: 'INTERNAL_SERVER_ERROR' satisfies ErrorCode },
  };
}

/** The cause of an unexpected error, for the log; null for an error that callers or DataWorks cause. */
export function bugIn(error: GraphQLError): unknown {
  const original = rootOf(error);
  const isForeseen = original instanceof UpstreamError || openCodeOf(error) !== null;
  return isForeseen ? null : original;
}

/** The code of an error whose message callers may see; null for an error that is masked. */
function openCodeOf(error: unknown): string | null {
  // Apollo Server replaces the code of errors of some phases.
  const original = rootOf(error);
  if (isCoded(original)) return String(original.extensions['code']);
  if (!(error instanceof GraphQLError)) return null;
  const { code, http } = error.extensions as { code?: unknown; http?: { status?: number } };
  if (typeof code === 'string') return requestCodes.has(code) ? code : null;
  if (isOfArgument(original)) return 'BAD_USER_INPUT';
  // Apollo Server reports a persisted query that does not match its hash so.
  return http?.status === 400 ? 'BAD_REQUEST' : null;
}

/**
 * A nullable variable with a default may be passed to a non-null argument. If it is null, graphql-js and graphql-jit report an error
 * without a code.
 */
function isOfArgument(error: unknown): boolean {
  return (
    error instanceof GraphQLError &&
    /^Argument "\w+" (?:of non-null type|of required type|has invalid value) /.test(error.message)
  );
}

/** graphql-js wraps what a resolver throws, sometimes twice. */
function rootOf(error: unknown): unknown {
  let root = error;
  while (root instanceof GraphQLError && root.originalError) root = root.originalError;
  return root;
}

function upstreamExtensions(error: UpstreamError): Record<string, unknown> {
  const retryAfterMs = error.retryAfterMs ?? (transientKinds.has(error.kind) ? DEFAULT_RETRY_AFTER_MS : null);
  return {
    code: codeOfKind[error.kind],
    ...(retryAfterMs !== null && { retryAfterMs: Math.ceil(retryAfterMs) }),
    upstream: { action: error.action, code: error.code, requestId: error.requestId },
  };
}

/** Replaces the parser's error for too many tokens, which can be recognised only by its message. */
export function withTokenLimit(answer: GraphQLFormattedError, max: number): GraphQLFormattedError {
  if (!answer.message.startsWith('Syntax Error: Document contains more tha')) return answer;
  const { message } = tooExpensive({ what: 'tokens', max, got: null, setting: 'MAX_TOKENS' });
  return { message, extensions: { code: 'QUERY_TOO_EXPENSIVE' } };
}
