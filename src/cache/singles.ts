import type { Actions, CallContext, UpstreamResult } from '../core/upstream.ts';
import {
  type CacheCore,
  cachedOf,
  entryDependency,
  freshAnswer,
  fromElsewhere,
  isSuperseded,
  notOlderThan,
  type Part,
  serveEntry,
} from './core.ts';
import { failureBehind, failureOf } from './decide.ts';
import { bytesOf } from './entries.ts';
import { isOfItsCaller } from './singleFlight.ts';

/** Answers that are cached one by one, each under its own key. */
export function createSingles<A extends 'GetPipelineRun' | 'ListPipelineRunItems'>(
  core: CacheCore,
  action: A,
  keyOf: (params: Actions[A]['params']) => string,
): Part<A> {
  type Params = Actions[A]['params'];
  type Value = Actions[A]['result'];
  const { clock, entries } = core;
  return {
    async read(params, context) {
      const key = keyOf(params);
      const entry = entries.peek(key);
      if (entry && isSuperseded(core, key, entry)) {
        // If Redis has lost the newer answer and DataWorks does not answer, what is known here is served.
        const newer = fetch(key, params, fromElsewhere(core, key, context)).catch(() => null);
        const answer = await newer;
        if (answer) return answer;
      }
      const refresh = () =>
        core.inBackground(key, context.caller, (background) => fetch(key, params, background));
      return serveEntry<Value>(core, action, key, context, refresh) ?? fetch(key, params, context);
    },
    peek(params) {
      const key = keyOf(params);
      const entry = entries.peek(key);
      return entry && !isSuperseded(core, key, entry)
        ? freshAnswer<Value>(core, cachedOf(action, entry))
        : null;
    },
    dependencies(params, asOf) {
      const dependency = entryDependency(core, action, keyOf(params), asOf);
      return dependency && [dependency];
    },
  };

  function fetch(key: string, params: Params, context: CallContext): Promise<UpstreamResult<Value>> {
    return core.flights.fetch(key, action, context, async (flight) => {
      try {
        const before = entries.peek(key);
        const request = before ? notOlderThan(before.asOf + 1, flight) : flight;
        const answer = await core.upstream.call(action, params, request);
        const { value, asOf, staleBecause } = answer;
        const known = entries.peek(key);
        // Another call, or a list with this run on it, may have brought a newer one meanwhile.
        if (known && known.asOf > asOf)
          return { value: known.value as Value, asOf: known.asOf, staleBecause };
        const failure = failureBehind(answer, clock.now());
        if (hasRequestedSize(params, value)) entries.set(key, { value, asOf, failure }, bytesOf(value));
        return answer;
      } catch (error) {
        const known = entries.get(key);
        if (known && !isOfItsCaller(error, flight)) known.failure = failureOf(error, clock.now());
        throw error;
      }
    });
  }
}

/** A page that is smaller than requested is not cached: another page number may show the same rows. */
function hasRequestedSize(params: object, value: object | null): boolean {
  if (value === null || !('pageSize' in value) || !('pageSize' in params)) return true;
  return value.pageSize === params.pageSize;
}
