import type { Dependency } from '../core/readSet.ts';
import { type Action, type CallContext, notOlderThan, type UpstreamResult } from '../core/upstream.ts';
import { type CacheCore, fromElsewhere, isSuperseded, served } from './core.ts';
import { decide, type Failure, failureBehind, failureOf, freshAnswer, freshUntilOf } from './freshness.ts';
import type { Entry } from './entries.ts';
import { isOfItsCaller } from './singleFlight.ts';

type NonEmpty<Item> = [Item, ...Item[]];

/** A kind of values that are cached one by one, each under its own key. One call can answer several. */
export interface EntryKind<Params, Value, Result> {
  action: Action;
  keyOf: (params: Params) => string;
  call(batch: NonEmpty<Params>, context: CallContext): Promise<UpstreamResult<Result>>;
  valueOf(result: Result, params: Params): Value;
  /** Whether the value is what was requested. */
  isCacheable(params: Params, value: Value): boolean;
}

/** Where the values of a kind are stored. */
export interface EntryStorage<Params, Value> {
  /** Null if nothing is known. Does not count as use. */
  peek(params: Params): Entry<Value> | null;
  /** Records a use. */
  use(params: Params): void;
  store(params: Params, value: Value, asOf: number, failure: Failure | null): void;
  /** Records that a refresh failed, if something is known. */
  fail(params: Params, failure: Failure): void;
}

export function createEntryCache<Params, Value, Result>(
  core: CacheCore,
  kind: EntryKind<Params, Value, Result>,
  storage: EntryStorage<Params, Value>,
) {
  const { clock, demand } = core;
  const { action, keyOf } = kind;

  return { read, peek };

  function peek(params: Params): UpstreamResult<Value> | null {
    const entry = storage.peek(params);
    return entry && !isSuperseded(core, keyOf(params), entry)
      ? freshAnswer(entry, demand.rules(), clock.now())
      : null;
  }

  /** Values in the order of the parameters. Those that need a call share one. */
  async function read(
    all: readonly Params[],
    context: CallContext,
  ): Promise<NonEmpty<UpstreamResult<Value>>> {
    const taken =
      core.newestElsewhere === null ? [] : await Promise.all(all.map((params) => takeNewer(params, context)));
    const missing: Params[] = [];
    const stale: Params[] = [];
    const known = all.map((params, at) => {
      const newer = taken[at];
      if (newer) return newer;
      const decision = decisionOn(params, context);
      if (decision?.do !== 'serve') {
        missing.push(params);
        return null;
      }
      if (decision.refresh) stale.push(params);
      return served(action, decision.answer, context);
    });
    if (stale.length > 0) {
      const name = stale.map(keyOf).join();
      core.inBackground(name, context.caller, (own) =>
        Promise.all(stale.map((params) => fetch(params, stale, own))),
      );
    }
    const answers = all.map(async (params, at) => {
      const answer = known[at] ?? (await fetch(params, missing, context));
      const isFresh = answer.staleBecause === null;
      context.reads?.add(action, isFresh ? dependencyOn(params, answer.asOf) : null);
      return answer;
    });
    return (await Promise.all(answers)) as NonEmpty<UpstreamResult<Value>>;
  }

  /** Takes from Redis what another replica has read. It may be an answer that is not cached here. Null if there is nothing newer. */
  async function takeNewer(params: Params, context: CallContext): Promise<UpstreamResult<Value> | null> {
    const key = keyOf(params);
    const entry = storage.peek(params);
    if (!entry || !isSuperseded(core, key, entry)) return null;
    if (entry.isShortLived) demand.note(key);
    // If Redis has lost it and DataWorks does not answer, what is known here is served.
    return fetch(params, [params], fromElsewhere(core, key, context)).catch(() => null);
  }

  function decisionOn(params: Params, context: CallContext) {
    storage.use(params);
    const current = storage.peek(params);
    if (!current) return null;
    if (current.isShortLived) demand.note(keyOf(params));
    const { failure } = current;
    const known = { current, snapshot: null, failure, confirmation: 'impossible' as const };
    return decide(known, context, demand.rules(), clock.now());
  }

  /** @param batch what to request with it if it is not in flight */
  async function fetch(
    params: Params,
    batch: readonly Params[],
    context: CallContext,
  ): Promise<UpstreamResult<Value>> {
    const key = keyOf(params);
    const { value, asOf, staleBecause } = await core.flights.fetch(
      key,
      action,
      context,
      (flight, keys) =>
        request(
          batch.filter((one) => keys.includes(keyOf(one))),
          flight,
        ),
      batch.map(keyOf),
    );
    const known = storage.peek(params);
    // Another call, or a list with this run on it, may have brought a newer one meanwhile.
    if (known && known.asOf > asOf) return { value: known.value, asOf: known.asOf, staleBecause };
    return { value: kind.valueOf(value, params), asOf, staleBecause };
  }

  async function request(batch: readonly Params[], flight: CallContext): Promise<UpstreamResult<Result>> {
    try {
      const knownAsOf = Math.max(...batch.map((params) => storage.peek(params)?.asOf ?? -Infinity));
      const answer = await kind.call(batch as NonEmpty<Params>, notOlderThan(knownAsOf + 1, flight));
      for (const params of batch) store(params, answer);
      return answer;
    } catch (error) {
      if (!isOfItsCaller(error, flight))
        for (const params of batch) storage.fail(params, failureOf(error, clock.now()));
      throw error;
    }
  }

  function store(params: Params, answer: UpstreamResult<Result>): void {
    const { asOf } = answer;
    const value = kind.valueOf(answer.value, params);
    if ((storage.peek(params)?.asOf ?? -Infinity) > asOf || !kind.isCacheable(params, value)) return;
    storage.store(params, value, asOf, failureBehind(answer, clock.now()));
  }

  /** The dependency on an entry of this age. Null if it is no longer cached. */
  function dependencyOn(params: Params, asOf: number): Dependency | null {
    const key = keyOf(params);
    const read = storage.peek(params);
    if (read?.asOf !== asOf) return null;
    const { version, isShortLived } = read;
    const freshUntil = freshUntilOf(read, demand.rules().usualFreshMs);
    return () => {
      if (isShortLived) demand.note(key);
      storage.use(params);
      const entry = storage.peek(params);
      const isCurrent = entry?.version === version && !isSuperseded(core, key, entry);
      return isCurrent && clock.now() < freshUntil ? { asOf, freshUntil } : null;
    };
  }
}
