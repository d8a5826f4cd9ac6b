import type { Limits } from './presets.ts';

/** One calendar day or month: its name (`2026-01-31`, `2026-01`), and the epoch milliseconds of its start and the next's. */
export interface Period {
  name: string;
  startsAt: number;
  turnsAt: number;
}

/** A limit on a day or a month. No limit is Infinity. */
export interface CalendarWindow {
  name: 'day' | 'month';
  limit: number;
  periodAt(epochMs: number): Period;
}

/** DataWorks does not say where its day turns; midnight in China is an assumption. */
export const chinaOffsetMinutes = 480;

export function calendarWindows(limits: Limits, utcOffsetMinutes: number): [CalendarWindow, CalendarWindow] {
  return [
    {
      name: 'day',
      limit: limits.perDay ?? Infinity,
      periodAt: rememberingLast((epochMs) => dayAt(epochMs, utcOffsetMinutes)),
    },
    {
      name: 'month',
      limit: limits.perMonth ?? Infinity,
      periodAt: rememberingLast((epochMs) => monthAt(epochMs, utcOffsetMinutes)),
    },
  ];
}

export function dayAt(epochMs: number, utcOffsetMinutes: number): Period {
  const local = localDate(epochMs, utcOffsetMinutes);
  const [year, month, day] = [local.getUTCFullYear(), local.getUTCMonth(), local.getUTCDate()];
  return {
    name: local.toISOString().slice(0, 10),
    startsAt: Date.UTC(year, month, day) - utcOffsetMinutes * 60_000,
    turnsAt: Date.UTC(year, month, day + 1) - utcOffsetMinutes * 60_000,
  };
}

export function monthAt(epochMs: number, utcOffsetMinutes: number): Period {
  const local = localDate(epochMs, utcOffsetMinutes);
  const [year, month] = [local.getUTCFullYear(), local.getUTCMonth()];
  return {
    name: local.toISOString().slice(0, 7),
    startsAt: Date.UTC(year, month) - utcOffsetMinutes * 60_000,
    turnsAt: Date.UTC(year, month + 1) - utcOffsetMinutes * 60_000,
  };
}

/** A date whose UTC fields read as the wall clock of the offset does. */
function localDate(epochMs: number, utcOffsetMinutes: number): Date {
  return new Date(epochMs + utcOffsetMinutes * 60_000);
}

/** Every permit asks several times, and the answer changes once a day. */
function rememberingLast(periodAt: (epochMs: number) => Period): (epochMs: number) => Period {
  let last: Period | null = null;
  return (epochMs) => {
    if (last === null || epochMs < last.startsAt || epochMs >= last.turnsAt) last = periodAt(epochMs);
    return last;
  };
}
