import type { Action } from '../core/upstream.ts';
import type { QuotaSnapshot, WindowName, WindowSnapshot } from '../core/quotaSnapshot.ts';

/** The window that delays a call, and for how long at least (milliseconds). Zero: the call can be sent now. */
export interface Denial {
  window: WindowName;
  waitMs: number;
}

/** Permission to send one call, which is already counted. One of its methods must be called, once. */
export interface Permit {
  /**
   * Reports that the outcome of the call is known. Until then the call may still reach the upstream at any time.
   *
   * @param answered the action, if the upstream answered with a result: only then does the duration measure a round trip
   */
  readonly ended: (answered?: Action) => void;
  /** Reports that the call was not sent: it counts in no window. */
  readonly giveBack: () => void;
}

/** Counts the calls of the second, the day and the month. Calls of `take` do not overlap. */
export interface QuotaStore {
  /** Counts one call in all windows, or in none. Never rejects. */
  take(): Permit | Denial | Promise<Permit | Denial>;
  /** What delays the call that is `ahead` places behind the next one. Never overestimates. */
  forecast(): (ahead: number) => Denial;
  /** Counts the second as full, because the upstream reports that it is. */
  fillSecond: () => void;
  second(): WindowSnapshot;
  calendar(): [day: WindowSnapshot, month: WindowSnapshot];
  location(): QuotaSnapshot['shared'];
}
