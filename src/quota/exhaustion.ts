import type { Clock } from '../core/clock.ts';
import type { UpstreamError } from '../core/upstreamError.ts';
import type { CalendarWindow } from './calendar.ts';

/** The upstream's own statement that the day's quota is used up, and when to ask whether it still holds. */
export interface Exhaustion {
  /** The upstream said so. */
  begin(error: UpstreamError): void;
  /** A call is sent. The first one that is due is the probe, and the next has to wait. */
  callSent(): void;
  /** The upstream answered a call. */
  answered(): void;
  /** Milliseconds until a call may be sent: zero unless the quota is exhausted. */
  waitMs(): number;
  /** When the next probe may be sent, in epoch milliseconds; null unless the quota is exhausted. */
  nextProbeAt(): number | null;
}

const firstProbeMs = 5 * 60_000;
const longestProbeMs = 60 * 60_000;

/**
 * Where the upstream's day turns is not documented, so the statement is not trusted until the assumed turn: one call tries it after
 * five minutes, at the time that the upstream named or at the turn, and then after delays that double to an hour.
 */
export function createExhaustion(
  clock: Clock,
  day: CalendarWindow,
  onChange: (nextProbeAt: number | null) => void,
): Exhaustion {
  /** The time is monotonic. */
  let state: { probeAtMs: number; delayMs: number; isProbing: boolean } | null = null;

  const waitMs = () => (state === null ? 0 : Math.max(0, state.probeAtMs - clock.monotonic()));
  const nextProbeAt = () => (state === null ? null : clock.now() + waitMs());

  function waitFor(delayMs: number): void {
    const untilTurnMs = day.periodAt(clock.now()).turnsAt - clock.now();
    state = { probeAtMs: clock.monotonic() + Math.min(delayMs, untilTurnMs), delayMs, isProbing: false };
  }

  return {
    begin({ retryAfterMs }) {
      if (state === null) {
        waitFor(Math.min(retryAfterMs ?? firstProbeMs, longestProbeMs));
        onChange(nextProbeAt());
      } else if (state.isProbing) {
        // Other answers are those of calls that were sent before the first of them came.
        waitFor(Math.min(Math.max(2 * state.delayMs, firstProbeMs), longestProbeMs));
      }
    },
    callSent() {
      if (state === null || waitMs() > 0) return;
      // A probe that gets no answer is followed by another.
      waitFor(Math.max(state.delayMs, firstProbeMs));
      state.isProbing = true;
    },
    answered() {
      if (!state?.isProbing) return;
      state = null;
      onChange(null);
    },
    waitMs,
    nextProbeAt,
  };
}
