import type { SteadyClock } from '../core/clock.ts';
import { type ProbeOptions, probeUpstream } from '../core/probeCall.ts';
import type { Upstream } from '../core/upstream.ts';
import type { Quota } from './quota.ts';

export interface QuotaProbeOptions extends ProbeOptions {
  clock: SteadyClock;
}

/** The shortest delay between two probes, in milliseconds: a probe can fail before it reaches DataWorks. */
const MIN_PAUSE_MS = 30_000;

/**
 * Detects when DataWorks accepts calls again after it reported the daily quota as used up: makes one call of the lowest priority
 * whenever the quota permits one. If a caller's call comes first, that call is the probe.
 *
 * @param upstream where the probe is sent: a layer above the quota
 */
export function startQuotaProbe(upstream: Upstream, quota: Quota, options: QuotaProbeOptions): void {
  const { clock, signal } = options;
  let cancel: (() => void) | null = null;
  signal.addEventListener('abort', () => cancel?.(), { once: true });
  quota.onExhaustion(() => schedule());

  function schedule(leastMs = 0): void {
    const { nextProbeAt } = quota.snapshot();
    if (nextProbeAt === null || cancel !== null || signal.aborted) return;
    const delayMs = Math.ceil(clock.fromWall(nextProbeAt) - clock.now());
    cancel = clock.after(Math.max(leastMs, delayMs), () => void probe());
  }

  async function probe(): Promise<void> {
    cancel = null;
    // The quota learns from every outcome.
    await probeUpstream(upstream, 'polling', options).catch(() => undefined);
    schedule(MIN_PAUSE_MS);
  }
}
