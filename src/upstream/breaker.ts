import type { Clock } from '../model.ts';

export type BreakerState = 'closed' | 'open' | 'halfOpen';

/** What a call says of the upstream's health; `neither` when it says nothing, as when its caller left. */
export type Verdict = 'healthy' | 'faulty' | 'neither';

export interface Breaker {
  /** Lets a call through, which must then report its verdict once; null when the breaker holds calls back. */
  enter(): ((verdict: Verdict) => void) | null;
  /** Whether `enter` would hold a call back now. */
  isHolding(): boolean;
  /** Milliseconds until it is worth asking again. */
  retryAfterMs(): number;
}

export interface BreakerOptions {
  clock: Clock;
  /** Faulty calls in a row that open the breaker. */
  faultsToOpen: number;
  /** How long it stays open before one call is let through to try. */
  openMs: number;
  onChange?: ((state: BreakerState) => void) | undefined;
}

/** A circuit breaker: closed, then open after faults in a row, then half open for one call that decides. */
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
    onChange?.(to);
  }

  function isHolding(): boolean {
    return state === 'halfOpen' || (state === 'open' && clock.monotonic() < openUntil);
  }

  function settle(verdict: Verdict): void {
    if (state === 'halfOpen') {
      // A try without a verdict leaves the next caller to make one.
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
    enter() {
      if (isHolding()) return null;
      if (state === 'open') change('halfOpen', openMs);
      const entered = period;
      return (verdict) => {
        if (entered === period) settle(verdict);
      };
    },
    isHolding,
    retryAfterMs: () => Math.max(0, openUntil - clock.monotonic()),
  };
}
