import openApi from '@alicloud/openapi-client';
import { UpstreamError } from '../core/upstreamError.ts';
import type { Clock } from '../core/clock.ts';
import type { JsonValue } from '../core/domain.ts';
import type {
  Action,
  Actions,
  UpstreamResult,
  CallContext,
  CheckingUpstream,
  Undecodable,
} from '../core/upstream.ts';
import { actions } from './actions.ts';
import type { ActionSpec, WireParams } from './actions.ts';
import { classify, isNotFound, isUnknownAction, upstreamError } from './classify.ts';
import { missingCredential } from './credentials.ts';
import type { CredentialSource } from './credentials.ts';
import { failureIn, failureThrown, requestIdIn } from './failure.ts';
import { DecodeError, noneUndecodable, objectOf } from './fields.ts';
import type { JsonObject } from './fields.ts';
import { parseLossless } from './losslessJson.ts';
import { within } from './within.ts';

export interface ClientOptions {
  /** `host` or `host:port`, without a scheme. The SDK knows no endpoints of its own. */
  endpoint: string;
  protocol: 'http' | 'https';
  credential: CredentialSource;
  /** How long one call may take, in milliseconds; less when the context's deadline is nearer. Default 4000. */
  tryTimeoutMs?: number;
  clock: Clock;
}

/**
 * The DataWorks of one endpoint and account. One `call` makes one wire call. If the region knows the action by its older name only,
 * the call fails as `unavailable` and the next try uses that name. A call rejects with kind `timeout` when its time is up or its
 * caller leaves.
 */
export function createClient(options: ClientOptions): CheckingUpstream {
  const { endpoint, protocol, credential, tryTimeoutMs = 4000, clock } = options;
  const sdk: Sdk = new openApi.default(new openApi.Config({ endpoint, protocol, credential }));
  /** Until when (monotonic) an action is called by its older name. */
  const aliasedUntil = new Map<Action, number>();

  async function call<A extends Action>(action: A, params: Actions[A]['params'], context: CallContext) {
    const { alias }: ActionSpec<A> = actions[action];
    throwIfAny(refusalOf(action, params));
    if (alias === undefined) return attempt(action, action, params, context);
    const byOlderName = isAliased(action);
    try {
      return await attempt(action, byOlderName ? alias.name : action, params, context);
    } catch (error) {
      if (!isUnknownAction(error)) throw error;
      if (byOlderName) {
        aliasedUntil.delete(action);
        throw error;
      }
      aliasedUntil.set(action, clock.monotonic() + ALIAS_MEMORY_MS);
      throwIfAny(refusalOf(action, params));
      // The older name is a call of its own, to be paid for and counted like any other: the next try makes it.
      const detail = 'this region knows the action by its older name only, which the next try uses';
      const { code, requestId } = error as UpstreamError;
      throw upstreamError({ kind: 'unavailable', action, code, requestId, detail, retryAfterMs: 0 });
    }
  }

  function isAliased(action: Action): boolean {
    return clock.monotonic() < (aliasedUntil.get(action) ?? -Infinity);
  }

  function refusalOf<A extends Action>(action: A, params: Actions[A]['params']): UpstreamError | null {
    const spec: ActionSpec<A> = actions[action];
    const detail = isAliased(action) ? spec.alias?.cannotServe?.(params) : null;
    if (detail != null) return upstreamError({ kind: 'rejected', action, detail });
    try {
      spec.encode(params);
      return null;
    } catch (error) {
      if (error instanceof UpstreamError) return error;
      throw error;
    }
  }

  async function attempt<A extends Action>(
    action: A,
    wireName: string,
    params: Actions[A]['params'],
    context: CallContext,
  ): Promise<UpstreamResult<Actions[A]['result']>> {
    const spec: ActionSpec<A> = actions[action];
    const wireParams = spec.encode(params);
    const asOf = clock.now();
    const timeoutMs = Math.min(tryTimeoutMs, context.deadline - asOf);
    if (timeoutMs <= 0 || context.signal?.aborted === true) {
      throw upstreamError({ kind: 'timeout', action, detail: 'nobody waited any more' });
    }
    context.report({ type: 'attempt', action });
    const startedAt = clock.monotonic();
    const ended = (error: UpstreamError | null, requestId: string | null) =>
      context.report({
        type: 'outcome',
        action,
        durationMs: clock.monotonic() - startedAt,
        error,
        requestId,
      });
    try {
      const response = await within(
        send(wireName, spec.method, wireParams, { action, traceparent: context.traceparent }),
        {
          clock,
          timeoutMs,
          signal: context.signal,
          giveUp: (reason) => upstreamError({ kind: 'timeout', action, detail: lateness(reason, timeoutMs) }),
        },
      );
      const { value, requestId } = readAnswer(action, spec, params, response, (what, count) =>
        context.report({ type: 'undecodable', action, what, count }),
      );
      ended(null, requestId);
      return { value, asOf, staleBecause: null };
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      if (spec.notFound !== undefined && isNotFound(error)) {
        ended(null, error.requestId);
        return { value: spec.notFound.value, asOf, staleBecause: null };
      }
      if (error.kind === 'credentials') credential.forget();
      ended(error, error.requestId);
      throw error;
    }
  }

  async function send(
    wireName: string,
    method: 'GET' | 'POST',
    wireParams: WireParams,
    { action, traceparent }: { action: Action; traceparent: string | undefined },
  ) {
    // The SDK sends an undefined value as an empty one.
    const sent = Object.fromEntries(Object.entries(wireParams).filter(([, value]) => value !== undefined));
    try {
      return await sdk.callApi(
        { ...RPC, action: wireName, method, protocol },
        {
          ...(method === 'GET' ? { query: sent } : { body: sent }),
          // Not signed: only x-acs-* headers are.
          ...(traceparent !== undefined && { headers: { traceparent } }),
        },
        {
          // Ours fire first. These end the socket of a call that we gave up, and the idle timer, which the SDK calls
          // connectTimeout, must not be the shorter one: it runs for the whole request.
          readTimeout: tryTimeoutMs + 500,
          connectTimeout: tryTimeoutMs + 1000,
        },
      );
    } catch (thrown) {
      // The SDK's error holds the signed request, so nothing may keep a reference to it.
      if (thrown instanceof UpstreamError) throw missingCredential(action);
      throw classify(failureThrown(thrown), action);
    }
  }

  return { call, refusalOf };
}

function throwIfAny(error: UpstreamError | null): void {
  if (error !== null) throw error;
}

/** The SDK's one method that is used. It takes plain objects for its model classes. */
interface Sdk {
  callApi(params: object, request: object, runtime: object): Promise<SdkResponse>;
}

/** Redirects come as successes; an error status never does. */
interface SdkResponse {
  statusCode?: number;
  body?: unknown;
}

/** `string` keeps the digits that the SDK's own JSON parsing loses. */
const RPC = {
  version: '2024-05-18',
  pathname: '/',
  style: 'RPC',
  authType: 'AK',
  reqBodyType: 'formData',
  bodyType: 'string',
};

const ALIAS_MEMORY_MS = 600_000;

function lateness(reason: 'expired' | 'aborted', timeoutMs: number): string {
  return reason === 'aborted' ? 'the caller left' : `nothing whole came within ${Math.round(timeoutMs)} ms`;
}

function readAnswer<A extends Action>(
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
