import type { JsonValue } from '../core/domain.ts';
import type { Action, Actions, CallContext, Undecodable } from '../core/upstream.ts';
import { actions, type ActionSpec } from './actions.ts';
import { classify, type Failure, upstreamError } from './classify.ts';
import type { UndecodableCounts } from './fields.ts';
import { DecodeError, isObject, type JsonObject, numberOf, objectOf } from './json.ts';
import { parseLossless, textOf, tokenOf } from './json.ts';

/** Redirects arrive as successes; an error status never does. */
export interface SdkResponse {
  statusCode?: number;
  body?: unknown;
}

/** @throws UpstreamError for a redirect, a failure in the body, and a body that does not decode */
export function readResponse<A extends Action>(
  action: A,
  params: Actions[A]['params'],
  { statusCode = 200, body }: SdkResponse,
  { report }: CallContext,
): { value: Actions[A]['result']; requestId: string | null } {
  if (statusCode >= 300) {
    const detail = 'the call was redirected to another address';
    throw upstreamError({ kind: 'unavailable', action, detail });
  }
  const spec: ActionSpec<A> = actions[action];
  const counts: UndecodableCounts = { field: 0, row: 0, foreignProject: 0 };
  let requestId: string | null = null;
  try {
    const parsed = objectOf(parsedBody(body, action), 'the body');
    requestId = requestIdIn(parsed);
    const failure = failureIn(parsed);
    if (failure !== null) throw classify(failure, action);
    return { value: spec.decode(parsed, params, counts), requestId };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw upstreamError({ kind: 'invalidResponse', action, requestId, detail: error.message });
  } finally {
    for (const [what, count] of Object.entries(counts)) {
      if (count > 0) report({ type: 'undecodable', action, what: what as Undecodable, count });
    }
  }
}

function parsedBody(body: unknown, action: Action): JsonValue {
  try {
    return parseLossless(typeof body === 'string' ? body : '');
  } catch (error) {
    // A parser that recurses runs out of stack on JSON that is nested thousands of levels deep.
    const isNotJson = !(error instanceof RangeError);
    const detail = isNotJson ? 'the body is not JSON' : 'the body is nested too deeply';
    throw upstreamError({ kind: 'invalidResponse', action, detail, isNotJson });
  }
}

/**
 * What the SDK threw. It throws plain errors with odd fields: only `data`, the parsed error body, comes from the upstream:
 * the message of a network error holds the whole signed URL. An error without it is one of the network, or an answer
 * that the SDK could not read: it parses every 4xx and 5xx body as JSON and loses the status when that fails.
 */
export function failureThrown(thrown: unknown): Failure {
  const error = thrown as { name?: unknown; code?: unknown; data?: JsonObject } | null | undefined;
  const data = error?.data ?? {};
  // The SDK puts the status of the response there.
  const failure = failureOf(data, data.statusCode);
  if (error?.code === 'InvalidCredentials') failure.code = 'InvalidCredentials';
  return { ...failure, timedOut: error?.name === 'RequestTimeoutError' };
}

/**
 * The failure that a body with HTTP status 200 reports, or null if it reports none. DataWorks' older actions answer so
 * (`Success`, `ErrorCode`, `ErrorMessage`, `HttpStatusCode`), and a code beside a payload is no failure ("200", "OK").
 */
export function failureIn(body: JsonObject): Failure | null {
  const saysFailed = [false, 'false'].includes(body.Success as boolean | string);
  if (!saysFailed && (isObject(body.PagingInfo) || isObject(body.Pipeline))) return null;
  const failure = failureOf(body, body.HttpStatusCode);
  return saysFailed || failure.code !== null ? failure : null;
}

function failureOf(body: JsonObject, httpStatus: JsonValue | undefined): Failure {
  return {
    code: textOf(body.ErrorCode ?? body.Code ?? body.code),
    text: textOf(body.ErrorMessage ?? body.Message ?? body.message) ?? '',
    httpStatus: numberOf(httpStatus),
    requestId: requestIdIn(body),
    timedOut: false,
  };
}

function requestIdIn(body: JsonObject): string | null {
  return tokenOf(body.RequestId ?? body.requestId);
}
