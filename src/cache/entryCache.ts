import type { Dependency } from '../core/readSet.ts';
import { type Action, type CallContext, notOlderThan, type UpstreamResult } from '../core/upstream.ts';
import { type CacheCore, fromElsewhere, isSuperseded, served } from './core.ts';
import { decide, failureBehind, failureOf, freshAnswer, freshUntilOf } from './freshness.ts';
import { bytesOf, type Entry } from './entries.ts';
import { type FlightContext, isOfItsCaller } from './singleFlight.ts';

/** A kind of answers that are cached one by one, each under its own key. */
export interface EntryKind<Params, Value> {
  action: Action;
  keyOf: (params: Params) => string;
  lastingMs(value: Value): number | null;
  /** Whether the value is what was requested. */
  isCacheable(params: Params, value: Value): boolean;
}

type Request<Params, Value> = (params: Params, context: FlightContext) => Promise<UpstreamResult<Value>>;

export function createEntryCache<Params, Value>(core: CacheCore, kind: EntryKind<Params, Value>) {
  const { clock, entries } = core;
  const { action, keyOf } = kind;
  const peekEntry = (key: string) => entries.peek(key) as Entry<Value> | undefined;

  return {
    /** @param request makes the upstream call when one is needed */
    async read(
      params: Params,
      context: CallContext,
      request: Request<Params, Value>,
    ): Promise<UpstreamResult<Value>> {
      const key = keyOf(params);
      const fetch = (own: CallContext) => fetchEntry(key, params, own, request);
      const answer =
        (await newerElsewhere(key, context, fetch)) ?? serve(key, context, fetch) ?? (await fetch(context));
      context.reads?.add(action, answer.staleBecause === null ? dependencyOn(key, answer.asOf) : null);
      return answer;
    },
    peek(params: Params): UpstreamResult<Value> | null {
      const key = keyOf(params);
      const entry = peekEntry(key);
      return entry && !isSuperseded(core, key, entry) ? freshAnswer(entry, core.rules(), clock.now()) : null;
    },
  };

  type Fetch = (context: CallContext) => Promise<UpstreamResult<Value>>;

  /** The newer answer of another replica. Null if there is none, or Redis has lost it and DataWorks does not answer. */
  async function newerElsewhere(
    key: string,
    context: CallContext,
    fetch: Fetch,
  ): Promise<UpstreamResult<Value> | null> {
    const entry = peekEntry(key);
    if (!entry || !isSuperseded(core, key, entry)) return null;
    return fetch(fromElsewhere(core, key, context)).catch(() => null);
  }

  /** Serves what is cached, or returns null if the caller must wait for a call. */
  function serve(key: string, context: CallContext, fetch: Fetch): UpstreamResult<Value> | null {
    const current = entries.get(key) as Entry<Value> | undefined;
    if (!current) return null;
    if (current.isShortLived) core.demand.note(key);
    const { failure } = current;
    const known = { current, snapshot: null, failure, confirmation: 'impossible' as const };
    const decision = decide(known, context, core.rules(), clock.now());
    if (decision.do !== 'serve') return null;
    if (decision.refresh) core.inBackground(key, context.caller, fetch);
    return served(action, decision.answer, decision.because, context);
  }

  function fetchEntry(
    key: string,
    params: Params,
    context: CallContext,
    request: Request<Params, Value>,
  ): Promise<UpstreamResult<Value>> {
    return core.flights.fetch(key, action, context, async (flight) => {
      try {
        const answer = await request(params, notOlderThan((peekEntry(key)?.asOf ?? -Infinity) + 1, flight));
        const { value, asOf, staleBecause } = answer;
        const known = peekEntry(key);
        // Another call, or a list with this run on it, may have brought a newer one meanwhile.
        if (known && known.asOf > asOf) return { value: known.value, asOf: known.asOf, staleBecause };
        if (kind.isCacheable(params, value)) {
          const failure = failureBehind(answer, clock.now());
          const bytes = bytesOf(value);
          entries.store(key, { value, asOf, failure, lastingMs: kind.lastingMs(value), bytes });
        }
        return answer;
      } catch (error) {
        const known = entries.get(key);
        if (known && !isOfItsCaller(error, flight)) known.failure = failureOf(error, clock.now());
        throw error;
      }
    });
  }

  /** The dependency on an entry of this age. Null if it is no longer cached. */
  function dependencyOn(key: string, asOf: number): Dependency | null {
    const read = peekEntry(key);
    if (read?.asOf !== asOf) return null;
    const { version, isShortLived } = read;
    const freshUntil = freshUntilOf(read, core.rules().usualFreshMs);
    return {
      freshness() {
        if (isShortLived) core.demand.note(key);
        const entry = entries.get(key);
        const isCurrent = entry?.version === version && !isSuperseded(core, key, entry);
        return isCurrent && clock.now() < freshUntil ? { asOf, freshUntil } : null;
      },
    };
  }
}
