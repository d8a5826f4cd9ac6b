import type { Priority } from './upstream.ts';

export type WindowName = 'second' | 'day' | 'month';

/** Usage of a quota window. `limit` and `left` are null without a limit; `resetsAt` is epoch milliseconds. */
export interface WindowSnapshot {
  limit: number | null;
  used: number;
  left: number | null;
  resetsAt: number;
}

export interface QuotaSnapshot extends Record<WindowName, WindowSnapshot> {
  /** Calls that wait, by priority. */
  waiting: Record<Priority, number>;
  /** Where calls are counted: in this process, in Redis, or in this process because Redis is unavailable. */
  shared: 'memory' | 'redis' | 'fallback';
  /** Calls left today, within the limit of the month; null without limits. */
  dayLeft: number | null;
  /** Epoch milliseconds of the next probe while the upstream reports a used up daily quota; else null. */
  nextProbeAt: number | null;
}
