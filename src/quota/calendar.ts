import type { WindowName, WindowSnapshot } from '../core/quotaSnapshot.ts';
import type { Limits } from './presets.ts';

/** One calendar day or month: its name (`2026-01-31`, `2026-01`), and the epoch milliseconds of its start and of the next one's. */
export interface Period {
  name: string;
  startsAt: number;
  turnsAt: number;
}

/** The calls of one period. */
export interface PeriodCount extends Period {
  /** Calls of this process. */
  own: number;
  /** How many of its own calls this process has last reported to Redis. */
  reported: number;
  /** Calls of other replicas, as last read from Redis. */
  others: number;
}

export interface CalendarWindow {
  name: Exclude<WindowName, 'second'>;
  /** Infinity: no limit. */
  limit: number;
  /**
   * Counts belong to the name of their period and not to elapsed time: a wall clock that jumps to another day and back finds
   * the same count again.
   */
  at: (epochMs: number) => PeriodCount;
}

export type CalendarWindows = readonly [day: CalendarWindow, month: CalendarWindow];

/** DataWorks does not document when its day turns. Midnight in China is an assumption. */
const chinaOffsetMs = 8 * 3_600_000;

/** Enough days for a wall clock that jumps. */
const maxPeriods = 400;

export function calendarWindows({ perDay, perMonth }: Limits): CalendarWindows {
  return [createWindow('day', perDay), createWindow('month', perMonth)];
}

/**
 * Calls that this process may still send in the period. With `replicas`, it gets an equal share of what was left when it last
 * reached Redis.
 */
export function callsLeft(
  limit: number,
  { own, reported, others }: PeriodCount,
  replicas: number | null,
): number {
  if (replicas === null) return limit - others - own;
  return Math.floor(Math.max(0, limit - others - reported) / replicas) - (own - reported);
}

export function snapshotOf(window: CalendarWindow, nowMs: number, replicas: number | null): WindowSnapshot {
  const count = window.at(nowMs);
  const { limit } = window;
  return {
    limit: limit === Infinity ? null : limit,
    used: Math.min(limit, count.own + count.others),
    left: limit === Infinity ? null : Math.max(0, callsLeft(limit, count, replicas)),
    resetsAt: count.turnsAt,
  };
}

export function periodAt(window: CalendarWindow['name'], epochMs: number): Period {
  // Its UTC fields show the wall clock in China.
  const local = new Date(epochMs + chinaOffsetMs);
  const [year, month, day] = [local.getUTCFullYear(), local.getUTCMonth(), local.getUTCDate()];
  const isDay = window === 'day';
  return {
    name: local.toISOString().slice(0, isDay ? 10 : 7),
    startsAt: Date.UTC(year, month, isDay ? day : 1) - chinaOffsetMs,
    turnsAt: (isDay ? Date.UTC(year, month, day + 1) : Date.UTC(year, month + 1)) - chinaOffsetMs,
  };
}

function createWindow(name: CalendarWindow['name'], limit: number | null): CalendarWindow {
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
