import type { CallEvent } from '../core/upstream.ts';
import { UpstreamError } from '../core/upstreamError.ts';
import { type ProbeOptions, probeUpstream } from '../core/probeCall.ts';

/** Whether DataWorks accepts the gateway's credentials, as far as its answers have shown. */
export interface CredentialCheck {
  /** Null while they work; else what operators are told. */
  problem(): string | null;
  /** To be called with every event of every call. */
  note(event: CallEvent): void;
  stop(): void;
}

export interface CredentialCheckOptions extends ProbeOptions {
  /** Whether no call is left for the day, so that a check cannot succeed. Default: never. */
  isQuotaExhausted?: () => boolean;
  /** Told when DataWorks begins to refuse the credentials and when it accepts them again. */
  onChange?: (state: 'refused' | 'accepted') => void;
}

/** Between checks while the credentials are refused: doubles from the first to the longest, in milliseconds. */
const firstRetryMs = 30_000;
const longestRetryMs = 60 * 60_000;

/**
 * Makes one call at the start, since DataWorks can refuse a credential that was found, and more while it is refused. A failure
 * of any other kind proves nothing: it neither keeps a gateway that starts from serving, nor ends a refusal.
 */
export function createCredentialCheck(options: CredentialCheckOptions): CredentialCheck {
  const { clock, onChange } = options;
  const stopped = new AbortController();
  let state: 'unknown' | 'accepted' | 'refused' = 'unknown';
  let retryMs = firstRetryMs;
  let callOff: (() => void) | null = null;

  async function check(): Promise<void> {
    callOff = null;
    if (state === 'refused') scheduleNext();
    if (!options.isQuotaExhausted?.()) await askUpstream();
    if (state === 'unknown') state = 'accepted';
  }

  async function askUpstream(): Promise<void> {
    try {
      await probeUpstream(options, 'interactive', stopped.signal);
      accepted();
    } catch (error) {
      learn(error instanceof UpstreamError ? error : null);
    }
  }

  function learn(error: UpstreamError | null): void {
    if (error?.kind === 'credentials') refused();
    // DataWorks checks the credentials first.
    else if (error?.kind === 'forbidden' || error?.kind === 'rejected') accepted();
  }

  function refused(): void {
    if (state !== 'refused') onChange?.('refused');
    state = 'refused';
    if (callOff === null) scheduleNext();
  }

  function accepted(): void {
    if (state === 'refused') onChange?.('accepted');
    state = 'accepted';
    retryMs = firstRetryMs;
    callOff?.();
    callOff = null;
  }

  function scheduleNext(): void {
    if (stopped.signal.aborted) return;
    callOff = clock.after(retryMs, () => void check());
    retryMs = Math.min(2 * retryMs, longestRetryMs);
  }

  void check();
  return {
    problem: () => problems[state],
    note(event) {
      if (event.type !== 'outcome') return;
      if (event.error === null) accepted();
      else learn(event.error);
    },
    stop() {
      stopped.abort();
      callOff?.();
    },
  };
}

const problems = {
  unknown: 'DataWorks has not accepted the credentials yet.',
  accepted: null,
  refused: 'DataWorks refuses the credentials.',
};
