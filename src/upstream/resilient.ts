import { withChanges, withSentMark } from '../core/upstream.ts';
import { UpstreamError } from '../core/upstreamError.ts';
import type { Clock } from '../core/clock.ts';
import type { Action, Actions, UpstreamResult, CallContext, Upstream } from '../core/upstream.ts';
import type { UpstreamErrorKind } from '../core/upstreamError.ts';
import type { BreakerState, Pass, Verdict } from './breaker.ts';
import { createBreakers } from './breakers.ts';
import { isUnknownAction, upstreamError } from './classify.ts';
import { onAbort, pause, within } from './within.ts';

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
  /** Faulty tries of one action in a row, by whatever calls, that open its breaker. Default 5. */
  breakerFaults?: number;
  /** How long a breaker stays open. Default 5000. */
  breakerOpenMs?: number;
  /** Told of every change of an action's breaker; each begins closed. Must not throw. */
  onBreakerChange?: (action: Action, state: BreakerState) => void;
}

/**
 * Retries reads where that can help, within the context's one deadline, and refuses calls for a while when their action fails again
 * and again. A failed call rejects with the error of its last try.
 *
 * A breaker refuses with kind `unavailable` and `retryAfterMs`. When it opens, tries that have not been sent are refused as well.
 * When the caller leaves or the deadline passes, the call rejects at once.
 */
export function resilient(upstream: Upstream, options: ResilienceOptions): Upstream {
  const { clock, random = Math.random, maxTries = 3, minTryMs = 250 } = options;
  const backoffMs = { usual: options.backoffMs ?? 100, throttled: options.throttledBackoffMs ?? 1000 };
  const breakers = createBreakers({
    clock,
    faultsToOpen: options.breakerFaults ?? 5,
    openMs: options.breakerOpenMs ?? 5000,
    onChange: (action, state) => options.onBreakerChange?.(action, state),
  });

  async function call<A extends Action>(action: A, params: Actions[A]['params'], context: CallContext) {
    let failed: UpstreamError | null = null;
    for (let tries = 1; ; tries += 1) {
      const pass = admit(action, context);
      if (pass instanceof UpstreamError) throw failed ?? pass;
      const untilOpen = breakers.untilOpen(action);
      try {
        return await tryOnce(action, params, context, { pass, untilOpen });
      } catch (error) {
        if (!(error instanceof UpstreamError)) throw error;
        if (untilOpen.aborted) throw failed ?? error;
        failed = error;
      }
      const delayMs = delayAfter(failed, tries);
      const isLast = tries >= maxTries || isLate(context, delayMs) || hasLeft(context);
      if (isLast || !isRetryable(failed)) throw failed;
      context.report({ type: 'retry', action, delayMs, kind: failed.kind });
      await pause(clock, delayMs, context.signal);
    }
  }

  /** Asked before the call queues: nobody waits for an action that is known to fail. */
  function admit(action: Action, context: CallContext): Pass | UpstreamError {
    if (hasLeft(context)) return upstreamError({ kind: 'timeout', action, detail: 'nobody waits any more' });
    return breakers.of(action).enter(context.priority) ?? refusedBy(action, context);
  }

  async function tryOnce<A extends Action>(
    action: A,
    params: Actions[A]['params'],
    context: CallContext,
    { pass, untilOpen }: { pass: Pass; untilOpen: AbortSignal },
  ): Promise<UpstreamResult<Actions[A]['result']>> {
    const { context: marked, isSent } = withSentMark(context);
    const ended = new AbortController();
    const stopListening = [
      onAbort(context.signal, () => ended.abort(context.signal?.reason)),
      onAbort(untilOpen, () => {
        if (!isSent()) ended.abort();
      }),
    ];
    async function judged() {
      let verdict: Verdict = 'neither';
      try {
        const { isProbe } = pass;
        const answer = await upstream.call(
          action,
          params,
          withChanges(marked, { signal: ended.signal, isProbe }),
        );
        verdict = 'healthy';
        return answer;
      } catch (error) {
        if (!(error instanceof UpstreamError)) throw error;
        if (isSent()) verdict = verdictOn(error, context);
        throw untilOpen.aborted && !isSent() ? refusedBy(action, context) : error;
      } finally {
        stopListening.forEach((stop) => stop());
        pass.judge(verdict);
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
  function verdictOn(error: UpstreamError, context: CallContext): Verdict {
    const wasCutShort = error.kind === 'timeout' && (hasLeft(context) || isLate(context));
    if (wasCutShort) return 'neither';
    // DataWorks has answered, if only that it knows the action by another name.
    return isWellFormed(error) || isUnknownAction(error) ? 'healthy' : verdicts[error.kind];
  }

  function isLate({ deadline }: CallContext, delayMs = 0): boolean {
    return clock.now() + delayMs + minTryMs > deadline;
  }

  function refusedBy(action: Action, { priority }: CallContext): UpstreamError {
    const detail = 'it failed several times in a row and is left alone for a moment';
    const retryAfterMs = breakers.of(action).retryAfterMs(priority);
    return upstreamError({ kind: 'unavailable', action, detail, retryAfterMs });
  }

  /** Full jitter, on top of what the upstream asked for. */
  function delayAfter({ kind, retryAfterMs }: UpstreamError, tries: number): number {
    const ceilingMs = (kind === 'throttled' ? backoffMs.throttled : backoffMs.usual) * 2 ** (tries - 1);
    return (retryAfterMs ?? 0) + random() * ceilingMs;
  }

  return { call };
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

function isRetryable(error: UpstreamError): boolean {
  return retryableKinds.has(error.kind) && !isWellFormed(error);
}

/** JSON that does not decode comes from an upstream that works, and comes again when the same is asked again. */
function isWellFormed({ kind, isNotJson }: UpstreamError): boolean {
  return kind === 'invalidResponse' && !isNotJson;
}

function hasLeft({ signal }: CallContext): boolean {
  return signal?.aborted === true;
}
