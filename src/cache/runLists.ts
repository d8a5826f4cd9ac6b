import type { Actions, Answer, CallContext, Page, PipelineRun } from '../model.ts';
import { type CacheKit, runKey } from './kit.ts';
import { bytesOf } from './memory.ts';
import { createRunList, type RunList } from './runList.ts';
import { serve, troubleOf } from './serve.ts';

/** The lists of runs: one `RunList` a list and page size, and the calls that keep it true. */
export interface RunLists {
  read(page: ListPage, context: CallContext): Promise<Answer<Page<PipelineRun>>>;
}

type ListPage = Actions['ListPipelineRuns']['params'];

/** No single list may take more than this part of the memory: its depth is dropped before others suffer. */
const MAX_SHARE = 0.25;

/** What a row weighs is reckoned from this many rows of a page. */
const ROWS_WEIGHED = 5;

export function createRunLists(kit: CacheKit): RunLists {
  return {
    async read(page, context) {
      const list = listOf(page);
      const index = page.pageNumber - 1;
      kit.wanted(keyOf(page));
      const view = list.view(index, kit.freshMs());
      const refresh = () => refreshBehind(page, list);
      const known = serve(
        { action: 'ListPipelineRuns', view, staleMs: kit.staleMs, clock: kit.clock, refresh },
        context,
      );
      if (known) return known;
      if (view !== null && index > 0) {
        // The page is known, only not lately enough: the head may confirm it, and whatever else is known of the list.
        const needsHead =
          list.headAsOf < Math.max(context.notBefore ?? -Infinity, kit.clock.now() - kit.freshMs());
        if (needsHead) await fetchPage({ ...page, pageNumber: 1 }, list, context);
        const confirmed = servedFresh(list, index, context);
        if (confirmed) return confirmed;
      }
      return fetchPage(page, list, context);
    },
  };

  function servedFresh(
    list: RunList,
    index: number,
    { notBefore }: CallContext,
  ): Answer<Page<PipelineRun>> | null {
    const view = list.view(index, kit.freshMs());
    if (view === null || view.freshUntil <= kit.clock.now() || view.asOf < (notBefore ?? -Infinity))
      return null;
    return { value: view.value, asOf: view.asOf, staleBecause: null };
  }

  function listOf(page: ListPage): RunList {
    const key = listKey(page);
    const known = kit.memory.get(key);
    if (known) return known.value as RunList;
    const list = createRunList(page.pageSize);
    kit.memory.set(key, { value: list, asOf: 0, trouble: null }, 0);
    return list;
  }

  function refreshBehind(page: ListPage, list: RunList): void {
    const index = page.pageNumber - 1;
    kit.inBackground(keyOf(page), async (context) => {
      if (list.headAsOf + kit.freshMs() <= kit.clock.now())
        await fetchPage({ ...page, pageNumber: 1 }, list, context);
      if (index > 0 && !servedFresh(list, index, context)) await fetchPage(page, list, context);
    });
  }

  function fetchPage(
    page: ListPage,
    list: RunList,
    context: CallContext,
  ): Promise<Answer<Page<PipelineRun>>> {
    const index = page.pageNumber - 1;
    return kit.flights.fetch(keyOf(page), 'ListPipelineRuns', context, async (flight) => {
      try {
        const answer = await kit.upstream.call('ListPipelineRuns', page, flight);
        list.learn(index, answer, kit.freshMs());
        remember(page, list, answer);
        return answer;
      } catch (error) {
        list.fail(index, troubleOf(error, kit.clock.now()));
        throw error;
      }
    });
  }

  /** Weighs the list anew, and makes its runs known under their own keys. */
  function remember(page: ListPage, list: RunList, { value, asOf }: Answer<Page<PipelineRun>>): void {
    const weighed = value.rows.slice(0, ROWS_WEIGHED);
    const rowBytes = weighed.length === 0 ? 0 : bytesOf(weighed) / weighed.length;
    if (list.rowCount * rowBytes > kit.maxBytes * MAX_SHARE) list.forgetDepth();
    kit.memory.set(listKey(page), { value: list, asOf, trouble: null }, list.rowCount * rowBytes);
    for (const run of value.rows) {
      const key = runKey({ projectId: page.projectId, runId: run.runId });
      const known = kit.memory.get(key);
      if (!known || known.asOf < asOf) kit.memory.set(key, { value: run, asOf, trouble: null }, rowBytes);
    }
  }
}

function listKey({ projectId, filter, pageSize }: ListPage): string {
  return `runs/${JSON.stringify([projectId, filter.status ?? null, filter.creator ?? null, filter.objectId ?? null, pageSize])}`;
}

function keyOf(page: ListPage): string {
  return `${listKey(page)}/${page.pageNumber}`;
}
