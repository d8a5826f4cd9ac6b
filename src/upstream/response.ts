import type { JsonValue } from '../core/domain.ts';
import type { Action, Actions, Undecodable } from '../core/upstream.ts';
import type { ActionSpec } from './actions.ts';
import { classify, upstreamError } from './classify.ts';
import { failureIn, requestIdIn } from './failure.ts';
import { DecodeError, type JsonObject, noneUndecodable, objectOf } from './fields.ts';
import { parseLossless } from './losslessJson.ts';

/** Redirects arrive as successes; an error status never does. */
export interface SdkResponse {
  statusCode?: number;
  body?: unknown;
}

/** @throws UpstreamError for a redirect, a failure in the body, and a body that does not decode */
export function readResponse<A extends Action>(
  action: A,
  spec: ActionSpec<A>,
  params: Actions[A]['params'],
  { statusCode = 200, body }: SdkResponse,
  reportUndecodable: (what: Undecodable, count: number) => void,
): { value: Actions[A]['result']; requestId: string | null } {
  if (statusCode >= 300) {
    throw upstreamError({
      kind: 'unavailable',
      action,
      detail: 'the call was redirected to another address',
    });
  }
  let parsed: JsonObject = {};
  const counts = noneUndecodable();
  try {
    parsed = objectOf(parsedBody(body, action), 'the body');
    const failure = failureIn(parsed);
    if (failure !== null) throw classify(failure, action);
    return { value: spec.decode(parsed, params, counts), requestId: requestIdIn(parsed) };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    const { message: detail } = error;
    throw upstreamError({ kind: 'invalidResponse', action, requestId: requestIdIn(parsed), detail });
  } finally {
    for (const [what, count] of Object.entries(counts)) {
      if (count > 0) reportUndecodable(what as Undecodable, count);
    }
  }
}

function parsedBody(body: unknown, action: Action): JsonValue {
  try {
    return parseLossless(typeof body === 'string' ? body : '');
  } catch (error) {
    // A parser that recurses runs out of stack on JSON that is nested thousands of levels deep.
    const isNotJson = !(error instanceof RangeError);
    const detail = isNotJson ? 'the body is not JSON' : 'the body is nested too deeply';
    throw upstreamError({ kind: 'invalidResponse', action, detail, isNotJson });
  }
}
