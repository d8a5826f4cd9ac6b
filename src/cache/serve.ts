import type { Clock } from '../core/clock.ts';
import type { Action, UpstreamResult, CallContext, CachedResult, StaleReason } from '../core/upstream.ts';
import { staleReasonOf, UpstreamError } from '../core/upstreamError.ts';

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
  /** Whether it can change at any moment, so that its freshness is one that an allowance stretches. */
  isShortLived: boolean;
  /** Why it is not as fresh as it should be, where a try to refresh it has failed lately. */
  trouble: Trouble | null;
}

export interface Trouble {
  because: StaleReason;
  /** Epoch milliseconds until which no other try is made. */
  until: number;
}

/** The freshness in force, as in the cache's kit. */
interface Rules {
  clock: Clock;
  staleMs: number;
  usualFreshMs: number;
  freshMs(): number;
}

/**
 * The answer that what is known allows, or null where a caller must wait for a new one.
 *
 * @param refresh begins to refresh in the background what is stale about the view; must not throw or reject
 */
export function serve<Value>(
  rules: Rules,
  action: Action,
  view: View<Value> | null,
  refresh: () => void,
  context: CallContext,
): UpstreamResult<Value> | null {
  if (view === null || view.asOf < (context.notBefore ?? -Infinity)) return null;
  const answer = freshAnswer(rules, view) ?? (context.freshOnly ? null : staleAnswer(rules, view, refresh));
  const because = answer?.staleBecause ?? null;
  if (answer) context.report(because === null ? { type: 'hit', action } : { type: 'stale', action, because });
  return answer;
}

/** The answer that is good for now, without any refresh. What an allowance keeps for longer than usual is told from what is fresh. */
export function freshAnswer<Value>(rules: Rules, view: View<Value> | null): CachedResult<Value> | null {
  const now = rules.clock.now();
  if (view === null || now >= view.freshUntil) return null;
  const { value, asOf, isShortLived } = view;
  const isStretchable = isShortLived && rules.freshMs() > rules.usualFreshMs;
  const usuallyUntil = asOf + rules.usualFreshMs;
  return {
    value,
    asOf,
    staleBecause: isStretchable && now >= usuallyUntil ? 'BUDGET' : null,
    freshUntil: isStretchable ? Math.min(usuallyUntil, view.freshUntil) : view.freshUntil,
  };
}

/** Whether another replica has read a newer answer, which it has left in Redis. Not while a try to take that has just failed. */
export function isSuperseded(
  kit: { clock: Clock; newestElsewhere(key: string): number },
  view: View<unknown> | null,
  key: string,
): boolean {
  if (view === null || view.asOf >= kit.newestElsewhere(key)) return false;
  return view.trouble === null || view.trouble.until <= kit.clock.now();
}

function staleAnswer<Value>(
  { clock, staleMs }: Rules,
  { value, asOf, freshUntil, trouble }: View<Value>,
  refresh: () => void,
): UpstreamResult<Value> | null {
  const now = clock.now();
  if (now >= freshUntil + staleMs) return null;
  if (trouble === null || now >= trouble.until) refresh();
  return { value, asOf, staleBecause: trouble?.because ?? 'REFRESHING' };
}

/** After a refresh has failed, the next is put off this long unless the error knows better. Milliseconds. */
const HOLD_OFF_MS = 1000;
const MAX_HOLD_OFF_MS = 30_000;

export function troubleOf(error: unknown, now: number): Trouble {
  const waitMs = (error instanceof UpstreamError ? error.retryAfterMs : null) ?? HOLD_OFF_MS;
  return {
    because: staleReasonOf(error),
    until: now + Math.min(Math.max(waitMs, HOLD_OFF_MS), MAX_HOLD_OFF_MS),
  };
}

/** What an answer that came stale already says of the next try: null for a fresh one. */
export function troubleIn({ staleBecause }: UpstreamResult<unknown>, now: number): Trouble | null {
  return staleBecause && { because: staleBecause, until: now + HOLD_OFF_MS };
}
