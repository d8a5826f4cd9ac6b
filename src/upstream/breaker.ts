import type { Clock } from '../core/clock.ts';
import type { Priority } from '../core/upstream.ts';

export type BreakerState = 'closed' | 'open' | 'halfOpen';

/** What a call says of the upstream's health; `neither` when it says nothing, as when it was not sent. */
export type Verdict = 'healthy' | 'faulty' | 'neither';

export interface Breaker {
  /** Admits a call, or returns null while calls are refused. */
  enter(priority: Priority): Pass | null;
  /** Milliseconds until a call of this priority may be admitted. */
  retryAfterMs(priority: Priority): number;
}

export interface Pass {
  /** Whether this call decides if the breaker closes. */
  isProbe: boolean;
  /** To be called once. */
  judge(verdict: Verdict): void;
}

export interface BreakerOptions {
  clock: Clock;
  /** Faulty calls in a row that open the breaker. */
  faultsToOpen: number;
  /** How long it stays open before one call is admitted as the probe. */
  openMs: number;
  onChange: (state: BreakerState) => void;
}

/**
 * A circuit breaker: closed, then open after faults in a row, then half open for one probe that decides.
 *
 * A poller is not the probe while somebody else may come: it gives up easily, and a person's call says sooner how things are. Where
 * nobody else has come for as long as the breaker stays open, a poller is, since subscriptions would not recover otherwise.
 */
export function createBreaker({ clock, faultsToOpen, openMs, onChange }: BreakerOptions): Breaker {
  let state: BreakerState = 'closed';
  let faults = 0;
  let openUntil = 0;
  /** Calls of an earlier period say nothing about this one. */
  let period = 0;

  function change(to: BreakerState, heldForMs = 0): void {
    state = to;
    faults = 0;
    period += 1;
    openUntil = clock.monotonic() + heldForMs;
    onChange(to);
  }

  function retryAfterMs(priority: Priority): number {
    const graceMs = state === 'open' && priority === 'polling' ? openMs : 0;
    return Math.max(0, openUntil + graceMs - clock.monotonic());
  }

  function isHolding(priority: Priority): boolean {
    return state === 'halfOpen' || (state === 'open' && retryAfterMs(priority) > 0);
  }

  function settle(verdict: Verdict): void {
    if (state === 'halfOpen') {
      // A probe without a verdict leaves the next caller to make one.
      if (verdict === 'healthy') change('closed');
      else change('open', verdict === 'faulty' ? openMs : 0);
    } else if (verdict === 'healthy') {
      faults = 0;
    } else if (verdict === 'faulty') {
      faults += 1;
      if (faults >= faultsToOpen) change('open', openMs);
    }
  }

  return {
    enter(priority) {
      if (isHolding(priority)) return null;
      const isProbe = state === 'open';
      if (isProbe) change('halfOpen', openMs);
      const entered = period;
      return {
        isProbe,
        judge(verdict) {
          if (entered === period) settle(verdict);
        },
      };
    },
    retryAfterMs,
  };
}
