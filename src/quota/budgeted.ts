import type { CheckingUpstream, Upstream } from '../core/upstream.ts';
import { withSentMark } from '../core/upstream.ts';
import { UpstreamError } from '../core/upstreamError.ts';
import type { Budget } from './budget.ts';
import { abandoned } from './refusal.ts';

/**
 * An upstream whose every call pays before it is sent. When it can't pay within the caller's deadline it rejects with an
 * `UpstreamError` of kind `throttled` or `quotaExhausted`, as `Budget.permit` describes, and the upstream is not called. What the
 * upstream refuses by itself does not pay, and what is not sent after all is given back.
 */
export function budgeted(upstream: Upstream | CheckingUpstream, budget: Budget): Upstream {
  return {
    async call(action, params, context) {
      const refusal = 'refusalOf' in upstream ? upstream.refusalOf(action, params) : null;
      if (refusal !== null) throw refusal;
      const permit = await budget.permit(action, context);
      const { context: marked, isSent } = withSentMark(context);
      try {
        if (context.signal?.aborted) throw abandoned(action);
        const answer = await upstream.call(action, params, marked);
        budget.succeeded();
        return answer;
      } catch (error) {
        throw error instanceof UpstreamError ? learn(error, budget) : error;
      } finally {
        if (isSent()) permit.ended();
        else permit.giveBack();
      }
    },
  };
}

/** The error, with the time that the budget now keeps still in the place of one that the upstream did not tell. */
function learn(error: UpstreamError, budget: Budget): UpstreamError {
  if (error.kind === 'throttled') return withWait(error, budget.throttled(error));
  if (error.kind === 'quotaExhausted') return withWait(error, budget.exhausted(error));
  // These are answers too: DataWorks has calls left for the account.
  if (error.kind === 'forbidden' || error.kind === 'rejected') budget.succeeded();
  return error;
}

function withWait(error: UpstreamError, waitMs: number): UpstreamError {
  const { kind, action, code, requestId } = error;
  return new UpstreamError(error.message, {
    kind,
    action,
    code,
    requestId,
    retryAfterMs: error.retryAfterMs ?? waitMs,
  });
}
