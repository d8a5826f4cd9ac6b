import type { Clock } from '../core/clock.ts';
import type { CalendarWindow } from './calendar.ts';
import type { Ledger, Obstacle } from './ledger.ts';
import type { WindowSnapshot } from '../core/quotaSnapshot.ts';
import { describeWindow, longest } from './ledger.ts';
import { createPerPeriod } from './perPeriod.ts';
import { createSlidingLog } from './slidingLog.ts';

export interface MemoryLedgerOptions {
  clock: Clock;
  perSecond: number;
  /** The length of the second window, margin included. */
  spanMs: number;
  calendar: readonly [CalendarWindow, CalendarWindow];
}

/** Counts for one process. A restart forgets them. */
export function createMemoryLedger({ clock, perSecond, spanMs, calendar }: MemoryLedgerOptions): Ledger {
  const log = createSlidingLog(perSecond, spanMs);
  const day = createTally(calendar[0]);
  const month = createTally(calendar[1]);

  function forecast(monotonicMs = clock.monotonic(), nowMs = clock.now()): (ahead: number) => Obstacle {
    const ofDay = day.forecast(nowMs);
    const ofMonth = month.forecast(nowMs);
    return (ahead) =>
      longest({ window: 'second', waitMs: log.waitMs(monotonicMs, ahead) }, ofDay(ahead), ofMonth(ahead));
  }

  return {
    pay() {
      // Read once: between two readings the day could turn, and the call be charged to a day that was not asked.
      const monotonicMs = clock.monotonic();
      const nowMs = clock.now();
      const obstacle = forecast(monotonicMs, nowMs)(0);
      if (obstacle.waitMs > 0) return Promise.resolve({ paid: false, obstacle });
      const end = log.record(monotonicMs);
      const ended = () => end(clock.monotonic());
      const returns = [day.charge(nowMs), month.charge(nowMs)];
      return Promise.resolve({
        paid: true,
        ended,
        giveBack: () => {
          ended();
          for (const giveBack of returns) giveBack();
        },
      });
    },
    forecast: () => forecast(),
    fillSecond: () => {
      log.fill(clock.monotonic());
    },
    snapshot() {
      const used = log.used(clock.monotonic());
      const clearInMs = used === 0 ? 0 : Math.ceil(log.waitMs(clock.monotonic(), perSecond - 1));
      return {
        second: { limit: perSecond, used, left: perSecond - used, resetsAt: clock.now() + clearInMs },
        day: day.snapshot(clock.now()),
        month: month.snapshot(clock.now()),
      };
    },
    shared: () => 'memory',
  };
}

interface Tally {
  forecast(nowMs: number): (ahead: number) => Obstacle;
  /** Returns the way to take the charge back. */
  charge(nowMs: number): () => void;
  snapshot(nowMs: number): WindowSnapshot;
}

/**
 * Counts one calendar window by the name of its period and not by elapsed time, so that a wall clock which jumps to
 * another day and back finds the count it left.
 */
function createTally(window: CalendarWindow): Tally {
  const countOf = createPerPeriod(() => ({ used: 0 }));
  return {
    forecast(nowMs) {
      const { name, turnsAt } = window.periodAt(nowMs);
      const left = window.limit - countOf(name).used;
      return (ahead) => ({ window: window.name, waitMs: ahead < left ? 0 : turnsAt - nowMs });
    },
    charge(nowMs) {
      const count = countOf(window.periodAt(nowMs).name);
      count.used += 1;
      return () => {
        count.used -= 1;
      };
    },
    snapshot(nowMs) {
      const { used } = countOf(window.periodAt(nowMs).name);
      return describeWindow(window, nowMs, { used, left: window.limit - used });
    },
  };
}
