import { type ProbeOptions, probeUpstream } from '../core/probeCall.ts';
import type { Upstream } from '../core/upstream.ts';
import { UpstreamError } from '../core/upstreamError.ts';

export interface CredentialCheckOptions extends ProbeOptions {
  /** Default: true. */
  isEnabled?: boolean;
  /** Whether no call is left for the day, so that a check cannot succeed. Default: never. */
  isQuotaExhausted?: () => boolean;
  /** Called with each change: why DataWorks does not accept the credentials, or null if it does. */
  onChange: (problem: string | null) => void;
}

/** The delay between checks while the credentials are rejected doubles from the first to the longest. Milliseconds. */
const FIRST_RETRY_MS = 30_000;
const LONGEST_RETRY_MS = 60 * 60_000;

/** The problem before the first call has an outcome. */
export const CREDENTIALS_UNVERIFIED = 'DataWorks has not accepted the credentials yet.';

const CREDENTIALS_REJECTED = 'DataWorks rejects the credentials.';

/**
 * Makes one call at the start, because DataWorks can reject credentials that were found, and more calls while it rejects them. A
 * failure of another kind proves nothing: the gateway still becomes ready, and rejected credentials stay rejected.
 */
export function withCredentialCheck(wrapped: Upstream, options: CredentialCheckOptions): Upstream {
  if (options.isEnabled === false) return wrapped;
  const { clock, signal, onChange } = options;
  let problem: string | null = CREDENTIALS_UNVERIFIED;
  let retryMs = FIRST_RETRY_MS;
  let cancelRetry: (() => void) | null = null;
  const upstream: Upstream = {
    async call(...args) {
      try {
        const result = await wrapped.call(...args);
        if (problem !== null) accepted();
        return result;
      } catch (error) {
        const kind = error instanceof UpstreamError ? error.kind : null;
        if (kind === 'credentials') rejected();
        // DataWorks checks the credentials first.
        else if (kind === 'forbidden' || kind === 'rejected') accepted();
        throw error;
      }
    },
  };

  signal.addEventListener('abort', () => cancelRetry?.(), { once: true });
  void check();
  return upstream;

  async function check(): Promise<void> {
    cancelRetry = null;
    if (problem === CREDENTIALS_REJECTED) scheduleRetry();
    if (!options.isQuotaExhausted?.()) {
      // The upstream above has learned from the outcome.
      await probeUpstream(upstream, 'interactive', options).catch(() => undefined);
    }
    if (problem === CREDENTIALS_UNVERIFIED) become(null);
  }

  function rejected(): void {
    become(CREDENTIALS_REJECTED);
    if (cancelRetry === null) scheduleRetry();
  }

  function accepted(): void {
    become(null);
    retryMs = FIRST_RETRY_MS;
    cancelRetry?.();
    cancelRetry = null;
  }

  function become(next: string | null): void {
    if (problem === next) return;
    problem = next;
    onChange(next);
  }

  function scheduleRetry(): void {
    if (signal.aborted) return;
    cancelRetry = clock.after(retryMs, () => void check());
    retryMs = Math.min(2 * retryMs, LONGEST_RETRY_MS);
  }
}
