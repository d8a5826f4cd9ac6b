import type { Clock } from '../core/clock.ts';
import type { WindowSnapshot } from '../core/quotaSnapshot.ts';
import type { CalendarWindows } from './calendar.ts';
import { callsLeft, snapshotOf } from './calendar.ts';
import { createSecondWindow } from './secondWindow.ts';
import type { Denial, Permit } from './store.ts';

export interface LocalStoreOptions {
  clock: Clock;
  perSecond: number;
  spanMs: number;
  marginMs: number;
  calendar: CalendarWindows;
}

/** Counts the calls of this process. A restart loses the counts. */
export function createLocalStore({ clock, calendar, ...options }: LocalStoreOptions) {
  const second = createSecondWindow(options.perSecond, options.spanMs, options.marginMs);

  function forecast(
    perSecond = options.perSecond,
    replicas: number | null = null,
  ): (ahead: number) => Denial {
    const monotonicMs = clock.monotonic();
    const nowMs = clock.now();
    return (ahead) => {
      let denial: Denial = { window: 'second', waitMs: second.waitMs(monotonicMs, ahead, perSecond) };
      for (const { name, limit, at } of calendar) {
        if (limit === Infinity) continue;
        const count = at(nowMs);
        const isLeft = ahead < callsLeft(limit, count, replicas);
        const waitMs = count.turnsAt - nowMs;
        if (!isLeft && waitMs > denial.waitMs) denial = { window: name, waitMs };
      }
      return denial;
    };
  }

  /**
   * Counts a call that is permitted already.
   *
   * @param nowMs selects the day and month, in epoch milliseconds
   * @param onFree receives the monotonic time at which the place of the call in the second is free, or null for a call not sent
   */
  function record(nowMs: number, onFree?: (freeAtMs: number | null) => void): Permit {
    const counts = calendar.map(({ at }) => at(nowMs));
    for (const count of counts) count.own += 1;
    const departure = second.depart(clock.monotonic());
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
    window: second,
    record,
    forecast,
    take() {
      const denial = forecast()(0);
      return denial.waitMs > 0 ? denial : record(clock.now());
    },
    fillSecond: () => second.fill(clock.monotonic()),
    second(limit = options.perSecond): WindowSnapshot {
      const nowMs = clock.monotonic();
      const used = Math.min(limit, second.used(nowMs));
      const clearInMs = used === 0 ? 0 : Math.ceil(second.waitMs(nowMs, limit - 1, limit));
      return { limit, used, left: limit - used, resetsAt: clock.now() + clearInMs };
    },
    calendar(replicas: number | null = null): [day: WindowSnapshot, month: WindowSnapshot] {
      const nowMs = clock.now();
      return [snapshotOf(calendar[0], nowMs, replicas), snapshotOf(calendar[1], nowMs, replicas)];
    },
    location: () => 'memory' as const,
  };
}
