import { setMaxListeners } from 'node:events';
import type { Clock } from './clock.ts';

export interface Limits {
  clock: Clock;
  timeoutMs: number;
  signal?: AbortSignal | undefined;
  /** Called once, when the time is up or the signal fires. Returns the rejection. */
  giveUp: (reason: 'expired' | 'aborted') => Error;
}

/**
 * Waits for `work` until the time is up or the caller cancels. The work itself continues: its late result or rejection is dropped.
 */
export function within<T>(work: Promise<T>, { clock, timeoutMs, signal, giveUp }: Limits): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const leave = (reason: 'expired' | 'aborted') => {
      stopWaiting();
      reject(giveUp(reason));
    };
    const cancelTimer = clock.after(timeoutMs, () => leave('expired'));
    const stopListening = onAbort(signal, () => leave('aborted'));
    const stopWaiting = () => {
      cancelTimer();
      stopListening();
    };
    // First, so that a signal which fires before the caller has the result does not give it up.
    work.finally(stopWaiting).then(resolve, reject);
    if (signal?.aborted === true) leave('aborted');
  });
}

/** Resolves after `delayMs`, or at once when the signal fires. */
export function pause(clock: Clock, delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      cancelTimer();
      stopListening();
      resolve();
    };
    const cancelTimer = clock.after(delayMs, wake);
    const stopListening = onAbort(signal, wake);
    if (signal?.aborted === true) wake();
  });
}

/** Runs the task when the signal fires. The returned function stops listening. */
export function onAbort(signal: AbortSignal | undefined, task: () => void): () => void {
  if (signal === undefined) return () => undefined;
  // All calls of one operation listen to its signal, and Node warns of a leak beyond ten listeners.
  setMaxListeners(0, signal);
  signal.addEventListener('abort', task, { once: true });
  return () => {
    signal.removeEventListener('abort', task);
  };
}
