import { GraphQLError } from 'graphql';
import type { ErrorCode } from './errorCodes.ts';

export type { ErrorCode } from './errorCodes.ts';

/*
 * The errors whose code and message callers see. The message says what was expected, what arrived and what to do. All other errors
 * are masked.
 */

/** An invalid argument. Costs no upstream call. */
export function badUserInput(message: string): GraphQLError {
  return coded('BAD_USER_INPUT', message);
}

/** Variables of the wrong type. Reports only the first error. */
export function invalidVariables([first]: readonly GraphQLError[]): GraphQLError {
  const extensions = { code: 'BAD_USER_INPUT', http: { status: 400 } };
  return new GraphQLError(first?.message ?? '', { nodes: first?.nodes ?? null, extensions });
}

/** A missing permission. Costs no upstream call. */
export function forbidden(message: string): GraphQLError {
  return coded('FORBIDDEN', message);
}

/** A limit that an operation exceeds. */
export interface ExceededLimit {
  /** What is limited, in the plural, such as `levels of depth`. */
  what: string;
  max: number;
  /** Null if counting stopped at the limit. */
  got: number | null;
  /** The setting that holds the limit. */
  setting: string;
}

/** An operation that exceeds a limit. Costs no upstream call. */
export function tooExpensive({ what, max, got, setting }: ExceededLimit): GraphQLError {
  const found = got === null ? 'more' : String(got);
  const message = `An operation may have at most ${max} ${what}; this one has ${found}. Request less at once, or ask the operator to raise ${setting}.`;
  return coded('QUERY_TOO_EXPENSIVE', message, { http: { status: 400 } });
}

/** Fails the whole request with an HTTP status, whereas `forbidden` and the like fail one field. */
export function requestError({ code, message, status, retryAfterMs }: HttpError): GraphQLError {
  return coded(code, message, { http: { status }, ...(retryAfterMs !== undefined && { retryAfterMs }) });
}

/** The failure of a request before it is executed. */
export interface HttpError {
  code: ErrorCode | 'BAD_REQUEST' | 'GRAPHQL_VALIDATION_FAILED' | 'PERSISTED_QUERY_NOT_FOUND';
  message: string;
  status: number;
  /** How long to wait before the same request can succeed. */
  retryAfterMs?: number;
  /** The `www-authenticate` header of a 401. */
  challenge?: string;
  /** Whether admission leaves the connection open, because the caller is authenticated. Default: no. */
  keepsConnection?: boolean;
}

export const shuttingDown: HttpError = {
  code: 'SHUTTING_DOWN',
  message: 'The gateway is shutting down and accepts no new requests. Retry against another replica.',
  status: 503,
  retryAfterMs: 1000,
};

/** The message of every masked error. */
export const INTERNAL_ERROR_MESSAGE = 'Internal server error. The log has the details under the request id.';

const CODED = Symbol('coded error');

function coded(code: HttpError['code'], message: string, more: Record<string, unknown> = {}): GraphQLError {
  const error = withoutStack(() => new GraphQLError(message, { extensions: { code, ...more } }));
  return Object.assign(error, { [CODED]: true });
}

/** Callers can cause thousands of these errors, nobody reads their stacks, and capturing a stack costs more than everything else. */
function withoutStack<Made>(make: () => Made): Made {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return make();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** Whether an error is one of the errors above, whose message callers may see. */
export function isCoded(error: unknown): error is GraphQLError {
  return error instanceof GraphQLError && CODED in error;
}

/** A thrown value as an Error: promises can reject with anything. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
