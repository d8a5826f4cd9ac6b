import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { UpstreamError, type UpstreamErrorKind } from './model.ts';

/*
 * The one bridge between what went wrong inside and what a caller is told: a code to act on, and a message that says what was
 * expected, what came and what to do. All that is not coded here is masked.
 */

/** Every code that `extensions.code` can hold; the README's table says what to do about each. */
export type ErrorCode =
  | 'BAD_USER_INPUT'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'QUERY_TOO_EXPENSIVE'
  | 'UPSTREAM_FORBIDDEN'
  | 'UPSTREAM_REJECTED'
  | 'UPSTREAM_THROTTLED'
  | 'UPSTREAM_QUOTA_EXHAUSTED'
  | 'UPSTREAM_TIMEOUT'
  | 'UPSTREAM_UNAVAILABLE'
  | 'UPSTREAM_INVALID_RESPONSE'
  | 'INTERNAL_SERVER_ERROR';

const codeOfKind: Record<UpstreamErrorKind, ErrorCode> = {
  // The caller can do as little about refused gateway credentials as about a refused project.
  credentials: 'UPSTREAM_FORBIDDEN',
  forbidden: 'UPSTREAM_FORBIDDEN',
  rejected: 'UPSTREAM_REJECTED',
  throttled: 'UPSTREAM_THROTTLED',
  quotaExhausted: 'UPSTREAM_QUOTA_EXHAUSTED',
  timeout: 'UPSTREAM_TIMEOUT',
  unavailable: 'UPSTREAM_UNAVAILABLE',
  invalidResponse: 'UPSTREAM_INVALID_RESPONSE',
};

/** Codes that Apollo Server gives to what is wrong with the request itself; their messages hold nothing but the request. */
const requestCodes = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OPERATION_RESOLUTION_FAILURE',
  'PERSISTED_QUERY_NOT_FOUND',
  'PERSISTED_QUERY_NOT_SUPPORTED',
  'BAD_REQUEST',
]);

/** An argument that is not what it must be. Costs no upstream call. */
export function badUserInput(message: string): GraphQLError {
  return coded('BAD_USER_INPUT', message);
}

/** What the caller is not allowed to do. Costs no upstream call. */
export function forbidden(message: string): GraphQLError {
  return coded('FORBIDDEN', message);
}

/** What the caller is told of an error, and the error itself where it is a bug that operators must look at. */
export function describeError(
  formatted: GraphQLFormattedError,
  error: unknown,
): { answer: GraphQLFormattedError; bug: unknown } {
  const original = rootOf(error);
  const place = {
    ...(formatted.locations && { locations: formatted.locations }),
    ...(formatted.path && { path: formatted.path }),
  };
  if (original instanceof UpstreamError) {
    return {
      answer: { message: original.message, ...place, extensions: upstreamExtensions(original) },
      bug: null,
    };
  }
  const code = formatted.extensions?.['code'];
  if (typeof code === 'string' && (isOurs(original) || requestCodes.has(code) || code === 'BAD_USER_INPUT')) {
    const retryAfterMs = formatted.extensions?.['retryAfterMs'];
    const extensions = { code, ...(typeof retryAfterMs === 'number' && { retryAfterMs }) };
    return { answer: { message: formatted.message, ...place, extensions }, bug: null };
  }
  const masked: ErrorCode = 'INTERNAL_SERVER_ERROR';
  return {
    answer: {
      message: 'The gateway met an error of its own. Operators find it in the log by the request id.',
      ...place,
      extensions: { code: masked },
    },
    bug: original ?? new Error('An error without a value.'),
  };
}

const OURS = Symbol('coded error');

function coded(code: ErrorCode, message: string): GraphQLError {
  return Object.assign(new GraphQLError(message, { extensions: { code } }), { [OURS]: true });
}

function isOurs(error: unknown): boolean {
  return error instanceof GraphQLError && OURS in error;
}

/** graphql-js wraps what a resolver throws, some times twice. */
function rootOf(error: unknown): unknown {
  let root = error;
  while (root instanceof GraphQLError && root.originalError) root = root.originalError;
  return root;
}

function upstreamExtensions(error: UpstreamError): Record<string, unknown> {
  return {
    code: codeOfKind[error.kind],
    ...(error.retryAfterMs !== null && { retryAfterMs: Math.ceil(error.retryAfterMs) }),
    upstream: { action: error.action, code: error.code, requestId: error.requestId },
  };
}
