/** One calendar day or month: its name (`2026-01-31`, `2026-01`), and the epoch milliseconds of its start and of the next one's. */
export interface Period {
  name: string;
  startsAt: number;
  turnsAt: number;
}

/** DataWorks does not document when its day turns. Midnight in China is an assumption. */
const chinaOffsetMs = 8 * 3_600_000;

export function periodAt(window: 'day' | 'month', epochMs: number): Period {
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
