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
  | 'RATE_LIMITED'
  | 'TOO_MANY_SUBSCRIPTIONS'
  | 'REQUEST_TIMEOUT'
  | 'OVERLOADED'
  | 'SHUTTING_DOWN'
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

/** An argument that is not what it must be. Costs no upstream call. */
export function badUserInput(message: string): GraphQLError {
  return coded('BAD_USER_INPUT', message);
}

/** Variables that do not fit their types. Tells the first error alone. */
export function invalidVariables([first]: readonly GraphQLError[]): GraphQLError {
  const extensions = { code: 'BAD_USER_INPUT', http: { status: 400 } };
  return new GraphQLError(first?.message ?? '', { nodes: first?.nodes ?? null, extensions });
}

/** What the caller is not allowed to do. Costs no upstream call. */
export function forbidden(message: string): GraphQLError {
  return coded('FORBIDDEN', message);
}

/** A bound that an operation goes beyond: what is bounded, by how much, what came, and the setting that says so. */
export interface ExceededLimit {
  /** In the plural, as `levels of depth`. */
  what: string;
  max: number;
  /** Null where counting stopped at the bound. */
  got: number | null;
  setting: string;
}

/** An operation that asks for too much. Costs no upstream call. */
export function tooExpensive({ what, max, got, setting }: ExceededLimit): GraphQLError {
  const came = got === null ? 'more' : String(got);
  const message = `An operation may have at most ${max} ${what}; this one has ${came}. Ask for less at once, or have the operator raise ${setting}.`;
  return coded('QUERY_TOO_EXPENSIVE', message, { http: { status: 400 } });
}

/** Refuses a whole request with an HTTP status; `forbidden` and its like refuse one field and leave the others. */
export function refusedRequest(refusal: Refusal): GraphQLError {
  const { code, message, status, retryAfterMs } = refusal;
  return coded(code, message, { http: { status }, ...(retryAfterMs !== undefined && { retryAfterMs }) });
}

/** Why a request goes no further. */
export interface Refusal {
  code: ErrorCode | 'BAD_REQUEST' | 'GRAPHQL_VALIDATION_FAILED' | 'PERSISTED_QUERY_NOT_FOUND';
  message: string;
  status: number;
  /** How long to wait before the same request can succeed, in milliseconds. */
  retryAfterMs?: number;
  /** Whether the caller was identified, so that its connection stays open. */
  isOfKnownCaller?: boolean;
}

/** What only the operator can mend, such as a setting or a file that it names: told in lines without a stack. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/** The longest value of a setting that a message repeats, in characters. */
const MAX_SHOWN = 100;

/**
 * A value of a setting as a message may repeat it: cut, and without what can hold a credential, which is everything before an `@`
 * and a query. Of a value with both only the scheme is left, since either can be part of a password.
 */
export function withoutCredentials(value: string): string {
  const [scheme = ''] = /^[a-z][a-z0-9+.-]{0,20}:\/\//i.exec(value) ?? [];
  if (/\?|%3f/i.test(value)) return `${scheme}[redacted]`;
  const safe = value
    .replace(/^.*(?:@|%40)/is, `${scheme}[redacted]@`)
    // A URL that was cut before its `@`: what follows the colon is no port.
    .replace(/^([a-z][a-z0-9+.-]*:\/\/[^/:[]*):(?!\d{1,5}(?:\/|$)).*$/is, '$1:[redacted]')
    .replace(/\b(?:LTAI|STS\.)[\w.]+/g, '[redacted]');
  return safe.length <= MAX_SHOWN ? safe : `${safe.slice(0, MAX_SHOWN)}…`;
}

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
  return { message: MASK, ...place, extensions: { code: 'INTERNAL_SERVER_ERROR' satisfies ErrorCode } };
}

/** The error itself where it is a bug that operators must look at; null where it was foreseen. */
export function bugIn(error: GraphQLError): unknown {
  const original = rootOf(error);
  const isForeseen = original instanceof UpstreamError || openCodeOf(error) !== null;
  // A field without a value where the schema promises one has no other error behind it.
  return isForeseen ? null : original;
}

/** All that a caller learns of what is not coded. */
export const MASK = 'The gateway met an error of its own. Operators find it in the log by the request id.';

const OURS = Symbol('coded error');

function coded(code: Refusal['code'], message: string, more: Record<string, unknown> = {}): GraphQLError {
  const error = withoutStack(() => new GraphQLError(message, { extensions: { code, ...more } }));
  return Object.assign(error, { [OURS]: true });
}

/** A caller can cause these by the thousand, nobody reads their stacks, and to capture one costs more than all the rest. */
function withoutStack<Made>(make: () => Made): Made {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return make();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** The code of an error that callers may see as it is; null for all that is masked. */
function openCodeOf(error: unknown): string | null {
  // Apollo Server puts its own code on what its phases report.
  const original = rootOf(error);
  if (isOurs(original)) return String(original.extensions['code']);
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

function isOurs(error: unknown): error is GraphQLError {
  return error instanceof GraphQLError && OURS in error;
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
