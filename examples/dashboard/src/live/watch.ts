import type { RunList } from '../runs/runList.ts';

/**
 * The seam for news: tells when a list should be read again, by calling `onDue`.
 *
 * `polling` is one, and `subscribing` another: it calls `onDue` at every event, and while its connection is gone hands over to
 * `polling`.
 */
export type Watch = (list: RunList, onDue: () => Promise<NextTime>) => Watching;

/** When to read again at the earliest, in milliseconds from now. Null leaves it to the watch; Infinity ends it. */
export type NextTime = number | null;

export interface Watching {
  /** Has the list read without waiting, and goes on from there even where it had ended. */
  readNow(): void;
  stop(): void;
}
