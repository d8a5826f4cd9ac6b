import {
  type Action,
  type Answer,
  type CallContext,
  type Clock,
  type StaleReason,
  UpstreamError,
} from '../model.ts';

/*
 * The one rule by which anything known is served: fresh as it is; stale at once while a refresh runs behind it; and not at all
 * once it is older than its bound.
 */

/** Something known, and how long it may be used. */
export interface View<Value> {
  value: Value;
  /** Epoch milliseconds at which all of it was last known true. */
  asOf: number;
  /** Epoch milliseconds until which it is fresh. */
  freshUntil: number;
  /** Why it is not as fresh as it should be, where a try to refresh it has failed lately. */
  trouble: Trouble | null;
}

export interface Trouble {
  because: StaleReason;
  /** Epoch milliseconds until which no other try is made. */
  until: number;
}

export interface ServeOptions<Value> {
  action: Action;
  view: View<Value> | null;
  staleMs: number;
  clock: Clock;
  /** Begins to refresh in the background what is stale about the view. Must not throw or reject. */
  refresh: () => void;
}

/** The answer that what is known allows, or null where a caller must wait for a new one. */
export function serve<Value>(
  { action, view, staleMs, clock, refresh }: ServeOptions<Value>,
  context: CallContext,
): Answer<Value> | null {
  if (view === null || view.asOf < (context.notBefore ?? -Infinity)) return null;
  const now = clock.now();
  // A wall clock that was set back must not make old things look fresh.
  const isFresh = now < view.freshUntil && view.asOf <= now;
  if (isFresh) {
    context.report({ type: 'hit', action });
    return { value: view.value, asOf: view.asOf, staleBecause: null };
  }
  if (now >= view.freshUntil + staleMs) return null;
  const trouble = view.trouble !== null && now < view.trouble.until ? view.trouble : null;
  if (trouble === null) refresh();
  const because = view.trouble?.because ?? 'REFRESHING';
  context.report({ type: 'stale', action, because });
  return { value: view.value, asOf: view.asOf, staleBecause: because };
}

/** After a refresh has failed, the next is put off this long unless the error knows better. Milliseconds. */
const HOLD_OFF_MS = 1000;
const MAX_HOLD_OFF_MS = 30_000;

export function troubleOf(error: unknown, now: number): Trouble {
  const kind = error instanceof UpstreamError ? error.kind : null;
  const waitMs = (error instanceof UpstreamError ? error.retryAfterMs : null) ?? HOLD_OFF_MS;
  return {
    because: kind === 'throttled' || kind === 'quotaExhausted' ? 'BUDGET' : 'UPSTREAM_ERROR',
    until: now + Math.min(Math.max(waitMs, HOLD_OFF_MS), MAX_HOLD_OFF_MS),
  };
}
