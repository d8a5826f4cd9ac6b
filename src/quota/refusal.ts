import type { Action } from '../core/upstream.ts';
import { UpstreamError } from '../core/upstreamError.ts';
import type { Obstacle } from './ledger.ts';
import type { WindowName } from '../core/quotaSnapshot.ts';

/** No permit can be had in time: which window is in the way decides the kind, and how long it is decides when to come back. */
export function refusal(action: Action, { window, waitMs }: Obstacle): UpstreamError {
  return new UpstreamError(messages[window], {
    kind: window === 'second' ? 'throttled' : 'quotaExhausted',
    action,
    retryAfterMs: Math.max(1, Math.ceil(waitMs)),
  });
}

/** The caller's signal fired while the call waited or before. */
export function abandoned(action: Action): UpstreamError {
  return new UpstreamError('The caller stopped waiting before the call could be sent.', {
    kind: 'timeout',
    action,
  });
}

/** The deadline had passed before a permit was asked for. */
export function tooLate(action: Action): UpstreamError {
  return new UpstreamError('No time was left to send the call.', { kind: 'timeout', action });
}

const messages: Record<WindowName, string> = {
  second: 'Too many calls wait for the upstream to get this one through in time.',
  day: "The upstream's allowance of calls for the day is used up.",
  month: "The upstream's allowance of calls for the month is used up.",
};
