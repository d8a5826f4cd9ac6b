import { type ProbeOptions, probeUpstream } from '../core/probeCall.ts';

/** Finds out when DataWorks has calls again for a day whose quota it said was used up. */
export interface QuotaProbe {
  /** To be called when the quota is exhausted. */
  start(): void;
  stop(): void;
}

export interface QuotaProbeOptions extends ProbeOptions {
  /** When the budget admits the next call, in epoch milliseconds; null unless the quota is exhausted. */
  nextProbeAt: () => number | null;
}

/** Between two probes of which the first did not reach DataWorks, in milliseconds. */
const minPauseMs = 30_000;

/**
 * Makes one call of the lowest priority whenever the budget admits one, so that the quota is tried again even while nobody asks.
 * Where a caller's call comes first, that one is the probe.
 */
export function createQuotaProbe(options: QuotaProbeOptions): QuotaProbe {
  const { clock, nextProbeAt } = options;
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
    // The budget learns from the outcome, whatever it is.
    await probeUpstream(options, 'polling', stopped.signal).catch(() => undefined);
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
