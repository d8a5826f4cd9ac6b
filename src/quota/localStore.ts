import type { Clock } from '../core/clock.ts';
import type { WindowSnapshot } from '../core/observation.ts';
import { type Period, periodAt } from './calendar.ts';
import type { Denial, Permit } from './permit.ts';
import type { Limits } from './presets.ts';
import { createSecondWindow } from './secondWindow.ts';

export interface LocalStoreOptions {
  clock: Clock;
  limits: Limits;
  spanMs: number;
  marginMs: number;
}

/** The calls of one period. */
interface PeriodCount extends Period {
  /** Calls of this process. */
  own: number;
  /** How many of its own calls this process has last reported to Redis. */
  reported: number;
  /** Calls of other replicas, as last read from Redis. */
  others: number;
}

interface CalendarWindow {
  name: 'day' | 'month';
  /** Infinity: no limit. */
  limit: number;
  /**
   * Counts belong to the name of their period and not to elapsed time: a wall clock that jumps to another day and back finds
   * the same count again.
   */
  at: (epochMs: number) => PeriodCount;
}

/** Enough days for a wall clock that jumps. */
const maxPeriods = 400;

/** Counts the calls of this process. A restart loses the counts. */
export function createLocalStore({ clock, limits, spanMs, marginMs }: LocalStoreOptions) {
  const window = createSecondWindow(limits.perSecond, spanMs, marginMs);
  const day = createCalendarWindow('day', limits.perDay);
  const month = createCalendarWindow('month', limits.perMonth);

  /** With `replicas`, this process has its share of day and month. */
  function forecast(ahead: number, perSecond = limits.perSecond, replicas: number | null = null): Denial {
    const nowMs = clock.now();
    let denial: Denial = { window: 'second', waitMs: window.waitMs(clock.monotonic(), ahead, perSecond) };
    for (const { name, limit, at } of [day, month]) {
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
   * @param onFree receives the monotonic time at which the place of the call in the second is free, or null for a call not sent
   * @param nowMs selects the day and month, in epoch milliseconds
   */
  function take(onFree?: (freeAtMs: number | null) => void, nowMs = clock.now()): Permit {
    const counts = [day.at(nowMs), month.at(nowMs)];
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
    calendarWindows: [day, month],
    take,
    forecast,
    fillSecond: () => window.fill(clock.monotonic()),
    second(limit = limits.perSecond): WindowSnapshot {
      const nowMs = clock.monotonic();
      const used = Math.min(limit, window.used(nowMs));
      const clearInMs = used === 0 ? 0 : Math.ceil(window.waitMs(nowMs, limit - 1, limit));
      return { limit, used, left: limit - used, resetsAt: clock.now() + clearInMs };
    },
    calendar(replicas: number | null = null): [day: WindowSnapshot, month: WindowSnapshot] {
      const nowMs = clock.now();
      return [snapshotOf(day, nowMs, replicas), snapshotOf(month, nowMs, replicas)];
    },
    location: () => 'memory' as const,
  };
}

/**
 * Calls that this process may still send in the period. With `replicas`, it gets an equal share of what was left when it last
 * reached Redis.
 */
function callsLeft(limit: number, { own, reported, others }: PeriodCount, replicas: number | null): number {
  if (replicas === null) return limit - others - own;
  return Math.floor(Math.max(0, limit - others - reported) / replicas) - (own - reported);
}

function snapshotOf(window: CalendarWindow, nowMs: number, replicas: number | null): WindowSnapshot {
  const count = window.at(nowMs);
  const { limit } = window;
  return {
    limit: limit === Infinity ? null : limit,
    used: Math.min(limit, count.own + count.others),
    left: limit === Infinity ? null : Math.max(0, callsLeft(limit, count, replicas)),
    resetsAt: count.turnsAt,
  };
}

function createCalendarWindow(name: 'day' | 'month', limit: number | null): CalendarWindow {
  const counts = new Map<string, PeriodCount>();
  let last: PeriodCount | null = null;
  return {
    name,
    limit: limit ?? Infinity,
    at(epochMs) {
      if (last !== null && epochMs >= last.startsAt && epochMs < last.turnsAt) return last;
      const period = periodAt(name, epochMs);
      last = counts.get(period.name) ?? { ...period, own: 0, reported: 0, others: 0 };
      counts.set(period.name, last);
      const [oldest] = counts.keys();
      if (counts.size > maxPeriods && oldest !== undefined) counts.delete(oldest);
      return last;
    },
  };
}
