import { isPlaceholderId, type PipelineRun } from '../core/domain.ts';
import type { CallContext, Page, UpstreamResult } from '../core/upstream.ts';
import {
  type CacheCore,
  dependencyOn,
  freshAnswer,
  fromElsewhere,
  isSuperseded,
  notOlderThan,
  type Part,
  served,
} from './core.ts';
import {
  type Dated,
  decide,
  failureBehind,
  failureOf,
  freshUntilOf,
  isServable,
  type Known,
} from './decide.ts';
import { bytesOf } from './entries.ts';
import { FINISHED_FRESH_MS } from './freshness.ts';
import { runKey } from './keys.ts';
import { headOf, type Place, placeOf, placeOfAnswer } from './listPlace.ts';
import { createRunList, type RunList } from './runList.ts';
import { isOfItsCaller } from './singleFlight.ts';

type RunPage = UpstreamResult<Page<PipelineRun>>;

/** No single list takes more than this part of the cache: beyond it, its deep pages are dropped. */
const MAX_SHARE = 0.25;

/** The size of an empty list. */
const LIST_BYTES = 6000;

/** The lists of runs: a state for each list and page size, and the calls that keep it up to date. */
export function createRunLists(core: CacheCore): Part<'ListPipelineRuns'> {
  const { clock, entries } = core;
  return {
    async read(params, context) {
      const place = placeOf(params);
      core.demand.note(place.listKey);
      if (isPageSuperseded(place)) await takeNewer(place, context);
      const page = await readPage(place, context);
      listOf(place)?.apply({ type: 'served', index: place.index, page });
      return page;
    },
    peek(params) {
      const place = placeOf(params);
      const list = entries.peek(place.listKey)?.value as RunList | undefined;
      const page = list?.page(place.index) ?? null;
      if (
        page === null ||
        page.asOf < (list?.snapshot(place.index)?.asOf ?? -Infinity) ||
        isPageSuperseded(place)
      )
        return null;
      return freshAnswer(core, page);
    },
    dependencies(params, asOf) {
      const place = placeOf(params);
      const page = listOf(place)?.page(place.index) ?? null;
      if (page?.asOf !== asOf) return null;
      const { version } = page;
      const isCurrent = () => listOf(place)?.version(place.index) === version && !isPageSuperseded(place);
      return [dependencyOn(core, place.listKey, page, isCurrent)];
    },
  };

  async function readPage(place: Place, context: CallContext): Promise<RunPage> {
    let isConfirmed = false;
    try {
      for (;;) {
        const list = listOf(place);
        const known = {
          current: list?.page(place.index) ?? null,
          snapshot: snapshotOf(place),
          failure: list?.failure(place.index) ?? null,
          confirmation: confirmationOf(place, context, isConfirmed),
        };
        const decision = decide(known, context, core.rules(), clock.now());
        switch (decision.do) {
          case 'serve':
            if (decision.refresh) refresh(place, context);
            return served('ListPipelineRuns', decision.answer, decision.because, context);
          case 'serveSnapshot':
            return served('ListPipelineRuns', decision.answer, decision.because, context);
          case 'confirmByHead':
            await fetchPage(headOf(place), notOlder(place, context));
            isConfirmed = true;
            break;
          case 'fetch':
            return newest(place, await fetchPage(place, notOlder(place, context)), context);
        }
      }
    } catch (error) {
      const now = clock.now();
      const snapshot = snapshotOf(place);
      if (!isServable(snapshot, context, core.rules(), now)) throw error;
      return served('ListPipelineRuns', snapshot, failureOf(error, now).because, context);
    }
  }

  /** While a page was read, another call may have been answered with a newer one. */
  function newest(place: Place, page: RunPage, context: CallContext): RunPage {
    const snapshot = snapshotOf(place);
    if (snapshot === null || snapshot.asOf <= page.asOf) return page;
    const now = clock.now();
    const isFresh = now < snapshot.asOf + core.rules().freshMs;
    if (!isFresh && !isServable(snapshot, context, core.rules(), now)) return page;
    return served('ListPipelineRuns', snapshot, isFresh ? null : 'REFRESHING', context);
  }

  function refresh(place: Place, { caller }: CallContext): void {
    core.inBackground(place.pageKey, caller, async (background) => {
      const context = notOlder(place, background);
      if (needsHead(place, context)) {
        await fetchPage(headOf(place), context);
        const page = listOf(place)?.page(place.index) ?? null;
        const isFresh = page !== null && clock.now() < freshUntilOf(page, core.rules().freshMs);
        if (isFresh && page.asOf >= (context.notBefore ?? -Infinity)) return;
      }
      await fetchPage(place, context);
    });
  }

  function confirmationOf(
    place: Place,
    context: CallContext,
    isConfirmed: boolean,
  ): Known<never>['confirmation'] {
    if (isConfirmed) return 'done';
    return needsHead(place, notOlder(place, context)) ? 'possible' : 'impossible';
  }

  /** Whether a new head can confirm the page, so that it need not be read itself. */
  function needsHead(place: Place, { notBefore = -Infinity }: CallContext): boolean {
    const list = listOf(place);
    if (place.index === 0 || !list?.canBeConfirmed(place.index)) return false;
    return list.headAsOf < notBefore || list.headAsOf + core.rules().freshMs <= clock.now();
  }

  /** The context of a call whose answer must not be older than the last page. */
  function notOlder(place: Place, context: CallContext): CallContext {
    return notOlderThan(snapshotOf(place)?.asOf ?? -Infinity, context);
  }

  /** Whether another replica has read a newer page, or a newer head that confirms or outdates the page. */
  function isPageSuperseded(place: Place): boolean {
    return isOneSuperseded(place) || (place.index > 0 && isOneSuperseded(headOf(place)));
  }

  function isOneSuperseded({ listKey, pageKey, index }: Place): boolean {
    if (core.newestElsewhere === null) return false;
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

  function snapshotOf(place: Place): Dated<Page<PipelineRun>> | null {
    return listOf(place)?.snapshot(place.index) ?? null;
  }

  function listOf({ listKey }: Place): RunList | undefined {
    return entries.get(listKey)?.value as RunList | undefined;
  }

  function fetchPage(place: Place, context: CallContext): Promise<RunPage> {
    return core.flights.fetch(place.pageKey, 'ListPipelineRuns', context, async (flight) => {
      try {
        const list = listOf(place);
        // Other replicas may offer what is known to be outdated here.
        const outdatedAt = (place.index === 0 ? list?.headAsOf : list?.brokenAt) ?? -Infinity;
        const request = notOlderThan(outdatedAt + 1, flight);
        const answer = await core.upstream.call('ListPipelineRuns', place.params, request);
        const actual = placeOfAnswer(place, answer);
        if (actual) store(actual, answer);
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
  function store(place: Place, answer: RunPage): void {
    const growsAtHead = place.params.filter.status === undefined;
    const { staleMs } = core;
    const { pageSize } = place.params;
    const trustMs = growsAtHead ? FINISHED_FRESH_MS : staleMs;
    const list = listOf(place) ?? createRunList({ pageSize, growsAtHead, trustMs, staleMs });
    const { value, asOf } = answer;
    const { index } = place;
    const arrivedAt = clock.now();
    const bytes = bytesOf(value.rows);
    list.apply({
      type: 'read',
      index,
      page: { value, asOf },
      arrivedAt,
      bytes,
      version: entries.nextVersion(),
    });
    const failure = failureBehind(answer, arrivedAt);
    if (failure) list.apply({ type: 'failed', index, failure });
    let size = list.size();
    if (size > core.maxBytes * MAX_SHARE) {
      list.apply({ type: 'trimmed', version: entries.nextVersion() });
      size = list.size();
    }
    entries.set(place.listKey, { value: list, asOf, failure: null }, LIST_BYTES + size);
    for (const run of value.rows) {
      if (isPlaceholderId(run.runId)) continue;
      const key = runKey(run);
      const known = entries.get(key);
      if (!known || known.asOf < asOf)
        entries.set(key, { value: run, asOf, failure }, bytes / value.rows.length);
    }
  }
}
