import { isObject, numberOf, textOf, tokenOf } from './fields.ts';
import type { JsonObject } from './fields.ts';

/** A failure as it arrived, whichever way it came. For classification only: `text` is the upstream's and never leaves this folder. */
export interface Failure {
  /** The upstream's error code; null where it sent none, as when the network failed. */
  code: string | null;
  /** The upstream's message. */
  text: string;
  /** The HTTP status of the error answer, if the SDK reports it. */
  httpStatus: number | null;
  requestId: string | null;
  /** The SDK gave up waiting. */
  timedOut: boolean;
}

/**
 * What the SDK threw. It throws plain errors with odd fields: only `data`, the parsed error body, comes from the upstream:
 * the message of a network error holds the whole signed URL. An error without it is one of the network, or an answer
 * that the SDK could not read: it parses every 4xx and 5xx body as JSON and loses the status when that fails.
 */
export function failureThrown(thrown: unknown): Failure {
  const error = thrown as { name?: unknown; code?: unknown; data?: JsonObject } | null | undefined;
  const data = error?.data ?? {};
  const isMissingCredential = error?.code === 'InvalidCredentials';
  return {
    code: isMissingCredential ? 'InvalidCredentials' : textOf(data.Code ?? data.code),
    text: textOf(data.Message ?? data.message) ?? '',
    httpStatus: numberOf(data.statusCode),
    requestId: requestIdIn(data),
    timedOut: error?.name === 'RequestTimeoutError',
  };
}

/**
 * The failure that a body with HTTP status 200 reports, or null if it reports none. DataWorks' older actions answer so
 * (`Success`, `ErrorCode`, `ErrorMessage`, `HttpStatusCode`), and a code beside a payload is no failure ("200", "OK").
 */
export function failureIn(body: JsonObject): Failure | null {
  const code = textOf(body.ErrorCode ?? body.Code ?? body.code);
  const hasPayload = isObject(body.PagingInfo) || isObject(body.Pipeline);
  const saysFailed = [false, 'false'].includes(body.Success as boolean | string);
  if (!saysFailed && (code === null || hasPayload)) return null;
  return {
    code,
    text: textOf(body.ErrorMessage ?? body.Message ?? body.message) ?? '',
    httpStatus: numberOf(body.HttpStatusCode),
    requestId: requestIdIn(body),
    timedOut: false,
  };
}

export function requestIdIn(body: JsonObject): string | null {
  return tokenOf(body.RequestId ?? body.requestId);
}
