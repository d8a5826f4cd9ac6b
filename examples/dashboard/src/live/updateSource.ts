import type { RunList } from '../runs/runList.ts';

/**
 * Calls `onDue` whenever a list should be read again. There are two sources: `pollingUpdates`, and `subscribedUpdates`, which calls
 * `onDue` at each event and falls back to polling while it is disconnected.
 */
export type UpdateSource = (list: RunList, onDue: () => Promise<NextRefreshMs>) => UpdateHandle;

/** Earliest time of the next read, in milliseconds from now. Null leaves it to the source; Infinity stops automatic reads. */
export type NextRefreshMs = number | null;

export interface UpdateHandle {
  /** Reads the list immediately and resumes automatic reads if they had stopped. */
  refreshNow(): void;
  stop(): void;
}
