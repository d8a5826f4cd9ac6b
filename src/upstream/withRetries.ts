import { withSentMark } from '../core/upstream.ts';
import { UpstreamError } from '../core/upstreamError.ts';
import type { Clock } from '../core/clock.ts';
import type { Action, Actions, UpstreamResult, CallContext, Upstream } from '../core/upstream.ts';
import type { UpstreamErrorKind } from '../core/upstreamError.ts';
import { type Breaker, type BreakerState, createBreaker, type Pass, type Verdict } from './breaker.ts';
import { isUnknownAction, upstreamError } from './classify.ts';
import { onAbort, pause, within } from '../core/deadline.ts';

export type { BreakerState } from './breaker.ts';

export interface RetryOptions {
  clock: Clock;
  /** From 0 up to 1, for the jitter of delays. Default `Math.random`. */
  random?: () => number;
  /** Called for every change of an action's breaker, which starts closed. Must not throw. */
  onBreakerChange?: (action: Action, state: BreakerState) => void;
}

/** Tries of one call, the first included. */
const MAX_TRIES = 3;
/** A try with less than this until the deadline is not started. */
const MIN_TRY_MS = 250;

/**
 * Retries reads if that can help, within the context's one deadline, and pauses the calls of an action that fails several times in a
 * row. A failed call rejects with the error of its last try.
 *
 * An open breaker rejects with kind `unavailable` and `retryAfterMs`. When it opens, tries that are not sent yet are rejected, too.
 * When the caller cancels or the deadline passes, the call rejects at once.
 */
export function withRetries(
  upstream: Upstream,
  { clock, random = Math.random, onBreakerChange = () => undefined }: RetryOptions,
): Upstream {
  /** One per action: an action that DataWorks fails to answer shows nothing of the others. */
  const breakers: Record<Action, Breaker> = {
    ListPipelineRuns: breakerOf('ListPipelineRuns'),
    GetPipelineRun: breakerOf('GetPipelineRun'),
    ListPipelineRunItems: breakerOf('ListPipelineRunItems'),
    ListProjects: breakerOf('ListProjects'),
  };

  async function call<A extends Action>(action: A, params: Actions[A]['params'], context: CallContext) {
    let failed: UpstreamError | null = null;
    for (let tries = 1; ; tries += 1) {
      // Before the call queues: no call waits for an action that is known to fail.
      const pass = context.signal?.aborted ? null : breakers[action].enter(context.priority);
      if (pass === null) throw failed ?? rejected(action, context);
      try {
        return await within(attempt(action, params, context, pass), {
          clock,
          timeoutMs: context.deadline - clock.now(),
          signal: context.signal,
          giveUp: () =>
            upstreamError({ kind: 'timeout', action, detail: 'the deadline of the call has passed' }),
        });
      } catch (error) {
        if (!(error instanceof UpstreamError)) throw error;
        if (pass.opens.aborted) throw failed ?? error;
        failed = error;
      }
      const delayMs = delayAfter(failed, tries);
      const isLast = tries >= MAX_TRIES || isLate(context, delayMs) || context.signal?.aborted;
      if (isLast || !isRetryable(failed)) throw failed;
      context.report({ type: 'retry', action, delayMs, kind: failed.kind });
      await pause(clock, delayMs, context.signal);
    }
  }

  async function attempt<A extends Action>(
    action: A,
    params: Actions[A]['params'],
    context: CallContext,
    { isProbe, opens, judge }: Pass,
  ): Promise<UpstreamResult<Actions[A]['result']>> {
    const canceled = new AbortController();
    const marked = withSentMark(context, { signal: canceled.signal, isProbe });
    const stopListeningToCaller = onAbort(context.signal, () => canceled.abort(context.signal?.reason));
    const stopListeningToBreaker = onAbort(opens, () => {
      if (!marked.isSent) canceled.abort();
    });
    let verdict: Verdict = 'neither';
    try {
      const result = await upstream.call(action, params, marked);
      verdict = 'healthy';
      return result;
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      if (marked.isSent) verdict = verdictOn(error, context);
      throw opens.aborted && !marked.isSent ? rejected(action, context) : error;
    } finally {
      stopListeningToCaller();
      stopListeningToBreaker();
      judge(verdict);
    }
  }

  function breakerOf(action: Action): Breaker {
    return createBreaker(clock, (state) => onBreakerChange(action, state));
  }

  /** A try that was cut short by its caller, or by a near deadline, shows nothing of the upstream. */
  function verdictOn(error: UpstreamError, context: CallContext): Verdict {
    const wasCutShort = error.kind === 'timeout' && (context.signal?.aborted === true || isLate(context));
    if (wasCutShort) return 'neither';
    // Even the answer that the action has another name is an answer.
    return isWellFormed(error) || isUnknownAction(error) ? 'healthy' : verdicts[error.kind];
  }

  function isLate({ deadline }: CallContext, delayMs = 0): boolean {
    return clock.now() + delayMs + MIN_TRY_MS > deadline;
  }

  function rejected(action: Action, context: CallContext): UpstreamError {
    if (context.signal?.aborted)
      return upstreamError({ kind: 'timeout', action, detail: 'the caller canceled it' });
    const detail = 'the action failed several times in a row, so the gateway pauses its calls';
    const retryAfterMs = breakers[action].retryAfterMs(context.priority);
    return upstreamError({ kind: 'unavailable', action, detail, retryAfterMs });
  }

  /** Full jitter below a bound that doubles, on top of what the upstream asked for. */
  function delayAfter({ kind, retryAfterMs }: UpstreamError, tries: number): number {
    const ceilingMs = (kind === 'throttled' ? 1000 : 100) * 2 ** (tries - 1);
    return (retryAfterMs ?? 0) + random() * ceilingMs;
  }

  return { call };
}

/**
 * What a failure shows of the upstream's health. A rejection is an answer. Throttling and missing credentials show nothing: the
 * gateway itself may have found them.
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

/** JSON that does not decode comes from a healthy upstream, and comes again for the same call. */
function isWellFormed({ kind, isNotJson }: UpstreamError): boolean {
  return kind === 'invalidResponse' && !isNotJson;
}
