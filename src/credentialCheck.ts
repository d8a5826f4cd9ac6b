import { type CallContext, type CallEvent, type Clock, type Upstream, UpstreamError } from './model.ts';

/** Whether DataWorks takes the gateway's credentials, as far as its answers have told. */
export interface CredentialCheck {
  /** Null while they work; else what operators are told. */
  problem(): string | null;
  /** Every call's outcome is to be shown to it. */
  note(event: CallEvent): void;
  stop(): void;
}

export interface CredentialCheckOptions {
  clock: Clock;
  /** Pays, and asks the upstream itself: what a cache remembers proves nothing. */
  upstream: Upstream;
  /** How long one check may take, in milliseconds. */
  timeoutMs: number;
  report: (event: CallEvent) => void;
}

/** Between checks while the credentials are refused, in milliseconds. */
const RETRY_MS = 30_000;

/** Any number will do: it is enough that DataWorks answers for it, be it with nothing or with a refusal of the project. */
const SOME_PROJECT = '1';

/**
 * Asks DataWorks one thing at once, since a credential that could be had may still be refused, and again from time to time while
 * it is. A failure of any other kind proves nothing against the credentials, and must not keep a gateway from serving what it
 * has.
 */
export function createCredentialCheck(options: CredentialCheckOptions): CredentialCheck {
  const { clock, upstream, timeoutMs, report } = options;
  const stopped = new AbortController();
  let problem: string | null = 'DataWorks has not accepted the credentials yet.';
  let callOff: (() => void) | null = null;

  async function check(): Promise<void> {
    callOff = null;
    const context: CallContext = {
      deadline: clock.now() + timeoutMs,
      priority: 'interactive',
      signal: stopped.signal,
      report,
    };
    try {
      await upstream.call('ListProjects', { projectIds: [SOME_PROJECT] }, context);
      problem = null;
    } catch (error) {
      if (error instanceof UpstreamError && error.kind === 'credentials') refused();
      else problem = null;
    }
  }

  function refused(): void {
    problem = 'DataWorks refuses the credentials.';
    if (!stopped.signal.aborted) callOff ??= clock.after(RETRY_MS, () => void check());
  }

  void check();
  return {
    problem: () => problem,
    note(event) {
      if (event.type === 'outcome' && event.error?.kind === 'credentials') refused();
    },
    stop() {
      stopped.abort();
      callOff?.();
    },
  };
}
