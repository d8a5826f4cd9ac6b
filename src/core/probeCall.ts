import type { Clock } from './clock.ts';
import type { CallEvent, Priority, Upstream } from './upstream.ts';

/** Options of a small call whose result does not matter. */
export interface ProbeOptions {
  clock: Clock;
  /** Uses quota and bypasses the cache: a cached result proves nothing. */
  upstream: Upstream;
  /** How long one probe may take, in milliseconds. */
  timeoutMs: number;
  report: (event: CallEvent) => void;
}

/** DataWorks responds for any project number: with an empty page, or with an error for the project. */
const ANY_PROJECT_ID = '1';

/** Rejects as `Upstream.call` does. */
export async function probeUpstream(
  { clock, upstream, timeoutMs, report }: ProbeOptions,
  priority: Priority,
  signal: AbortSignal,
): Promise<void> {
  const context = { deadline: clock.now() + timeoutMs, priority, signal, report };
  await upstream.call('ListProjects', { projectIds: [ANY_PROJECT_ID] }, context);
}
