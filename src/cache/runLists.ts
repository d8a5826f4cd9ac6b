import { isPlaceholderId, type PipelineRun } from '../core/domain.ts';
import type { Dependency } from '../core/readSet.ts';
import { type CallContext, notOlderThan, type Page, type UpstreamResult } from '../core/upstream.ts';
import { type CacheCore, fromElsewhere, isSuperseded, type Part, served } from './core.ts';
import { bytesOf } from './entries.ts';
import {
  decide,
  failureBehind,
  failureOf,
  FINISHED_FRESH_MS,
  freshAnswer,
  freshUntilOf,
  isServable,
  lastingMs,
} from './freshness.ts';
import { type Place, placeOf, runKey } from './keys.ts';
import { sizeOf } from './listState.ts';
import { RunList, versionOf } from './runList.ts';
import { isOfItsCaller } from './singleFlight.ts';

const ACTION = 'ListPipelineRuns';

type RunPage = UpstreamResult<Page<PipelineRun>>;

/** No single list takes more than this part of the cache: beyond it, its deep pages are dropped. */
const MAX_SHARE = 0.25;

/** The size of an empty list. */
const LIST_BYTES = 6000;

/** The lists of runs: a state for each list and page size, and the calls that keep it up to date. */
export function createRunLists(core: CacheCore): Part<typeof ACTION> {
  const { clock, entries, staleMs } = core;
  return {
    async read(params, context) {
      const place = placeOf(params);
      const { index } = place;
      core.demand.note(place.listKey);
      if (isPageSuperseded(place)) await takeNewer(place, context);
      const page = await readPage(place, context);
      const list = listOf(place);
      const snapshot = list?.state.snapshots.get(index);
      if (!snapshot || snapshot.asOf < page.asOf) list?.apply({ type: 'served', index, page });
      context.reads?.add(ACTION, page.staleBecause === null ? dependencyOn(place, page.asOf) : null);
      return page;
    },
    peek(params) {
      const place = placeOf(params);
      const list = entries.peek(place.listKey)?.value as RunList | undefined;
      const page = list?.page(place.index);
      const snapshot = list?.state.snapshots.get(place.index);
      if (!page || (snapshot && page.asOf < snapshot.asOf) || isPageSuperseded(place)) return null;
      return freshAnswer(page, core.rules(), clock.now());
    },
  };

  async function readPage(place: Place, context: CallContext): Promise<RunPage> {
    const { index } = place;
    let isConfirmed = false;
    try {
      for (;;) {
        const list = listOf(place);
        const snapshot = list?.state.snapshots.get(index) ?? null;
        // The last page is not followed by an older one.
        const request = snapshot ? notOlderThan(snapshot.asOf, context) : context;
        const canConfirm = list !== undefined && needsHead(list, index, request);
        const known = {
          current: list?.page(index) ?? null,
          snapshot,
          failure: list?.failure(index) ?? null,
          confirmation: isConfirmed
            ? ('done' as const)
            : canConfirm
              ? ('possible' as const)
              : ('impossible' as const),
        };
        const decision = decide(known, context, core.rules(), clock.now());
        switch (decision.do) {
          case 'serve':
            if (decision.refresh)
              core.inBackground(place.pageKey, context.caller, (own) => refresh(place, own));
            return served(ACTION, decision.answer, decision.because, context);
          case 'serveSnapshot':
            return served(ACTION, decision.answer, decision.because, context);
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
      const snapshot = listOf(place)?.state.snapshots.get(index) ?? null;
      if (!isServable(snapshot, context, core.rules(), now)) throw error;
      return served(ACTION, snapshot, failureOf(error, now).because, context);
    }
  }

  /** While a page was read, another call may have been answered with a newer one. */
  function newest(place: Place, page: RunPage, context: CallContext): RunPage {
    const snapshot = listOf(place)?.state.snapshots.get(place.index);
    if (!snapshot || snapshot.asOf <= page.asOf) return page;
    const now = clock.now();
    const isFresh = now < snapshot.asOf + core.rules().freshMs;
    if (!isFresh && !isServable(snapshot, context, core.rules(), now)) return page;
    return served(ACTION, snapshot, isFresh ? null : 'REFRESHING', context);
  }

  /** Reads an old head first: it may confirm the page, and it shows whether the list has changed. */
  async function refresh(place: Place, context: CallContext): Promise<void> {
    const { index } = place;
    const list = listOf(place);
    const notBefore = list?.state.snapshots.get(index)?.asOf ?? -Infinity;
    const request = notOlderThan(notBefore, context);
    if (index > 0 && isHeadOld(list, request)) {
      await fetchPage(headOf(place), request);
      const page = listOf(place)?.page(index);
      if (page && page.asOf >= notBefore && clock.now() < freshUntilOf(page, core.rules().freshMs)) return;
    }
    await fetchPage(place, request);
  }

  /** Whether a new head can confirm the page, so that it need not be read itself. */
  function needsHead(list: RunList, index: number, request: CallContext): boolean {
    return index > 0 && list.confirmed(index) !== null && isHeadOld(list, request);
  }

  function isHeadOld(list: RunList | undefined, { notBefore = -Infinity }: CallContext): boolean {
    const headAsOf = list?.state.head?.asOf ?? -Infinity;
    return headAsOf < notBefore || headAsOf + core.rules().freshMs <= clock.now();
  }

  function dependencyOn(place: Place, asOf: number): Dependency | null {
    const page = listOf(place)?.page(place.index);
    if (page?.asOf !== asOf) return null;
    const { version } = page;
    const freshUntil = freshUntilOf(page, core.rules().usualFreshMs);
    return {
      freshness() {
        core.demand.note(place.listKey);
        const list = listOf(place);
        if (!list || versionOf(list.state, place.index) !== version || isPageSuperseded(place)) return null;
        return clock.now() < freshUntil ? { asOf, freshUntil } : null;
      },
    };
  }

  /** Whether another replica has read a newer page, or a newer head that confirms or outdates the page. */
  function isPageSuperseded(place: Place): boolean {
    if (core.newestElsewhere === null) return false;
    return isOneSuperseded(place) || (place.index > 0 && isOneSuperseded(headOf(place)));
  }

  function isOneSuperseded({ listKey, pageKey, index }: Place): boolean {
    const list = entries.peek(listKey)?.value as RunList | undefined;
    const page = list?.page(index);
    return (
      page != null && isSuperseded(core, pageKey, { asOf: page.asOf, failure: list?.failure(index) ?? null })
    );
  }

  /** Takes from Redis what another replica has read: the head first, since it may confirm the page. */
  async function takeNewer(place: Place, context: CallContext): Promise<void> {
    for (const next of [headOf(place), place]) {
      if (!isOneSuperseded(next)) continue;
      try {
        await fetchPage(next, fromElsewhere(core, next.pageKey, context));
      } catch {
        // Redis has lost it, and DataWorks does not answer. What is known here is served.
        return;
      }
    }
  }

  function listOf({ listKey }: Place): RunList | undefined {
    return entries.get(listKey)?.value as RunList | undefined;
  }

  function fetchPage(place: Place, context: CallContext): Promise<RunPage> {
    return core.flights.fetch(place.pageKey, ACTION, context, async (flight) => {
      try {
        const state = listOf(place)?.state;
        // Other replicas may offer what is known to be outdated here.
        const outdatedAt = (place.index === 0 ? state?.head?.asOf : state?.brokenAt) ?? -Infinity;
        const answer = await core.upstream.call(ACTION, place.params, notOlderThan(outdatedAt + 1, flight));
        store(place, answer);
        return answer;
      } catch (error) {
        const { index } = place;
        if (!isOfItsCaller(error, flight))
          listOf(place)?.apply({ type: 'failed', index, failure: failureOf(error, clock.now()) });
        throw error;
      }
    });
  }

  /** Stores a page in its list, and its runs under their own keys. */
  function store(requested: Place, answer: RunPage): void {
    const { value, asOf } = answer;
    const { params } = requested;
    const isOfSize = value.pageSize === params.pageSize;
    // A smaller page than requested belongs to the list of pages of that size, but only the first begins at the same row.
    if (!isOfSize && requested.index > 0) return;
    const place = isOfSize ? requested : placeOf({ ...params, pageSize: value.pageSize });
    const { index, listKey } = place;
    const arrivedAt = clock.now();
    const rowBytes = bytesOf(value.rows) / Math.max(1, value.rows.length);
    const failure = failureBehind(answer, arrivedAt);
    const growsAtHead = params.filter.status === undefined;
    const trustMs = growsAtHead ? FINISHED_FRESH_MS : staleMs;
    const list = listOf(place) ?? new RunList({ pageSize: value.pageSize, growsAtHead, trustMs, staleMs });
    list.apply({
      type: 'read',
      index,
      page: { value, asOf, arrivedAt, rowBytes, version: entries.nextVersion() },
    });
    if (failure) list.apply({ type: 'failed', index, failure });
    if (sizeOf(list.state) > core.maxBytes * MAX_SHARE)
      list.apply({ type: 'trimmed', version: entries.nextVersion() });
    const bytes = LIST_BYTES + sizeOf(list.state);
    entries.store(listKey, { value: list, asOf, failure: null, lastingMs: null, bytes });
    for (const run of value.rows) {
      const key = runKey(run);
      if (isPlaceholderId(run.runId) || (entries.get(key)?.asOf ?? -Infinity) >= asOf) continue;
      const lasting = lastingMs.GetPipelineRun(run);
      entries.store(key, { value: run, asOf, failure, lastingMs: lasting, bytes: rowBytes });
    }
  }
}

function headOf({ params }: Place): Place {
  return placeOf({ ...params, pageNumber: 1 });
}
