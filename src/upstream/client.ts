import openApi from '@alicloud/openapi-client';
import { UpstreamError } from '../core/upstreamError.ts';
import type { Clock } from '../core/clock.ts';
import type { Action, Actions, UpstreamResult, CallContext, CheckingUpstream } from '../core/upstream.ts';
import { actions, type ActionSpec, type WireParams } from './actions.ts';
import { classify, isNotFound, isUnknownAction, upstreamError } from './classify.ts';
import { type CredentialSource, missingCredential } from './credentials.ts';
import { failureThrown, readResponse, type SdkResponse } from './response.ts';
import { within } from '../core/deadline.ts';

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
 * DataWorks at one endpoint, for one account. One `call` makes one request. If the region knows only the older name of the action, the
 * call fails as `unavailable` and the next try uses that name. A call rejects with kind `timeout` when its time is up or its caller
 * cancels.
 */
export function createClient(options: ClientOptions): CheckingUpstream {
  const { endpoint, protocol, credential, tryTimeoutMs = 4000, clock } = options;
  const sdk: Sdk = new openApi.default(new openApi.Config({ endpoint, protocol, credential }));
  /** Until when (monotonic) an action is called by its older name. */
  const aliasedUntilMs = new Map<Action, number>();

  async function call<A extends Action>(
    action: A,
    params: Actions[A]['params'],
    context: CallContext,
  ): Promise<UpstreamResult<Actions[A]['result']>> {
    const spec: ActionSpec<A> = actions[action];
    const { name, wireParams } = encode(action, params);
    const asOf = clock.now();
    const timeoutMs = Math.min(tryTimeoutMs, context.deadline - asOf);
    if (timeoutMs <= 0 || context.signal?.aborted === true) {
      throw upstreamError({ kind: 'timeout', action, detail: 'its time was up before it was sent' });
    }
    context.report({ type: 'attempt', action });
    const startedAtMs = clock.monotonic();
    const ended = (error: UpstreamError | null, requestId: string | null) =>
      context.report({
        type: 'outcome',
        action,
        durationMs: clock.monotonic() - startedAtMs,
        error,
        requestId,
      });
    try {
      const response = await within(send(action, name, wireParams, context.traceparent), {
        clock,
        timeoutMs,
        signal: context.signal,
        giveUp: (reason) =>
          upstreamError({
            kind: 'timeout',
            action,
            detail:
              reason === 'aborted'
                ? 'the caller canceled'
                : `no complete response within ${Math.round(timeoutMs)} ms`,
          }),
      });
      const { value, requestId } = readResponse(action, params, response, context);
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
      throw spec.alias !== undefined && isUnknownAction(error)
        ? changeName(action, params, error, name !== action)
        : error;
    }
  }

  /** Selects the other name of an action. Returns the error that ends the call. */
  function changeName<A extends Action>(
    action: A,
    params: Actions[A]['params'],
    error: UpstreamError,
    wasAliased: boolean,
  ): UpstreamError {
    if (wasAliased) {
      aliasedUntilMs.delete(action);
      return error;
    }
    aliasedUntilMs.set(action, clock.monotonic() + ALIAS_MEMORY_MS);
    encode(action, params);
    // The older name is a call of its own, which counts like any other: the next try makes it.
    const detail = 'this region knows only the older name of the action, which the next try uses';
    const { code, requestId } = error;
    return upstreamError({ kind: 'unavailable', action, code, requestId, detail, retryAfterMs: 0 });
  }

  /** @throws UpstreamError of kind rejected for a call that cannot be sent */
  function encode<A extends Action>(action: A, params: Actions[A]['params']) {
    const spec: ActionSpec<A> = actions[action];
    const { alias } = spec;
    const wireParams = spec.encode(params);
    if (!alias || clock.monotonic() >= (aliasedUntilMs.get(action) ?? -Infinity)) {
      return { name: action, wireParams };
    }
    const detail = alias.cannotServe?.(params) ?? null;
    if (detail !== null) throw upstreamError({ kind: 'rejected', action, detail });
    return { name: alias.name, wireParams };
  }

  async function send(
    action: Action,
    wireName: string,
    wireParams: WireParams,
    traceparent: string | undefined,
  ): Promise<SdkResponse> {
    const { method } = actions[action];
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
          // Ours fire first. These close the socket of a call that timed out here, and the idle timer, which the SDK calls
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

  return { call, validate: encode };
}

/** The SDK's one method that is used. It takes plain objects for its model classes. */
interface Sdk {
  callApi(params: object, request: object, runtime: object): Promise<SdkResponse>;
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
