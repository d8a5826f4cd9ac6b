import { GraphQLError } from 'graphql';
import type { ErrorCode } from './errorCodes.ts';

export type { ErrorCode } from './errorCodes.ts';

/*
 * The one bridge between what went wrong inside and what a caller is told: a code to act on, and a message that says what was
 * expected, what came and what to do. All that is not coded here is masked.
 */

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
export function refusedRequest(refusal: HttpError): GraphQLError {
  const { code, message, status, retryAfterMs } = refusal;
  return coded(code, message, { http: { status }, ...(retryAfterMs !== undefined && { retryAfterMs }) });
}

/** Why a request goes no further. */
export interface HttpError {
  code: ErrorCode | 'BAD_REQUEST' | 'GRAPHQL_VALIDATION_FAILED' | 'PERSISTED_QUERY_NOT_FOUND';
  message: string;
  status: number;
  /** How long to wait before the same request can succeed, in milliseconds. */
  retryAfterMs?: number;
  /** Whether the caller was identified, so that its connection stays open. */
  isOfKnownCaller?: boolean;
}

/** All that a caller learns of what is not coded. */
export const MASK = 'The gateway met an error of its own. Operators find it in the log by the request id.';

const OURS = Symbol('coded error');

function coded(code: HttpError['code'], message: string, more: Record<string, unknown> = {}): GraphQLError {
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

/** Whether an error is one of the coded errors above, whose message callers may see. */
export function isCoded(error: unknown): error is GraphQLError {
  return error instanceof GraphQLError && OURS in error;
}
