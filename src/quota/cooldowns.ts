import type { Clock } from '../core/clock.ts';
import type { UpstreamError } from '../core/upstreamError.ts';
import { backoffMs } from './backoff.ts';
import type { CalendarWindow } from './calendar.ts';
import type { Denial } from './store.ts';

/** Pauses that the upstream's own answers impose, whatever the counts say. */
export interface Cooldowns {
  /** The upstream answered that there were too many calls in the second. */
  throttled(error: UpstreamError): void;
  /** The upstream answered that the day's quota is used up. */
  exhausted(error: UpstreamError): void;
  /** The upstream answered a call. */
  succeeded: () => void;
  /** A call departs. While the day is exhausted, the first one that is due is the probe, and the next one waits. */
  departed(): void;
  denial(): Denial;
  /** When the next probe of an exhausted day is due, in epoch milliseconds; null while the day is not exhausted. */
  nextProbeAt(): number | null;
}

export interface CooldownsOptions {
  clock: Clock;
  day: CalendarWindow;
  random: () => number;
  onExhaustion: (nextProbeAt: number | null) => void;
}

/** Longer than after a fault: the window that is full is a second long. */
const throttleBackoff = { firstMs: 1_000, longestMs: 30_000 };
const firstProbeMs = 5 * 60_000;
const longestProbeMs = 60 * 60_000;

/**
 * DataWorks does not document when its day turns. So the answer that a day is exhausted is probed by one call after five minutes,
 * at the time that the answer names or at the assumed turn of the day, and then after delays that double up to an hour.
 */
export function createCooldowns({ clock, day, random, onExhaustion }: CooldownsOptions): Cooldowns {
  let throttledUntilMs = -Infinity;
  let throttles = 0;
  let exhaustion: { probeAtMs: number; delayMs: number; isProbing: boolean } | null = null;

  const isThrottled = () => clock.monotonic() < throttledUntilMs;
  const nextProbeAt = () =>
    exhaustion === null ? null : clock.now() + Math.max(0, exhaustion.probeAtMs - clock.monotonic());

  function probeAfter(delayMs: number, isProbing = false): void {
    const untilTurnMs = day.at(clock.now()).turnsAt - clock.now();
    exhaustion = { probeAtMs: clock.monotonic() + Math.min(delayMs, untilTurnMs), delayMs, isProbing };
  }

  return {
    throttled({ retryAfterMs }) {
      // The answers to one burst of calls are one signal.
      if (isThrottled() && retryAfterMs === null) return;
      const delayMs = retryAfterMs ?? backoffMs(throttleBackoff, throttles, random);
      if (!isThrottled()) throttles += 1;
      throttledUntilMs = Math.max(throttledUntilMs, clock.monotonic() + delayMs);
    },
    exhausted({ retryAfterMs }) {
      if (exhaustion === null) {
        probeAfter(Math.min(retryAfterMs ?? firstProbeMs, longestProbeMs));
        onExhaustion(nextProbeAt());
      } else if (exhaustion.isProbing) {
        // Without a probe, the answer belongs to a call that was sent before the first such answer.
        probeAfter(Math.min(Math.max(2 * exhaustion.delayMs, firstProbeMs), longestProbeMs));
      }
    },
    succeeded() {
      // The answer to a call sent before the pause does not end it.
      if (!isThrottled()) throttles = 0;
      if (!exhaustion?.isProbing) return;
      exhaustion = null;
      onExhaustion(null);
    },
    departed() {
      // A probe without an answer is followed by another.
      if (exhaustion !== null && clock.monotonic() >= exhaustion.probeAtMs) {
        probeAfter(Math.max(exhaustion.delayMs, firstProbeMs), true);
      }
    },
    denial() {
      const nowMs = clock.monotonic();
      const throttledMs = Math.max(0, throttledUntilMs - nowMs);
      const exhaustedMs = Math.max(0, (exhaustion?.probeAtMs ?? 0) - nowMs);
      return exhaustedMs > throttledMs
        ? { window: 'day', waitMs: exhaustedMs }
        : { window: 'second', waitMs: throttledMs };
    },
    nextProbeAt,
  };
}
