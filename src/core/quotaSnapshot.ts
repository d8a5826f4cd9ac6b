import type { Priority } from './upstream.ts';
export type WindowName = 'second' | 'day' | 'month';

/** How full a window is. `limit` and `left` are null where there is no limit; `resetsAt` is epoch milliseconds. */
export interface WindowSnapshot {
  limit: number | null;
  used: number;
  left: number | null;
  resetsAt: number;
}

export interface BudgetSnapshot extends Record<WindowName, WindowSnapshot> {
  /** Calls that wait, by priority. */
  waiting: Record<Priority, number>;
  shared: 'memory' | 'redis' | 'fallback';
  /** Calls that may still be made before the day turns, the month's limit included; null without limits. */
  dayLeft: number | null;
  msUntilDayTurns: number;
  /** While the upstream says that the day's quota is used up: when the next call may try it, in epoch milliseconds. */
  nextProbeAt: number | null;
}
