import type { Clock } from './clock.ts';
import type { CallEvent, Priority, Upstream } from './upstream.ts';

/** Options of a layer that makes small calls of its own, whose results do not matter. */
export interface ProbeOptions {
  clock: Clock;
  /** How long one probe may take, in milliseconds. */
  timeoutMs: number;
  /** Ends the probes. */
  signal: AbortSignal;
  report: (event: CallEvent) => void;
}

/** DataWorks responds for any project number: with an empty page, or with an error for the project. */
const ANY_PROJECT_ID = '1';

/** Rejects as `Upstream.call` does. Uses quota and must bypass the cache: a cached result proves nothing. */
export async function probeUpstream(
  upstream: Upstream,
  priority: Priority,
  { clock, timeoutMs, signal, report }: ProbeOptions,
): Promise<void> {
  const context = { deadline: clock.now() + timeoutMs, priority, signal, report };
  await upstream.call('ListProjects', { projectIds: [ANY_PROJECT_ID] }, context);
}
