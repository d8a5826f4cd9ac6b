import type { Action, StaleReason } from './upstream.ts';

/** The kind of a failure. Policies and error codes depend on it. */
export type UpstreamErrorKind =
  /** DataWorks rejected the credentials of the gateway, or they are unavailable. */
  | 'credentials'
  /** The credentials are valid, but not for this project or action. */
  | 'forbidden'
  /** DataWorks rejected the request. A retry changes nothing. */
  | 'rejected'
  /** Too many calls a second. */
  | 'throttled'
  /** The day's or the edition's allowance is used up. */
  | 'quotaExhausted'
  /** No complete response in time. */
  | 'timeout'
  /** Unreachable, or failing with a server error. */
  | 'unavailable'
  /** The response violates the protocol. */
  | 'invalidResponse';

export interface UpstreamErrorDetails {
  kind: UpstreamErrorKind;
  action: Action;
  /** The upstream's error code, or null where none arrived. */
  code?: string | null;
  /** The upstream's request id, for a support ticket. */
  requestId?: string | null;
  /** How long to wait before the same call can succeed, in milliseconds. */
  retryAfterMs?: number | null;
  /** Whether the caller's own limit rejected the call; other callers are unaffected. Default: no. */
  isCallerLimit?: boolean;
  /** For an invalid response: whether it is not JSON, such as the page of a proxy or a truncated body. Default: no. */
  isNotJson?: boolean;
}

/**
 * A failed upstream call. The message is safe to show a caller: it holds no URL, query, host, credential or upstream
 * text. Everything that a policy decides on is a field.
 */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError';
  readonly kind: UpstreamErrorKind;
  readonly action: Action;
  readonly code: string | null;
  readonly requestId: string | null;
  readonly retryAfterMs: number | null;
  readonly isCallerLimit: boolean;
  readonly isNotJson: boolean;

  constructor(message: string, details: UpstreamErrorDetails) {
    super(message);
    this.kind = details.kind;
    this.action = details.action;
    this.code = details.code ?? null;
    this.requestId = details.requestId ?? null;
    this.retryAfterMs = details.retryAfterMs ?? null;
    this.isCallerLimit = details.isCallerLimit ?? false;
    this.isNotJson = details.isNotJson ?? false;
  }
}

/** Why a result is older than its freshness allows if the call to refresh it fails with this error. */
export function staleReasonOf(error: unknown): StaleReason {
  const kind = error instanceof UpstreamError ? error.kind : null;
  return kind === 'throttled' || kind === 'quotaExhausted' ? 'BUDGET' : 'UPSTREAM_ERROR';
}
