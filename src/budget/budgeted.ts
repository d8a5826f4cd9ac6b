import type { Upstream } from '../model.ts';
import { UpstreamError } from '../model.ts';
import type { Budget } from './budget.ts';

/**
 * An upstream whose every call pays before it is sent. When it can't pay within the caller's deadline it rejects with an
 * `UpstreamError` of kind `throttled` or `quotaExhausted`, as `Budget.permit` describes, and the upstream is not called.
 */
export function budgeted(upstream: Upstream, budget: Budget): Upstream {
  return {
    async call(action, params, context) {
      const permit = await budget.permit(action, context);
      try {
        const answer = await upstream.call(action, params, context);
        budget.succeeded();
        return answer;
      } catch (error) {
        throw error instanceof UpstreamError ? learn(error, budget) : error;
      } finally {
        permit.ended();
      }
    },
  };
}

/** The error, with the time that the budget now keeps still in the place of one that the upstream did not tell. */
function learn(error: UpstreamError, budget: Budget): UpstreamError {
  if (error.kind === 'throttled') return withWait(error, budget.throttled(error));
  if (error.kind === 'quotaExhausted') return withWait(error, budget.exhausted(error));
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
