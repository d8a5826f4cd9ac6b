import { type ProbeOptions, probeUpstream } from '../core/probeCall.ts';
import type { Upstream } from '../core/upstream.ts';
import { UpstreamError } from '../core/upstreamError.ts';

/** Observes whether DataWorks accepts the gateway's credentials. */
export interface CredentialCheck {
  /** Passes calls on and learns from their outcomes. */
  upstream: Upstream;
  /** Null while DataWorks accepts the credentials; else the reason for operators. */
  problem(): string | null;
  stop(): void;
}

export interface CredentialCheckOptions extends Omit<ProbeOptions, 'upstream'> {
  /** Whether no call is left for the day, so that a check cannot succeed. Default: never. */
  isQuotaExhausted?: () => boolean;
  /** Called when DataWorks begins to reject the credentials and when it accepts them again. */
  onChange?: (state: 'rejected' | 'accepted') => void;
}

/** The delay between checks while the credentials are rejected doubles from the first to the longest. Milliseconds. */
const FIRST_RETRY_MS = 30_000;
const LONGEST_RETRY_MS = 60 * 60_000;

const problems = {
  unknown: 'DataWorks has not accepted the credentials yet.',
  accepted: null,
  rejected: 'DataWorks rejects the credentials.',
};

/**
 * Makes one call at the start, because DataWorks can reject credentials that were found, and more calls while it rejects them. A
 * failure of another kind proves nothing: the gateway still becomes ready, and rejected credentials stay rejected.
 */
export function withCredentialCheck(wrapped: Upstream, options: CredentialCheckOptions): CredentialCheck {
  const { clock, onChange } = options;
  const stopped = new AbortController();
  let state: keyof typeof problems = 'unknown';
  let retryMs = FIRST_RETRY_MS;
  let cancelRetry: (() => void) | null = null;
  const upstream: Upstream = {
    async call(...args) {
      try {
        const result = await wrapped.call(...args);
        accepted();
        return result;
      } catch (error) {
        if (error instanceof UpstreamError) learnFrom(error);
        throw error;
      }
    },
  };

  void check();
  return {
    upstream,
    problem: () => problems[state],
    stop() {
      stopped.abort();
      cancelRetry?.();
    },
  };

  async function check(): Promise<void> {
    cancelRetry = null;
    if (state === 'rejected') scheduleRetry();
    if (!options.isQuotaExhausted?.()) {
      // The upstream above has learned from the outcome.
      await probeUpstream({ ...options, upstream }, 'interactive', stopped.signal).catch(() => undefined);
    }
    if (state === 'unknown') state = 'accepted';
  }

  function learnFrom({ kind }: UpstreamError): void {
    if (kind === 'credentials') rejected();
    // DataWorks checks the credentials first.
    else if (kind === 'forbidden' || kind === 'rejected') accepted();
  }

  function rejected(): void {
    if (state !== 'rejected') onChange?.('rejected');
    state = 'rejected';
    if (cancelRetry === null) scheduleRetry();
  }

  function accepted(): void {
    if (state === 'rejected') onChange?.('accepted');
    state = 'accepted';
    retryMs = FIRST_RETRY_MS;
    cancelRetry?.();
    cancelRetry = null;
  }

  function scheduleRetry(): void {
    if (stopped.signal.aborted) return;
    cancelRetry = clock.after(retryMs, () => void check());
    retryMs = Math.min(2 * retryMs, LONGEST_RETRY_MS);
  }
}
