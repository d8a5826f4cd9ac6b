import type { CheckingUpstream, Upstream } from '../core/upstream.ts';
import { withSentMark } from '../core/upstream.ts';
import { UpstreamError } from '../core/upstreamError.ts';
import { canceled } from './permit.ts';
import type { Quota } from './quota.ts';

/**
 * An upstream that counts every call before it is sent. Without a permit within the deadline, it rejects as `Quota.permit` does and
 * does not call the upstream. Calls that the upstream rejects locally, and calls that are not sent after all, count nothing.
 */
export function withQuota(upstream: Upstream | CheckingUpstream, quota: Quota): Upstream {
  return {
    async call(action, params, context) {
      if ('validate' in upstream) upstream.validate(action, params);
      const permit = await quota.permit(action, context);
      const marked = withSentMark(context);
      try {
        if (context.signal?.aborted) throw canceled(action);
        const result = await upstream.call(action, params, marked);
        permit.ended(action);
        quota.succeeded();
        return result;
      } catch (error) {
        throw error instanceof UpstreamError ? learnFrom(error, quota) : error;
      } finally {
        if (marked.isSent) permit.ended();
        else permit.giveBack();
      }
    },
  };
}

/** Returns the error, with the pause that it causes unless the upstream named a time. */
function learnFrom(error: UpstreamError, quota: Quota): UpstreamError {
  if (error.kind === 'throttled') return withRetryAfter(error, quota.throttled(error));
  if (error.kind === 'quotaExhausted') return withRetryAfter(error, quota.exhausted(error));
  // These answers, too, prove that the account has calls left.
  if (error.kind === 'forbidden' || error.kind === 'rejected') quota.succeeded();
  return error;
}

function withRetryAfter(error: UpstreamError, retryAfterMs: number): UpstreamError {
  if (error.retryAfterMs !== null) return error;
  const { kind, action, code, requestId } = error;
  return new UpstreamError(error.message, { kind, action, code, requestId, retryAfterMs });
}
