import type { PipelineRun } from '../core/domain.ts';
import type { Dependency } from '../core/readSet.ts';
import { type CallContext, notOlderThan, type Page, type UpstreamResult } from '../core/upstream.ts';
import { staleReasonOf } from '../core/upstreamError.ts';
import { type CacheCore, fromElsewhere, isSuperseded, type Part, served } from './core.ts';
import {
  decide,
  failureBehind,
  failureOf,
  FINISHED_FRESH_MS,
  freshAnswer,
  freshUntilOf,
  isServable,
  type Known,
} from './freshness.ts';
import { type Place, placeOf } from './keys.ts';
import {
  bytesOfList,
  confirmedPage,
  failureAt,
  type ListState,
  pageAt,
  runsIn,
  versionAt,
} from './listState.ts';
import { type ListEvent, reduce, unknownList } from './runList.ts';
import { noteListed } from './runs.ts';
import { isOfItsCaller } from './singleFlight.ts';

const ACTION = 'ListPipelineRuns';

type RunPage = UpstreamResult<Page<PipelineRun>>;

/** No single list takes more than this part of the cache: beyond it, its deep pages are dropped. */
const MAX_SHARE = 0.25;

/** The lists of runs: a state for each list and page size, and the calls that keep it up to date. */
export function createRunLists(core: CacheCore): Part<typeof ACTION> {
  const { clock, demand, entries } = core;
  return {
    async read(params, context) {
      const place = placeOf(params);
      const { index, listKey } = place;
      demand.note(listKey);
      entries.use(listKey);
      const newer = isPageSuperseded(place) ? await takeNewer(place, context) : null;
      const page = newer ?? (await readPage(place, context));
      const snapshot = stateOf(place).snapshots.get(index);
      if (!snapshot || snapshot.asOf < page.asOf) apply(place, { type: 'served', index, page });
      context.reads?.add(ACTION, page.staleBecause === null ? dependencyOn(place, page.asOf) : null);
      return page;
    },
    peek(params) {
      const place = placeOf(params);
      const state = stateOf(place);
      const page = pageAt(state, place.index);
      const snapshot = state.snapshots.get(place.index);
      if (!page || (snapshot && page.asOf < snapshot.asOf) || isPageSuperseded(place)) return null;
      return freshAnswer(page, demand.rules(), clock.now());
    },
  };

  async function readPage(place: Place, context: CallContext): Promise<RunPage> {
    const { index } = place;
    let isConfirmed = false;
    try {
      for (;;) {
        const state = stateOf(place);
        const snapshot = state.snapshots.get(index) ?? null;
        // The last page is not followed by an older one.
        const request = snapshot ? notOlderThan(snapshot.asOf, context) : context;
        // A new head can confirm a deep page, so that it need not be read itself.
        const needsHead = index > 0 && confirmedPage(state, index) !== null && isHeadOld(state, request);
        const known: Known<Page<PipelineRun>> = {
          current: pageAt(state, index),
          snapshot,
          failure: failureAt(state, index),
          confirmation: isConfirmed ? 'done' : needsHead ? 'possible' : 'impossible',
        };
        const decision = decide(known, context, demand.rules(), clock.now());
        switch (decision.do) {
          case 'serve':
            if (decision.refresh)
              core.inBackground(place.pageKey, context.caller, (own) => refresh(place, own));
            return served(ACTION, decision.answer, context);
          case 'confirmByHead':
            await fetchPage(headOf(place), request);
            isConfirmed = true;
            break;
          case 'fetch':
            return newest(place, await fetchPage(place, request), context);
        }
      }
    } catch (error) {
      const now = clock.now();
      const snapshot = stateOf(place).snapshots.get(index) ?? null;
      if (!isServable(snapshot, context, demand.rules(), now)) throw error;
      const { value, asOf } = snapshot;
      return served(ACTION, { value, asOf, staleBecause: staleReasonOf(error) }, context);
    }
  }

  /** While a page was read, another call may have been answered with a newer one. */
  function newest(place: Place, page: RunPage, context: CallContext): RunPage {
    const snapshot = stateOf(place).snapshots.get(place.index);
    if (!snapshot || snapshot.asOf <= page.asOf) return page;
    const { value, asOf } = snapshot;
    const now = clock.now();
    const rules = demand.rules();
    const isFresh = now < asOf + rules.freshMs;
    if (!isFresh && !isServable(snapshot, context, rules, now)) return page;
    return served(ACTION, { value, asOf, staleBecause: isFresh ? null : 'REFRESHING' }, context);
  }

  /** Reads an old head first: it may confirm the page, and it shows whether the list has changed. */
  async function refresh(place: Place, context: CallContext): Promise<void> {
    const { index } = place;
    const notBefore = stateOf(place).snapshots.get(index)?.asOf ?? -Infinity;
    const request = notOlderThan(notBefore, context);
    if (index > 0 && isHeadOld(stateOf(place), request)) {
      await fetchPage(headOf(place), request);
      const page = pageAt(stateOf(place), index);
      if (page && page.asOf >= notBefore && clock.now() < freshUntilOf(page, demand.rules().freshMs)) return;
    }
    await fetchPage(place, request);
  }

  function isHeadOld({ head }: ListState, { notBefore = -Infinity }: CallContext): boolean {
    const headAsOf = head?.asOf ?? -Infinity;
    return headAsOf < notBefore || headAsOf + demand.rules().freshMs <= clock.now();
  }

  function dependencyOn(place: Place, asOf: number): Dependency | null {
    const page = pageAt(stateOf(place), place.index);
    if (page?.asOf !== asOf) return null;
    const { version } = page;
    const freshUntil = freshUntilOf(page, demand.rules().usualFreshMs);
    return () => {
      demand.note(place.listKey);
      entries.use(place.listKey);
      if (versionAt(stateOf(place), place.index) !== version || isPageSuperseded(place)) return null;
      return clock.now() < freshUntil ? { asOf, freshUntil } : null;
    };
  }

  /** Whether another replica has read a newer page, or a newer head that confirms or outdates the page. */
  function isPageSuperseded(place: Place): boolean {
    if (core.newestElsewhere === null) return false;
    return isOneSuperseded(place) || (place.index > 0 && isOneSuperseded(headOf(place)));
  }

  function isOneSuperseded(place: Place): boolean {
    const state = stateOf(place);
    const page = pageAt(state, place.index);
    if (!page) return false;
    const { asOf } = page;
    return isSuperseded(core, place.pageKey, { asOf, failure: failureAt(state, place.index) });
  }

  /**
   * Takes from Redis what another replica has read: the head first, since it may confirm the page. Returns the page if it was read,
   * because it may be one that is not cached here.
   */
  async function takeNewer(place: Place, context: CallContext): Promise<RunPage | null> {
    for (const next of [headOf(place), place]) {
      if (!isOneSuperseded(next)) continue;
      try {
        const page = await fetchPage(next, fromElsewhere(core, next.pageKey, context));
        if (next.index === place.index) return newest(place, page, context);
      } catch {
        // Redis has lost it, and DataWorks does not answer. What is known here is served.
        return null;
      }
    }
    return null;
  }

  function stateOf({ listKey }: Place): ListState {
    return (entries.peek(listKey)?.value ?? unknownList) as ListState;
  }

  function apply({ listKey }: Place, event: ListEvent): void {
    const list = entries.peek(listKey);
    if (list) list.value = reduce(list.value as ListState, event);
  }

  function fetchPage(place: Place, context: CallContext): Promise<RunPage> {
    return core.flights.fetch(place.pageKey, ACTION, context, async (flight) => {
      try {
        const state = stateOf(place);
        // Other replicas may offer what is known to be outdated here.
        const outdatedAt = place.index === 0 ? (state.head?.asOf ?? -Infinity) : state.brokenAt;
        const answer = await core.upstream.call(ACTION, place.params, notOlderThan(outdatedAt + 1, flight));
        return store(place, answer);
      } catch (error) {
        const { index } = place;
        if (!isOfItsCaller(error, flight))
          apply(place, { type: 'failed', index, failure: failureOf(error, clock.now()) });
        throw error;
      }
    });
  }

  /** Stores a page in its list, and the readings of its runs. Returns it with runs that were stored already where they are equal. */
  function store(requested: Place, given: RunPage): RunPage {
    const rows = given.value.rows.map((run) => entries.runs.shared(run));
    const answer = { ...given, value: { ...given.value, rows } };
    const { value, asOf } = answer;
    const { params } = requested;
    const isOfSize = value.pageSize === params.pageSize;
    // A smaller page than requested belongs to the list of pages of that size, but only the first begins at the same row.
    if (!isOfSize && requested.index > 0) return answer;
    const place = isOfSize ? requested : placeOf({ ...params, pageSize: value.pageSize });
    const { index, listKey } = place;
    const arrivedAt = clock.now();
    const failure = failureBehind(answer, arrivedAt);
    const { staleMs } = demand.rules();
    const growsAtHead = params.filter.status === undefined;
    const trustMs = growsAtHead ? FINISHED_FRESH_MS : staleMs;
    const version = entries.nextVersion();
    const page = { value, asOf, arrivedAt, version };
    const traits = { pageSize: value.pageSize, growsAtHead, trustMs, staleMs };
    let state = reduce(stateOf(place), { type: 'read', index, page, traits });
    if (failure) state = reduce(state, { type: 'failed', index, failure });
    storeList(listKey, state, asOf);
    const reading = { asOf, version, failure };
    for (const run of rows) noteListed(entries, run, reading);
    return answer;
  }

  /** @param isTrimmed whether nothing more can be dropped */
  function storeList(listKey: string, state: ListState, asOf: number, isTrimmed = false): void {
    const runs = [...runsIn(state)];
    const runBytes = entries.runs.hold(runs);
    const bytes = bytesOfList(state);
    if (isTrimmed || bytes + runBytes <= core.maxBytes * MAX_SHARE) {
      entries.store(listKey, { value: state, asOf, failure: null, lastingMs: null, bytes, runs, runBytes });
      return;
    }
    const version = entries.nextVersion();
    storeList(listKey, reduce(state, { type: 'trimmed', version }), asOf, true);
    entries.runs.release(runs);
  }
}

function headOf({ params }: Place): Place {
  return placeOf({ ...params, pageNumber: 1 });
}
