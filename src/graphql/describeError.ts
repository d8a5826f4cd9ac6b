import { tooExpensive } from '../core/errors.ts';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { type ErrorCode, isCoded, INTERNAL_ERROR_MESSAGE } from '../core/errors.ts';
import { UpstreamError, type UpstreamErrorKind } from '../core/upstreamError.ts';

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

/** What may have passed a moment later. */
const passingKinds: ReadonlySet<UpstreamErrorKind> = new Set(['throttled', 'unavailable', 'timeout']);

/** How long callers are told to wait where nothing tells how long it will take. Milliseconds. */
const USUAL_WAIT_MS = 1000;

/** Codes that Apollo Server gives to what is wrong with the request itself; their messages hold nothing but the request. */
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

/** What the caller is told of an error. */
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

/** The error itself where it is a bug that operators must look at; null where it was foreseen. */
export function bugIn(error: GraphQLError): unknown {
  const original = rootOf(error);
  const isForeseen = original instanceof UpstreamError || openCodeOf(error) !== null;
  // A field without a value where the schema promises one has no other error behind it.
  return isForeseen ? null : original;
}

/** The code of an error that callers may see as it is; null for all that is masked. */
function openCodeOf(error: unknown): string | null {
  // Apollo Server puts its own code on what its phases report.
  const original = rootOf(error);
  if (isCoded(original)) return String(original.extensions['code']);
  if (!(error instanceof GraphQLError)) return null;
  const { code, http } = error.extensions as { code?: unknown; http?: { status?: number } };
  if (typeof code === 'string') return requestCodes.has(code) ? code : null;
  if (isOfArgument(original)) return 'BAD_USER_INPUT';
  // So Apollo Server reports a persisted query whose hash is another's.
  return http?.status === 400 ? 'BAD_REQUEST' : null;
}

/**
 * A variable with a default may be null where an argument may not. Validation allows it, and neither graphql-js nor graphql-jit
 * gives its refusal a code.
 */
function isOfArgument(error: unknown): boolean {
  return (
    error instanceof GraphQLError &&
    /^Argument "\w+" (?:of non-null type|of required type|has invalid value) /.test(error.message)
  );
}

/** graphql-js wraps what a resolver throws, some times twice. */
function rootOf(error: unknown): unknown {
  let root = error;
  while (root instanceof GraphQLError && root.originalError) root = root.originalError;
  return root;
}

function upstreamExtensions(error: UpstreamError): Record<string, unknown> {
  const retryAfterMs = error.retryAfterMs ?? (passingKinds.has(error.kind) ? USUAL_WAIT_MS : null);
  return {
    code: codeOfKind[error.kind],
    ...(retryAfterMs !== null && { retryAfterMs: Math.ceil(retryAfterMs) }),
    upstream: { action: error.action, code: error.code, requestId: error.requestId },
  };
}

/** The one limit that the parser itself holds. It has no code for it, so its words must do. */
export function withTokenLimit(answer: GraphQLFormattedError, max: number): GraphQLFormattedError {
  if (!answer.message.startsWith('Syntax Error: Document contains more tha')) return answer;
  const { message } = tooExpensive({ what: 'tokens', max, got: null, setting: 'MAX_TOKENS' });
  return { message, extensions: { code: 'QUERY_TOO_EXPENSIVE' } };
}
