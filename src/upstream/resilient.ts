import { UpstreamError } from '../model.ts';
import type { Action, Actions, Answer, CallContext, Clock, Upstream, UpstreamErrorKind } from '../model.ts';
import { createBreaker } from './breaker.ts';
import type { BreakerState, Verdict } from './breaker.ts';
import { upstreamError } from './classify.ts';
import { createGate } from './gate.ts';
import { pause, within } from './within.ts';

export type { BreakerState } from './breaker.ts';

/** Times are in milliseconds. */
export interface ResilienceOptions {
  clock: Clock;
  /** From 0 up to 1, for the jitter of delays. Default `Math.random`. */
  random?: () => number;
  /** Tries of one call, the first included. Default 3. */
  maxTries?: number;
  /** The delay before the second try is random below this, and below twice as much before the third. Default 100. */
  backoffMs?: number;
  /** The same after a throttled try. Default 1000. */
  throttledBackoffMs?: number;
  /** A try that would have less than this until the deadline is not begun. Default 250. */
  minTryMs?: number;
  /** Faulty tries in a row, by whatever calls, that open the breaker. Default 5. */
  breakerFaults?: number;
  /** How long the breaker stays open. Default 5000. */
  breakerOpenMs?: number;
  /** Told of every change of the breaker; it begins closed. Must not throw. */
  onBreakerChange?: (state: BreakerState) => void;
  /** Tries under way at once. Default 16. */
  maxInFlight?: number;
  /** Tries waiting for their turn; more are refused. Default 256. */
  maxQueued?: number;
}

/**
 * Tries reads again where that can help, all within the context's one deadline; holds calls back for a while when the
 * upstream fails again and again; bounds how many are under way. A failed call rejects with the error of its last try.
 *
 * A breaker or queue that holds a call back makes it reject with kind `unavailable`, the breaker with `retryAfterMs`. When
 * the caller leaves or the deadline passes, the call rejects at once, while its place counts until the try has ended.
 */
export function resilient(upstream: Upstream, options: ResilienceOptions): Upstream {
  const { clock, random = Math.random, maxTries = 3, minTryMs = 250 } = options;
  const backoffMs = { usual: options.backoffMs ?? 100, throttled: options.throttledBackoffMs ?? 1000 };
  const gate = createGate({
    clock,
    maxInFlight: options.maxInFlight ?? 16,
    maxQueued: options.maxQueued ?? 256,
  });
  const breaker = createBreaker({
    clock,
    faultsToOpen: options.breakerFaults ?? 5,
    openMs: options.breakerOpenMs ?? 5000,
    onChange: options.onBreakerChange,
  });

  async function call<A extends Action>(action: A, params: Actions[A]['params'], context: CallContext) {
    let failed: UpstreamError | null = null;
    for (let tries = 1; ; tries += 1) {
      const pass = await admit(action, context);
      if (pass instanceof UpstreamError) throw failed ?? pass;
      try {
        return await tryOnce(action, params, context, pass);
      } catch (error) {
        if (!(error instanceof UpstreamError)) throw error;
        failed = error;
      }
      const delayMs = delayAfter(failed, tries);
      const isLast = tries >= maxTries || isLate(context, delayMs) || hasLeft(context);
      if (isLast || !retryableKinds.has(failed.kind)) throw failed;
      context.report({ type: 'retry', action, delayMs, kind: failed.kind });
      await pause(clock, delayMs, context.signal);
    }
  }

  /** A place and the breaker's leave, or why not. */
  async function admit(action: Action, context: CallContext): Promise<Pass | UpstreamError> {
    if (hasLeft(context)) return upstreamError({ kind: 'timeout', action, detail: 'nobody waits any more' });
    // Asked on both sides of the queue: nobody waits for an upstream that is known to fail, and none who waited asks it.
    if (breaker.isHolding()) return heldBack(action);
    const leave = await gate.enter(action, context);
    if (leave instanceof UpstreamError) return leave;
    const judge = breaker.enter();
    if (judge !== null) return { leave, judge };
    leave();
    return heldBack(action);
  }

  function tryOnce<A extends Action>(
    action: A,
    params: Actions[A]['params'],
    context: CallContext,
    { leave, judge }: Pass,
  ): Promise<Answer<Actions[A]['result']>> {
    async function judged() {
      let verdict: Verdict = 'neither';
      try {
        const answer = await upstream.call(action, params, context);
        verdict = 'healthy';
        return answer;
      } catch (error) {
        if (error instanceof UpstreamError) verdict = verdictOn(error, context);
        throw error;
      } finally {
        judge(verdict);
        leave();
      }
    }
    return within(judged(), {
      clock,
      timeoutMs: context.deadline - clock.now(),
      signal: context.signal,
      giveUp: () => upstreamError({ kind: 'timeout', action, detail: 'the time for the whole call is up' }),
    });
  }

  /** A try that the caller cut short by leaving, or by a near deadline, says nothing of the upstream. */
  function verdictOn({ kind }: UpstreamError, context: CallContext): Verdict {
    const wasCutShort = kind === 'timeout' && (hasLeft(context) || isLate(context));
    return wasCutShort ? 'neither' : verdicts[kind];
  }

  function isLate({ deadline }: CallContext, delayMs = 0): boolean {
    return clock.now() + delayMs + minTryMs > deadline;
  }

  function heldBack(action: Action): UpstreamError {
    const detail = 'it failed several times in a row and is left alone for a moment';
    return upstreamError({ kind: 'unavailable', action, detail, retryAfterMs: breaker.retryAfterMs() });
  }

  /** Full jitter, on top of what the upstream asked for. */
  function delayAfter({ kind, retryAfterMs }: UpstreamError, tries: number): number {
    const ceilingMs = (kind === 'throttled' ? backoffMs.throttled : backoffMs.usual) * 2 ** (tries - 1);
    return (retryAfterMs ?? 0) + random() * ceilingMs;
  }

  return { call };
}

interface Pass {
  leave: () => void;
  judge: (verdict: Verdict) => void;
}

/**
 * What a failure says of the upstream's health. A refusal is an answer. Throttling and missing credentials say nothing: they
 * may have been found out on this side of the wire.
 */
const verdicts: Record<UpstreamErrorKind, Verdict> = {
  unavailable: 'faulty',
  timeout: 'faulty',
  invalidResponse: 'faulty',
  forbidden: 'healthy',
  rejected: 'healthy',
  throttled: 'neither',
  quotaExhausted: 'neither',
  credentials: 'neither',
};

const retryableKinds: ReadonlySet<UpstreamErrorKind> = new Set([
  'throttled',
  'unavailable',
  'timeout',
  'invalidResponse',
]);

function hasLeft({ signal }: CallContext): boolean {
  return signal?.aborted === true;
}
