import type { Clock } from './clock.ts';
import type { CallEvent, Priority, Upstream } from './upstream.ts';

/** What is needed to ask DataWorks for something small, whose answer does not matter. */
export interface ProbeOptions {
  clock: Clock;
  /** Spends quota and bypasses the cache: a cached answer proves nothing. */
  upstream: Upstream;
  /** How long one probe may take, in milliseconds. */
  timeoutMs: number;
  report: (event: CallEvent) => void;
}

/** DataWorks answers for any project number, be it with nothing or with a refusal of the project. */
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
