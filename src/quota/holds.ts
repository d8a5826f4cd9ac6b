import type { Clock } from '../core/clock.ts';
import type { UpstreamError } from '../core/upstreamError.ts';
import type { Backoff } from './backoff.ts';
import { backoffMs } from './backoff.ts';
import type { CalendarWindow } from './calendar.ts';
import type { Obstacle } from './ledger.ts';
import { createExhaustion } from './exhaustion.ts';
import { longest } from './ledger.ts';

/** The pauses that the upstream's own refusals impose, whatever the counts say. */
export interface Holds {
  throttled(error: UpstreamError): void;
  exhausted(error: UpstreamError): void;
  succeeded(): void;
  obstacle(): Obstacle;
  /** Whether the upstream's word that the day is used up still stands. */
  isExhausted(): boolean;
  /** When the next call may try whether it does, in epoch milliseconds; null unless it stands. */
  nextProbeAt(): number | null;
  /** A call is sent. */
  callSent(): void;
}

/** Throttles deserve longer pauses than faults: the window that refused is a second long. */
const throttleBackoff: Backoff = { firstMs: 1_000, longestMs: 30_000 };

export function createHolds(
  clock: Clock,
  day: CalendarWindow,
  random: () => number,
  onExhaustion: (nextProbeAt: number | null) => void,
): Holds {
  const exhaustion = createExhaustion(clock, day, onExhaustion);
  let throttledUntilMs = -Infinity;
  let streak = 0;
  const isThrottled = () => clock.monotonic() < throttledUntilMs;

  return {
    throttled({ retryAfterMs }) {
      // The refusals of one burst arrive together: they are one sign and not several.
      if (isThrottled() && retryAfterMs === null) return;
      const delayMs = retryAfterMs ?? backoffMs(throttleBackoff, streak, random);
      if (!isThrottled()) streak += 1;
      throttledUntilMs = Math.max(throttledUntilMs, clock.monotonic() + delayMs);
    },
    exhausted: (error) => exhaustion.begin(error),
    succeeded() {
      exhaustion.answered();
      // An answer that comes during the pause was asked for before it, and says nothing of now.
      if (!isThrottled()) streak = 0;
    },
    obstacle: () =>
      longest(
        { window: 'second', waitMs: Math.max(throttledUntilMs - clock.monotonic(), 0) },
        { window: 'day', waitMs: exhaustion.waitMs() },
      ),
    isExhausted: () => exhaustion.nextProbeAt() !== null,
    nextProbeAt: () => exhaustion.nextProbeAt(),
    callSent: () => exhaustion.callSent(),
  };
}
