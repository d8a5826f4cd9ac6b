import type { WindowName } from '../core/quotaSnapshot.ts';
import type { Action } from '../core/upstream.ts';
import { UpstreamError } from '../core/upstreamError.ts';
import type { Denial } from './store.ts';

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
