import type { Clock } from '../core/clock.ts';
import type { UpstreamError } from '../core/upstreamError.ts';
import { backoffMs } from './backoff.ts';
import { periodAt } from './calendar.ts';
import type { Denial } from './permit.ts';

/** Longer than after a fault: the window that is full is a second long. */
const throttleBackoff = { firstMs: 1_000, longestMs: 30_000 };
const firstProbeMs = 5 * 60_000;
const longestProbeMs = 60 * 60_000;

/**
 * Pauses that the upstream's own responses impose, whatever the counts say.
 *
 * DataWorks does not document when its day turns. So an exhausted day is probed by one call after five minutes,
 * at the time that the answer names or at the assumed turn of the day, and then after delays that double up to an hour.
 */
export function createCooldowns(clock: Clock, random: () => number) {
  let throttledUntilMs = -Infinity;
  let throttles = 0;
  const listeners: ((nextProbeAt: number | null) => void)[] = [];
  let exhaustion: { probeAtMs: number; delayMs: number; isProbing: boolean } | null = null;

  const nextProbeAt = () =>
    exhaustion === null ? null : clock.now() + Math.max(0, exhaustion.probeAtMs - clock.monotonic());

  function probeAfter(delayMs: number, isProbing = false): void {
    const untilTurnMs = periodAt('day', clock.now()).turnsAt - clock.now();
    exhaustion = { probeAtMs: clock.monotonic() + Math.min(delayMs, untilTurnMs), delayMs, isProbing };
  }

  function report(): void {
    for (const listener of listeners) listener(nextProbeAt());
  }

  return {
    /** The upstream responded that there were too many calls in the second. */
    throttled({ retryAfterMs }: UpstreamError) {
      const nowMs = clock.monotonic();
      const isThrottled = nowMs < throttledUntilMs;
      // The responses to one burst of calls are one signal.
      if (isThrottled && retryAfterMs === null) return;
      const delayMs = retryAfterMs ?? backoffMs(throttleBackoff, throttles, random);
      if (!isThrottled) throttles += 1;
      throttledUntilMs = Math.max(throttledUntilMs, nowMs + delayMs);
    },
    /** The upstream responded that the day's quota is used up. */
    exhausted({ retryAfterMs }: UpstreamError) {
      if (exhaustion === null) {
        probeAfter(Math.min(retryAfterMs ?? firstProbeMs, longestProbeMs));
        report();
      } else if (exhaustion.isProbing) {
        // Without a probe, this is the response to a call that was sent before the first such response.
        probeAfter(Math.min(Math.max(2 * exhaustion.delayMs, firstProbeMs), longestProbeMs));
      }
    },
    succeeded: () => {
      // The response to a call sent before the pause does not end it.
      if (clock.monotonic() >= throttledUntilMs) throttles = 0;
      if (!exhaustion?.isProbing) return;
      exhaustion = null;
      report();
    },
    /** A call departs. While the day is exhausted, the first one that is due is the probe. */
    departed() {
      // A probe without a response is followed by another.
      if (exhaustion !== null && clock.monotonic() >= exhaustion.probeAtMs) {
        probeAfter(Math.max(exhaustion.delayMs, firstProbeMs), true);
      }
    },
    denial(): Denial {
      const nowMs = clock.monotonic();
      const throttledMs = Math.max(0, throttledUntilMs - nowMs);
      const exhaustedMs = Math.max(0, (exhaustion?.probeAtMs ?? 0) - nowMs);
      return exhaustedMs > throttledMs
        ? { window: 'day', waitMs: exhaustedMs }
        : { window: 'second', waitMs: throttledMs };
    },
    onExhaustion: (listener: (typeof listeners)[number]) => void listeners.push(listener),
    /** When the next probe of an exhausted day is due, in epoch milliseconds; null while the day is not exhausted. */
    nextProbeAt,
  };
}
