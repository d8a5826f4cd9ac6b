import { type ProbeOptions, probeUpstream } from '../core/probeCall.ts';
import type { Upstream } from '../core/upstream.ts';
import { UpstreamError } from '../core/upstreamError.ts';

export interface CredentialCheckOptions extends Omit<ProbeOptions, 'upstream'> {
  /** Default: true. */
  isEnabled?: boolean;
  /** Ends the checks. */
  signal: AbortSignal;
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

const problems = {
  unknown: CREDENTIALS_UNVERIFIED,
  accepted: null,
  rejected: 'DataWorks rejects the credentials.',
};

/**
 * Makes one call at the start, because DataWorks can reject credentials that were found, and more calls while it rejects them. A
 * failure of another kind proves nothing: the gateway still becomes ready, and rejected credentials stay rejected.
 */
export function withCredentialCheck(wrapped: Upstream, options: CredentialCheckOptions): Upstream {
  if (options.isEnabled === false) return wrapped;
  const { clock, signal, onChange } = options;
  let state: keyof typeof problems = 'unknown';
  let retryMs = FIRST_RETRY_MS;
  let cancelRetry: (() => void) | null = null;
  const upstream: Upstream = {
    async call(...args) {
      try {
        const result = await wrapped.call(...args);
        if (state !== 'accepted') accepted();
        return result;
      } catch (error) {
        if (error instanceof UpstreamError) learnFrom(error);
        throw error;
      }
    },
  };

  signal.addEventListener('abort', () => cancelRetry?.(), { once: true });
  void check();
  return upstream;

  async function check(): Promise<void> {
    cancelRetry = null;
    if (state === 'rejected') scheduleRetry();
    if (!options.isQuotaExhausted?.()) {
      // The upstream above has learned from the outcome.
      await probeUpstream({ ...options, upstream }, 'interactive', signal).catch(() => undefined);
    }
    if (state === 'unknown') become('accepted');
  }

  function learnFrom({ kind }: UpstreamError): void {
    if (kind === 'credentials') rejected();
    // DataWorks checks the credentials first.
    else if (kind === 'forbidden' || kind === 'rejected') accepted();
  }

  function rejected(): void {
    become('rejected');
    if (cancelRetry === null) scheduleRetry();
  }

  function accepted(): void {
    become('accepted');
    retryMs = FIRST_RETRY_MS;
    cancelRetry?.();
    cancelRetry = null;
  }

  function become(next: typeof state): void {
    if (state === next) return;
    state = next;
    onChange(problems[state]);
  }

  function scheduleRetry(): void {
    if (signal.aborted) return;
    cancelRetry = clock.after(retryMs, () => void check());
    retryMs = Math.min(2 * retryMs, LONGEST_RETRY_MS);
  }
}
