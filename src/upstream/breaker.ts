import type { Clock } from '../core/clock.ts';
import type { Priority } from '../core/upstream.ts';

export type BreakerState = 'closed' | 'open' | 'halfOpen';

/** What a call shows of the upstream's health; `neither` if nothing, for example because it was not sent. */
export type Verdict = 'healthy' | 'faulty' | 'neither';

export type Breaker = ReturnType<typeof createBreaker>;
export type Pass = NonNullable<ReturnType<Breaker['enter']>>;

/** Faulty calls in a row that open the breaker. */
const FAULTS_TO_OPEN = 5;
/** How long it stays open before one call is admitted as the probe. */
const OPEN_MS = 5000;

/**
 * A circuit breaker: closed, then open after faults in a row, then half open for one probe that decides.
 *
 * A poller is not the probe while other callers may come: it gives up easily, and an interactive call shows sooner how things are. If
 * no other caller comes for as long as the breaker stays open, a poller is the probe, since subscriptions would not recover otherwise.
 */
export function createBreaker(clock: Clock, onChange: (state: BreakerState) => void) {
  let state: BreakerState = 'closed';
  let faults = 0;
  let openUntilMs = 0;
  /** Calls of an earlier period show nothing about this one. */
  let period = 0;
  let opening = new AbortController();

  function change(to: BreakerState, forMs = 0): void {
    state = to;
    faults = 0;
    period += 1;
    openUntilMs = clock.monotonic() + forMs;
    onChange(to);
    if (to !== 'open') return;
    const opened = opening;
    opening = new AbortController();
    opened.abort();
  }

  /** Milliseconds until a call of this priority may be admitted. */
  function retryAfterMs(priority: Priority): number {
    const graceMs = state === 'open' && priority === 'polling' ? OPEN_MS : 0;
    return Math.max(0, openUntilMs + graceMs - clock.monotonic());
  }

  return {
    /** Admits a call, or returns null while calls are rejected. */
    enter(priority: Priority) {
      if (state === 'halfOpen' || (state === 'open' && retryAfterMs(priority) > 0)) return null;
      const isProbe = state === 'open';
      if (isProbe) change('halfOpen', OPEN_MS);
      const entered = period;
      return {
        /** Whether the outcome of this call decides if the breaker closes. */
        isProbe,
        /** Fires when the breaker opens next. */
        opens: opening.signal,
        /** Must be called once. */
        judge: (verdict: Verdict): void => {
          if (entered !== period) return;
          if (state === 'halfOpen') {
            // After a probe without a verdict, the next call is a probe.
            if (verdict === 'healthy') change('closed');
            else change('open', verdict === 'faulty' ? OPEN_MS : 0);
          } else if (verdict === 'healthy') {
            faults = 0;
          } else if (verdict === 'faulty') {
            faults += 1;
            if (faults >= FAULTS_TO_OPEN) change('open', OPEN_MS);
          }
        },
      };
    },
    retryAfterMs,
  };
}
