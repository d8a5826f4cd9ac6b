import type { Clock, UpstreamError } from '../model.ts';
import type { Backoff } from './backoff.ts';
import { backoffMs } from './backoff.ts';
import type { CalendarWindow } from './calendar.ts';
import type { Obstacle } from './ledger.ts';
import { longest } from './ledger.ts';

/** The pauses that the upstream's own refusals impose, whatever the counts say. */
export interface Holds {
  throttled(error: UpstreamError): void;
  exhausted(error: UpstreamError): void;
  succeeded(): void;
  obstacle(): Obstacle;
  /** Whether the upstream's word that the day is used up still stands. */
  isExhausted(): boolean;
}

/** Throttles deserve longer pauses than faults: the window that refused is a second long. */
const throttleBackoff: Backoff = { firstMs: 1_000, longestMs: 30_000 };

export function createHolds(clock: Clock, day: CalendarWindow, random: () => number): Holds {
  let throttledUntilMs = -Infinity;
  let exhaustedUntilMs = -Infinity;
  let exhaustedDay: string | null = null;
  let streak = 0;
  const isThrottled = () => clock.monotonic() < throttledUntilMs;

  function exhaustedMs(): number {
    const today = day.periodAt(clock.now());
    const untilTurnMs = exhaustedDay === today.name ? today.turnsAt - clock.now() : 0;
    return Math.max(exhaustedUntilMs - clock.monotonic(), untilTurnMs, 0);
  }

  return {
    throttled({ retryAfterMs }) {
      // The refusals of one burst arrive together: they are one sign and not several.
      if (isThrottled() && retryAfterMs === null) return;
      const delayMs = retryAfterMs ?? backoffMs(throttleBackoff, streak, random);
      if (!isThrottled()) streak += 1;
      throttledUntilMs = Math.max(throttledUntilMs, clock.monotonic() + delayMs);
    },
    exhausted({ retryAfterMs }) {
      if (retryAfterMs === null) exhaustedDay = day.periodAt(clock.now()).name;
      else exhaustedUntilMs = Math.max(exhaustedUntilMs, clock.monotonic() + retryAfterMs);
    },
    succeeded() {
      // An answer that comes during the pause was asked for before it, and says nothing of now.
      if (!isThrottled()) streak = 0;
    },
    obstacle: () =>
      longest(
        { window: 'second', waitMs: Math.max(throttledUntilMs - clock.monotonic(), 0) },
        { window: 'day', waitMs: exhaustedMs() },
      ),
    isExhausted: () => exhaustedMs() > 0,
  };
}
