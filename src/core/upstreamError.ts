import type { Action, StaleReason } from './upstream.ts';

/** What went wrong, as far as policies and callers need to tell it apart. */
export type UpstreamErrorKind =
  /** DataWorks refused the gateway's credentials, or they could not be had. */
  | 'credentials'
  /** The credentials are good, but not for this project or action. */
  | 'forbidden'
  /** The request was understood and refused: repeating it changes nothing. */
  | 'rejected'
  /** Too many calls a second. */
  | 'throttled'
  /** The day's or the edition's allowance is used up. */
  | 'quotaExhausted'
  /** No whole answer within the time given. */
  | 'timeout'
  /** Unreachable, or answering with an error of its own. */
  | 'unavailable'
  /** Answered with something that is not what the protocol says. */
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
  /** Whether a limit of the caller's own refused the call, which says nothing to other callers. Default: no. */
  isCallerLimit?: boolean;
  /** Of an invalid response: whether it is no JSON at all, such as a proxy's page or half an answer. Default: no. */
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
