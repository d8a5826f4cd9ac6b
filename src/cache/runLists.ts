import { isPlaceholderId, type PipelineRun } from '../core/domain.ts';
import type { Actions, UpstreamResult, CallContext, Page, CachedResult } from '../core/upstream.ts';
import { isOfItsCaller } from './flights.ts';
import { FINISHED_FRESH_MS } from './freshness.ts';
import type { GivenPage } from './givenPages.ts';
import { type CacheKit, fromElsewhere, listKey, newerThan, notBefore, pageKey, runKey } from './kit.ts';
import { bytesOf, type Entry } from './memory.ts';
import { createRunList, type RunList } from './runList.ts';
import { freshAnswer, isSuperseded, serve, type Trouble, troubleIn, troubleOf } from './serve.ts';

/** The lists of runs: one `RunList` a list and page size, and the calls that keep it true. */
export interface RunLists {
  read(page: ListPage, context: CallContext): Promise<UpstreamResult<Page<PipelineRun>>>;
  /** As `CachedUpstream.peek`. */
  peek(page: ListPage): UpstreamResult<Page<PipelineRun>> | null;
  /** As `CachedUpstream.recaller`. */
  recaller(page: ListPage): () => CachedResult<Page<PipelineRun>> | null;
}

type ListPage = Actions['ListPipelineRuns']['params'];

/** A page of a list, with the keys that they go by. */
interface Place {
  page: ListPage;
  /** From 0. */
  index: number;
  listKey: string;
  pageKey: string;
}

/** No single list may take more than this part of the memory: its depth is dropped before others suffer. */
const MAX_SHARE = 0.25;

/** What an empty list weighs: its maps and functions, reckoned as all weights are. */
const LIST_BYTES = 6000;

export function createRunLists(kit: CacheKit): RunLists {
  return {
    async read(page, context) {
      const place = placeOf(page);
      kit.wanted(place.listKey);
      if (hasNewerElsewhere(place, knownList(place))) await takeNewer(place, context);
      try {
        const answer = await readPage(place, notBeforeGiven(place, context));
        const given = givenPage(place);
        // While this one was read, somebody was given a newer one.
        if (given && given.asOf > answer.asOf) return givenAnswer(place, kit.freshMs(), context) ?? answer;
        knownList(place)?.given.set(place.index, answer);
        return answer;
      } catch (error) {
        const answer = givenAnswer(place, 0, context, troubleOf(error, kit.clock.now()));
        if (answer) return answer;
        throw error;
      }
    },
    peek(page) {
      const place = placeOf(page);
      return freshPage(place, kit.memory.peek(place.listKey));
    },
    recaller(page) {
      const place = placeOf(page);
      return () => {
        kit.wanted(place.listKey);
        return freshPage(place, kit.memory.get(place.listKey));
      };
    },
  };

  async function readPage(place: Place, context: CallContext): Promise<UpstreamResult<Page<PipelineRun>>> {
    const view = knownList(place)?.view(place.index, kit.freshMs()) ?? null;
    const refresh = () => refreshBehind(place, context);
    const served = serve(kit, 'ListPipelineRuns', view, refresh, context);
    if (served) return served;
    // The page may be known, only not lately enough: then the head can confirm it, and whatever else is known of the list.
    if (isConfirmable(place)) {
      if (needsHead(place, context)) await fetchPage(headOf(place), context);
      const confirmed = confirmedAnswer(place, context);
      if (confirmed) return confirmed;
    }
    return pastAnswer(place, context) ?? fetchOrPast(place, context);
  }

  function freshPage(place: Place, entry: Entry | undefined): CachedResult<Page<PipelineRun>> | null {
    const { index } = place;
    const list = entry?.value as RunList | undefined;
    if (hasNewerElsewhere(place, list)) return null;
    const answer = freshAnswer(kit, list?.view(index, kit.freshMs()) ?? null);
    return answer && answer.asOf >= (list?.given.get(index)?.asOf ?? -Infinity) ? answer : null;
  }

  function givenPage(place: Place): GivenPage | null {
    return knownList(place)?.given.get(place.index) ?? null;
  }

  /** The context of a call whose answer is not to be from before the page's last one. */
  function notBeforeGiven(place: Place, context: CallContext): CallContext {
    return notBefore(givenPage(place)?.asOf ?? -Infinity, context);
  }

  /** Whether another replica has read a newer one of the page, or of the head by which it goes. */
  function hasNewerElsewhere(place: Place, list: RunList | undefined): boolean {
    if (list === undefined) return false;
    return isPageSuperseded(place, list) || (place.index > 0 && isPageSuperseded(headOf(place), list));
  }

  function isPageSuperseded({ index, pageKey }: Place, list: RunList): boolean {
    return isSuperseded(kit, list.view(index, kit.freshMs()), pageKey);
  }

  /** Takes what another replica has read from Redis, the head first: it may confirm the page. */
  async function takeNewer(place: Place, context: CallContext): Promise<void> {
    for (const next of [headOf(place), place]) {
      const list = knownList(next);
      if (list === undefined || !isPageSuperseded(next, list)) continue;
      try {
        await fetchPage(next, fromElsewhere(kit, next.pageKey, context));
      } catch {
        // Redis has lost it, and DataWorks does not answer. What is known here has to do.
        return;
      }
    }
  }

  /** The page once more as it was answered last. */
  function givenAnswer(
    place: Place,
    freshMs: number,
    context: CallContext,
    trouble: Trouble | null = null,
  ): UpstreamResult<Page<PipelineRun>> | null {
    const given = givenPage(place);
    const view = given && { ...given, freshUntil: given.asOf + freshMs, isShortLived: true, trouble };
    return serve(kit, 'ListPipelineRuns', view, () => undefined, context);
  }

  function knownList({ listKey }: Place): RunList | undefined {
    return kit.memory.get(listKey)?.value as RunList | undefined;
  }

  function isConfirmable(place: Place): boolean {
    return place.index > 0 && knownList(place)?.canBeConfirmed(place.index) === true;
  }

  function needsHead(place: Place, { notBefore = -Infinity }: CallContext): boolean {
    const headAsOf = knownList(place)?.headAsOf ?? -Infinity;
    return headAsOf < notBefore || headAsOf + kit.freshMs() <= kit.clock.now();
  }

  function confirmedAnswer(
    place: Place,
    { notBefore = -Infinity }: CallContext,
  ): UpstreamResult<Page<PipelineRun>> | null {
    const view = knownList(place)?.view(place.index, kit.freshMs()) ?? null;
    return view && view.asOf >= notBefore ? freshAnswer(kit, view) : null;
  }

  /** The page as it was, while what it is can't be had. */
  function pastAnswer(
    place: Place,
    context: CallContext,
    trouble?: Trouble,
  ): UpstreamResult<Page<PipelineRun>> | null {
    const view = knownList(place)?.pastView(place.index) ?? null;
    const why = trouble ?? view?.trouble ?? null;
    if (view === null || why === null || why.until <= kit.clock.now()) return null;
    return serve(kit, 'ListPipelineRuns', { ...view, trouble: why }, () => undefined, context);
  }

  async function fetchOrPast(place: Place, context: CallContext): Promise<UpstreamResult<Page<PipelineRun>>> {
    try {
      return await fetchPage(place, context);
    } catch (error) {
      const past = pastAnswer(place, context, troubleOf(error, kit.clock.now()));
      if (past) return past;
      throw error;
    }
  }

  function refreshBehind(place: Place, { caller }: CallContext): void {
    kit.inBackground(place.pageKey, caller, async (background) => {
      const context = notBeforeGiven(place, background);
      if (needsHead(place, context)) await fetchPage(headOf(place), context);
      if (place.index > 0 && !confirmedAnswer(place, context)) await fetchPage(place, context);
    });
  }

  function fetchPage(place: Place, context: CallContext): Promise<UpstreamResult<Page<PipelineRun>>> {
    return kit.flights.fetch(place.pageKey, 'ListPipelineRuns', context, async (flight) => {
      try {
        const list = knownList(place);
        // Other replicas may offer what is known to be outdated here.
        const outdated = place.index === 0 ? list?.headAsOf : list?.brokenAt;
        const answer = await kit.upstream.call('ListPipelineRuns', place.page, newerThan(outdated, flight));
        const learned = placeOfAnswer(place, answer);
        if (learned) learn(learned, answer);
        return answer;
      } catch (error) {
        if (!isOfItsCaller(error, flight))
          knownList(place)?.fail(place.index, troubleOf(error, kit.clock.now()));
        throw error;
      }
    });
  }

  /** Takes a page in, weighs the list anew, and makes its runs known under their own keys. */
  function learn(place: Place, answer: UpstreamResult<Page<PipelineRun>>): void {
    const { projectId, pageSize, filter } = place.page;
    const growsAtHead = filter.status === undefined;
    const list =
      knownList(place) ??
      createRunList({
        pageSize,
        growsAtHead,
        trustMs: growsAtHead ? FINISHED_FRESH_MS : kit.staleMs,
        pastMs: kit.staleMs,
      });
    const { value, asOf } = answer;
    const now = kit.clock.now();
    const bytes = bytesOf(value.rows);
    list.learn(place.index, answer, { arrivedAt: now, bytes });
    const trouble = troubleIn(answer, now);
    if (trouble) list.fail(place.index, trouble);
    if (list.bytes > kit.maxBytes * MAX_SHARE) list.forgetDepth();
    kit.memory.set(place.listKey, { value: list, asOf, trouble: null }, LIST_BYTES + list.bytes);
    for (const run of value.rows) {
      if (isPlaceholderId(run.runId)) continue;
      const key = runKey({ projectId, runId: run.runId });
      const known = kit.memory.get(key);
      if (!known || known.asOf < asOf)
        kit.memory.set(key, { value: run, asOf, trouble }, bytes / value.rows.length);
    }
  }
}

function placeOf(page: ListPage): Place {
  return { page, index: page.pageNumber - 1, listKey: listKey(page), pageKey: pageKey(page) };
}

/**
 * Where an answer belongs: a page that is smaller than was asked for is one of another list of pages. Null if that is not known,
 * since only the first begins at the same row whatever the size.
 */
function placeOfAnswer(place: Place, { value }: UpstreamResult<Page<PipelineRun>>): Place | null {
  const { page, index } = place;
  if (value.pageSize === page.pageSize) return place;
  return index === 0 ? placeOf({ ...page, pageSize: value.pageSize }) : null;
}

function headOf({ page, listKey }: Place): Place {
  return { page: { ...page, pageNumber: 1 }, index: 0, listKey, pageKey: `${listKey}/1` };
}
