import type { Clock } from '../core/clock.ts';
import type { CalendarWindows } from './calendar.ts';
import { callsLeft, snapshotOf } from './calendar.ts';
import { createSecondWindow, type SecondWindow } from './secondWindow.ts';
import type { Denial, Permit, QuotaStore } from './store.ts';

export interface LocalStoreOptions {
  clock: Clock;
  perSecond: number;
  spanMs: number;
  marginMs: number;
  calendar: CalendarWindows;
}

/** The counts of one process. A restart loses them. */
export interface LocalStore extends Omit<QuotaStore, 'take' | 'location'> {
  second: SecondWindow;
  take(): Permit | Denial;
  /**
   * Counts a call that is permitted already.
   *
   * @param nowMs selects the day and month, in epoch milliseconds
   * @param onFree receives the monotonic time at which the place of the call in the second is free, or null for a call not sent
   */
  record(nowMs: number, onFree?: (freeAtMs: number | null) => void): Permit;
  forecast(perSecond?: number, replicas?: number | null): (ahead: number) => Denial;
  snapshot(perSecond?: number, replicas?: number | null): ReturnType<QuotaStore['snapshot']>;
}

export function createMemoryStore(options: LocalStoreOptions): QuotaStore {
  const store = createLocalStore(options);
  return {
    take: () => Promise.resolve(store.take()),
    forecast: () => store.forecast(),
    fillSecond: store.fillSecond,
    snapshot: () => store.snapshot(),
    location: () => 'memory',
  };
}

export function createLocalStore(options: LocalStoreOptions): LocalStore {
  const { clock, spanMs, marginMs, calendar } = options;
  const second = createSecondWindow(options.perSecond, spanMs, marginMs);

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
    second,
    record,
    forecast,
    take() {
      const denial = forecast()(0);
      return denial.waitMs > 0 ? denial : record(clock.now());
    },
    fillSecond: () => second.fill(clock.monotonic()),
    snapshot(perSecond = options.perSecond, replicas = null) {
      const nowMs = clock.now();
      const used = Math.min(perSecond, second.used(clock.monotonic()));
      const clearInMs =
        used === 0 ? 0 : Math.ceil(second.waitMs(clock.monotonic(), perSecond - 1, perSecond));
      const [day, month] = calendar;
      return {
        second: { limit: perSecond, used, left: perSecond - used, resetsAt: nowMs + clearInMs },
        day: snapshotOf(day, nowMs, replicas),
        month: snapshotOf(month, nowMs, replicas),
      };
    },
  };
}
