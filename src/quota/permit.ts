import type { QuotaSnapshot, WindowName, WindowSnapshot } from '../core/observation.ts';
import type { Action } from '../core/upstream.ts';
import { UpstreamError } from '../core/upstreamError.ts';

/** Permission to send one call, which is already counted. One of its methods must be called; later calls do nothing. */
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

/** The window that delays a call, and for how long at least (milliseconds). Zero: the call can be sent now. */
export interface Denial {
  window: WindowName;
  waitMs: number;
}

/** Counts the calls of the second, the day and the month. Calls of `take` do not overlap. */
export interface QuotaStore {
  /** Counts one call in all windows, or in none. Called only if `forecast(0)` names no wait. Never rejects. */
  take(): Permit | Denial | Promise<Permit | Denial>;
  /** What delays the call that is `ahead` places behind the next one. Never overestimates. */
  forecast(ahead: number): Denial;
  /** Counts the second as full, because the upstream reports that it is. */
  fillSecond(): void;
  second(): WindowSnapshot;
  calendar(): [day: WindowSnapshot, month: WindowSnapshot];
  location(): QuotaSnapshot['shared'];
}

/** No permit is available within the deadline. The window decides the kind. */
export function quotaError(action: Action, { window, waitMs }: Denial): UpstreamError {
  return new UpstreamError(messages[window], {
    kind: window === 'second' ? 'throttled' : 'quotaExhausted',
    action,
    retryAfterMs: Math.max(1, Math.ceil(waitMs)),
  });
}

export function canceled(action: Action): UpstreamError {
  return new UpstreamError('The caller canceled the call before it was sent.', { kind: 'timeout', action });
}

export function deadlinePassed(action: Action): UpstreamError {
  return new UpstreamError('The deadline passed before the call was sent.', { kind: 'timeout', action });
}

const messages: Record<WindowName, string> = {
  second: 'Too many calls to DataWorks are queued to send this one before its deadline.',
  day: 'The daily quota of DataWorks calls is used up.',
  month: 'The monthly quota of DataWorks calls is used up.',
};
