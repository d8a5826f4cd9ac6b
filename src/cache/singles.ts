import type { Actions, UpstreamResult, CallContext, CachedResult } from '../core/upstream.ts';
import { isOfItsCaller } from './flights.ts';
import { freshForMs } from './freshness.ts';
import { type CacheKit, fromElsewhere, newerThan } from './kit.ts';
import { bytesOf, type Entry } from './memory.ts';
import { freshAnswer, isSuperseded, serve, troubleIn, troubleOf, type View } from './serve.ts';

/** Answers that are known one by one, each under its own key. */
export interface Singles<A extends SingleAction> {
  read(params: Actions[A]['params'], context: CallContext): Promise<UpstreamResult<Actions[A]['result']>>;
  /** As `CachedUpstream.peek`. */
  peek(params: Actions[A]['params']): UpstreamResult<Actions[A]['result']> | null;
  /** As `CachedUpstream.recaller`. */
  recaller(params: Actions[A]['params']): () => CachedResult<Actions[A]['result']> | null;
}

type SingleAction = 'GetPipelineRun' | 'ListPipelineRunItems';

export function createSingles<A extends SingleAction>(
  kit: CacheKit,
  action: A,
  keyOf: (params: Actions[A]['params']) => string,
): Singles<A> {
  return {
    async read(params, context) {
      const key = keyOf(params);
      const view = wantedView(key);
      if (isSuperseded(kit, view, key)) {
        try {
          return await fetch(key, params, fromElsewhere(kit, key, context));
        } catch {
          // Redis has lost it, and DataWorks does not answer. What is known here has to do.
        }
      }
      const refresh = () =>
        kit.inBackground(key, context.caller, (background) => fetch(key, params, background));
      return serve(kit, action, view, refresh, context) ?? fetch(key, params, context);
    },
    peek(params) {
      const key = keyOf(params);
      return newestAnswer(key, viewOf(kit.memory.peek(key)));
    },
    recaller(params) {
      const key = keyOf(params);
      return () => newestAnswer(key, wantedView(key));
    },
  };

  function newestAnswer(
    key: string,
    view: View<Actions[A]['result']> | null,
  ): CachedResult<Actions[A]['result']> | null {
    return isSuperseded(kit, view, key) ? null : freshAnswer(kit, view);
  }

  function wantedView(key: string): View<Actions[A]['result']> | null {
    const view = viewOf(kit.memory.get(key));
    if (view?.isShortLived) kit.wanted(key);
    return view;
  }

  function viewOf(entry: Entry | undefined): View<Actions[A]['result']> | null {
    if (!entry) return null;
    const { asOf, trouble } = entry;
    const value = entry.value as Actions[A]['result'];
    const freshMs = freshForMs(action, value, kit.freshMs());
    return { value, asOf, freshUntil: asOf + freshMs, isShortLived: freshMs === kit.freshMs(), trouble };
  }

  function fetch(
    key: string,
    params: Actions[A]['params'],
    context: CallContext,
  ): Promise<UpstreamResult<Actions[A]['result']>> {
    return kit.flights.fetch(key, action, context, async (flight) => {
      try {
        const answer = await kit.upstream.call(action, params, newerThan(kit.memory.peek(key)?.asOf, flight));
        const known = kit.memory.peek(key);
        // Another call, or a list with this run on it, may have brought a newer one meanwhile.
        if (known && known.asOf > answer.asOf) {
          const { staleBecause } = answer;
          return { value: known.value as Actions[A]['result'], asOf: known.asOf, staleBecause };
        }
        const { value, asOf } = answer;
        const trouble = troubleIn(answer, kit.clock.now());
        if (isAsAsked(params, value)) kit.memory.set(key, { value, asOf, trouble }, bytesOf(value));
        return answer;
      } catch (error) {
        const known = kit.memory.get(key);
        if (known && !isOfItsCaller(error, flight)) known.trouble = troubleOf(error, kit.clock.now());
        throw error;
      }
    });
  }
}

/** A page that is smaller than was asked for is not known by what was asked. */
function isAsAsked(params: object, value: object | null): boolean {
  if (value === null || !('pageSize' in value) || !('pageSize' in params)) return true;
  return value.pageSize === params.pageSize;
}
