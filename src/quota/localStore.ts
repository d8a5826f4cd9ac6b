import type { Clock } from '../core/clock.ts';
import type { QuotaSnapshot, WindowSnapshot } from '../core/quotaSnapshot.ts';
import { type CalendarWindows, callsLeft, snapshotOf } from './calendar.ts';
import type { Denial, Permit } from './permit.ts';
import { createSecondWindow } from './secondWindow.ts';

/** Counts the calls of the second, the day and the month. Calls of `take` do not overlap. */
export interface QuotaStore {
  /** Counts one call in all windows, or in none. Never rejects. */
  take(): Permit | Denial | Promise<Permit | Denial>;
  /** What delays the call that is `ahead` places behind the next one. Never overestimates. */
  forecast(ahead: number): Denial;
  /** Counts the second as full, because the upstream reports that it is. */
  fillSecond(): void;
  second(): WindowSnapshot;
  calendar(): [day: WindowSnapshot, month: WindowSnapshot];
  location(): QuotaSnapshot['shared'];
}

export interface LocalStoreOptions {
  clock: Clock;
  perSecond: number;
  spanMs: number;
  marginMs: number;
  calendar: CalendarWindows;
}

/** Counts the calls of this process. A restart loses the counts. */
export function createLocalStore({ clock, calendar, spanMs, marginMs, ...options }: LocalStoreOptions) {
  const window = createSecondWindow(options.perSecond, spanMs, marginMs);

  /** With `replicas`, this process has its share of day and month. */
  function forecast(ahead: number, perSecond = options.perSecond, replicas: number | null = null): Denial {
    const nowMs = clock.now();
    let denial: Denial = { window: 'second', waitMs: window.waitMs(clock.monotonic(), ahead, perSecond) };
    for (const { name, limit, at } of calendar) {
      if (limit === Infinity) continue;
      const count = at(nowMs);
      const isLeft = ahead < callsLeft(limit, count, replicas);
      const waitMs = count.turnsAt - nowMs;
      if (!isLeft && waitMs > denial.waitMs) denial = { window: name, waitMs };
    }
    return denial;
  }

  /**
   * Counts a call that is permitted already.
   *
   * @param nowMs selects the day and month, in epoch milliseconds
   * @param onFree receives the monotonic time at which the place of the call in the second is free, or null for a call not sent
   */
  function record(nowMs: number, onFree?: (freeAtMs: number | null) => void): Permit {
    const counts = [calendar[0].at(nowMs), calendar[1].at(nowMs)];
    for (const count of counts) count.own += 1;
    const departure = window.depart(clock.monotonic());
    let isOpen = true;
    return {
      ended(answered) {
        if (!isOpen) return;
        isOpen = false;
        const freeAtMs = departure.ended(clock.monotonic(), answered);
        onFree?.(freeAtMs);
      },
      giveBack() {
        if (!isOpen) return;
        isOpen = false;
        departure.cancel();
        for (const count of counts) count.own -= 1;
        onFree?.(null);
      },
    };
  }

  return {
    window,
    record,
    forecast,
    take() {
      const denial = forecast(0);
      return denial.waitMs > 0 ? denial : record(clock.now());
    },
    fillSecond: () => window.fill(clock.monotonic()),
    second(limit = options.perSecond): WindowSnapshot {
      const nowMs = clock.monotonic();
      const used = Math.min(limit, window.used(nowMs));
      const clearInMs = used === 0 ? 0 : Math.ceil(window.waitMs(nowMs, limit - 1, limit));
      return { limit, used, left: limit - used, resetsAt: clock.now() + clearInMs };
    },
    calendar(replicas: number | null = null): [day: WindowSnapshot, month: WindowSnapshot] {
      const nowMs = clock.now();
      return [snapshotOf(calendar[0], nowMs, replicas), snapshotOf(calendar[1], nowMs, replicas)];
    },
    location: () => 'memory' as const,
  };
}
