import { isFinished } from '../core/domain.ts';
import type { Action, Actions, CallContext, StaleReason, UpstreamResult } from '../core/upstream.ts';
import { staleReasonOf, UpstreamError } from '../core/upstreamError.ts';

/*
 * What the cache does with a request: pure functions of what is cached, the request and the time. Fresh answers are served as they
 * are, stale ones at once while a refresh runs, and nothing that is older than its bound.
 */

/** A finished run does not change. It is read again after a day all the same, since DataWorks does not document that. */
export const FINISHED_FRESH_MS = 24 * 60 * 60 * 1000;

/** Names and owners of workspaces change seldom. */
export const PROJECT_FRESH_MS = 5 * 60 * 1000;

/** How long an answer stays fresh, in milliseconds. Null if it can change at any moment: then it is fresh for `freshMs`. */
export const lastingMs: { [A in Action]: (value: Actions[A]['result']) => number | null } = {
  ListPipelineRuns: () => null,
  GetPipelineRun: (run) => (run !== null && isFinished(run) ? FINISHED_FRESH_MS : null),
  ListPipelineRunItems: ({ rows }) => (rows.length > 0 && rows.every(isFinished) ? FINISHED_FRESH_MS : null),
  ListProjects: () => PROJECT_FRESH_MS,
};

/** A cached value as far as decisions need it. */
export interface Cached<Value = unknown> {
  value: Value;
  /** When the value was last known true. */
  asOf: number;
  /** Whether it can change at any moment. Then it is fresh for `freshMs`. */
  isShortLived: boolean;
  /** When it stops being fresh, however long short-lived values are. */
  trustedUntil: number;
  version: number;
}

/** A refresh that failed. */
export interface Failure {
  because: StaleReason;
  /** When the next attempt may be made. */
  until: number;
}

/** A value and when it was last known true. */
type Dated<Value> = Pick<Cached<Value>, 'value' | 'asOf'>;

export interface Known<Value> {
  current: Cached<Value> | null;
  /** The last page that was read or served: nothing older is served after it. */
  snapshot: Dated<Value> | null;
  failure: Failure | null;
  /** Whether a newer head of the list can confirm the page, or just has. */
  confirmation: 'possible' | 'done' | 'impossible';
}

export interface FreshnessRules {
  /** Freshness of what can change at any moment (the head of a list, an unfinished run) while the quota suffices. Milliseconds. */
  usualFreshMs: number;
  /** The same, stretched by the quota. */
  freshMs: number;
  /** How long past its freshness an answer may still be served, labelled stale. */
  staleMs: number;
}

export type Decision<Value> =
  | { do: 'serve'; answer: UpstreamResult<Value>; refresh: boolean }
  | { do: 'confirmByHead' }
  | { do: 'fetch' };

export function decide<Value>(
  { current, snapshot, failure, confirmation }: Known<Value>,
  request: Pick<CallContext, 'notBefore' | 'freshOnly'>,
  rules: FreshnessRules,
  now: number,
): Decision<Value> {
  const { notBefore = -Infinity, freshOnly = false } = request;
  const isOnHold = failure !== null && now < failure.until;
  if (current !== null && current.asOf >= Math.max(notBefore, snapshot?.asOf ?? -Infinity)) {
    const fresh = freshAnswer(current, rules, now);
    if (fresh) return { do: 'serve', answer: fresh, refresh: false };
    const { value, asOf } = current;
    if (!freshOnly && confirmation !== 'done' && now < freshUntilOf(current, rules.freshMs) + rules.staleMs) {
      const staleBecause = failure?.because ?? 'REFRESHING';
      return { do: 'serve', answer: { value, asOf, staleBecause }, refresh: !isOnHold };
    }
  }
  if (confirmation === 'possible') return { do: 'confirmByHead' };
  if (isOnHold && isServable(snapshot, request, rules, now)) {
    const { value, asOf } = snapshot;
    return { do: 'serve', answer: { value, asOf, staleBecause: failure.because }, refresh: false };
  }
  return { do: 'fetch' };
}

/** The answer if it is fresh, labelled if only the quota stretches its freshness. */
export function freshAnswer<Value>(
  current: Cached<Value>,
  rules: FreshnessRules,
  now: number,
): UpstreamResult<Value> | null {
  if (now >= freshUntilOf(current, rules.freshMs)) return null;
  const { value, asOf } = current;
  const isStretched = now >= freshUntilOf(current, rules.usualFreshMs);
  return { value, asOf, staleBecause: isStretched ? 'BUDGET' : null };
}

/** Whether a snapshot may be served because nothing newer is available. */
export function isServable<Value>(
  snapshot: Dated<Value> | null,
  { notBefore = -Infinity, freshOnly = false }: Pick<CallContext, 'notBefore' | 'freshOnly'>,
  { staleMs }: FreshnessRules,
  now: number,
): snapshot is Dated<Value> {
  return snapshot !== null && !freshOnly && snapshot.asOf >= notBefore && now < snapshot.asOf + staleMs;
}

export function freshUntilOf({ asOf, isShortLived, trustedUntil }: Cached, freshMs: number): number {
  return isShortLived ? Math.min(asOf + freshMs, trustedUntil) : trustedUntil;
}

/** After a failed refresh, the next one waits this long, or as long as the error says up to the maximum. Milliseconds. */
const HOLD_MS = 1000;
const MAX_HOLD_MS = 30_000;

export function failureOf(error: unknown, now: number): Failure {
  const waitMs = (error instanceof UpstreamError ? error.retryAfterMs : null) ?? HOLD_MS;
  return { because: staleReasonOf(error), until: now + Math.min(Math.max(waitMs, HOLD_MS), MAX_HOLD_MS) };
}

/** The failure that made an answer stale before it arrived. Null for a fresh one. */
export function failureBehind({ staleBecause }: UpstreamResult<unknown>, now: number): Failure | null {
  return staleBecause && { because: staleBecause, until: now + HOLD_MS };
}
