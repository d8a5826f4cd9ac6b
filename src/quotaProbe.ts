import type { CallContext, CallEvent, Clock, Upstream } from './model.ts';

/** Finds out when DataWorks has calls again for a day whose quota it said was used up. */
export interface QuotaProbe {
  /** To be called when the quota is exhausted. */
  start(): void;
  stop(): void;
}

export interface QuotaProbeOptions {
  clock: Clock;
  /** Pays, and asks the upstream itself: a cached answer proves nothing. */
  upstream: Upstream;
  /** When the budget admits the next call, in epoch milliseconds; null unless the quota is exhausted. */
  nextProbeAt: () => number | null;
  /** How long one probe may take, in milliseconds. */
  timeoutMs: number;
  report: (event: CallEvent) => void;
}

/** Between two probes of which the first did not reach DataWorks, in milliseconds. */
const minPauseMs = 30_000;

/** DataWorks answers for any project number. */
const anyProjectId = '1';

/**
 * Makes one call of the lowest priority whenever the budget admits one, so that the quota is tried again even while nobody asks.
 * Where a caller's call comes first, that one is the probe.
 */
export function createQuotaProbe(options: QuotaProbeOptions): QuotaProbe {
  const { clock, upstream, nextProbeAt, timeoutMs, report } = options;
  const stopped = new AbortController();
  let cancel: (() => void) | null = null;

  function schedule(leastMs = 0): void {
    const at = nextProbeAt();
    cancel?.();
    cancel = null;
    if (at === null || stopped.signal.aborted) return;
    cancel = clock.after(Math.max(leastMs, Math.ceil(at - clock.now())), () => void probe());
  }

  async function probe(): Promise<void> {
    cancel = null;
    const context: CallContext = {
      deadline: clock.now() + timeoutMs,
      priority: 'polling',
      signal: stopped.signal,
      report,
    };
    // The budget learns from the outcome, whatever it is.
    await upstream.call('ListProjects', { projectIds: [anyProjectId] }, context).catch(() => undefined);
    schedule(minPauseMs);
  }

  return {
    start: () => schedule(),
    stop() {
      stopped.abort();
      cancel?.();
    },
  };
}
