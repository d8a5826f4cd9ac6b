import { type ProbeOptions, probeUpstream } from '../core/probeCall.ts';

export interface QuotaProbeOptions extends ProbeOptions {
  /** When the quota permits the next call, in epoch milliseconds; null unless the quota is exhausted. */
  nextProbeAt: () => number | null;
}

/** The shortest delay between two probes, in milliseconds: a probe can fail before it reaches DataWorks. */
const minPauseMs = 30_000;

/**
 * Detects when DataWorks accepts calls again after it reported the daily quota as used up.
 *
 * Makes one call of the lowest priority whenever the quota permits one, so that it is probed even without callers. If a caller's call
 * comes first, that call is the probe.
 */
export function createQuotaProbe(options: QuotaProbeOptions) {
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
    // The quota learns from every outcome.
    await probeUpstream(options, 'polling', stopped.signal).catch(() => undefined);
    schedule(minPauseMs);
  }

  return {
    /** Must be called when the quota is exhausted. */
    start: () => schedule(),
    stop() {
      stopped.abort();
      cancel?.();
    },
  };
}
