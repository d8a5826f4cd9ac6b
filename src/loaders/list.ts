import { LRUCache } from 'lru-cache';
import type { Clock } from '../core/clock.ts';
import type { PipelineRun, PipelineRunFilter, PipelineRunItem } from '../core/domain.ts';
import type { Action, CacheView, CallContext, Page, Upstream, UpstreamResult } from '../core/upstream.ts';
import { UpstreamError } from '../core/upstreamError.ts';

/** The actions whose lists are read in canonical pages. */
type ListAction = Extract<Action, 'ListPipelineRuns' | 'ListPipelineRunItems'>;

/** What paging knows of a row. */
export interface RowKey {
  id: string;
  /** The create time in epoch milliseconds, null where the upstream sent none. */
  time: number | null;
}

/** One upstream list: how its canonical pages are read. */
export interface ListSource<Row> {
  action: ListAction;
  /** Differs from that of every other list. Cursors are bound to it. */
  identity: string;
  /** In words, for messages. */
  description: string;
  /** Whether new rows appear only at the head. Otherwise the head cannot show the cache that the pages behind it are unchanged. */
  growsAtHead: boolean;
  key(row: Row): RowKey;
  /**
   * @param index the canonical page, from 0
   * @param size rows of a canonical page
   * @param notBefore the earliest acceptable `asOf`; default: any
   */
  readPage(index: number, size: number, notBefore?: number): Promise<UpstreamResult<Page<Row>>>;
  /** The page as `readPage` would return it without an upstream call, or null. */
  peekPage(index: number, size: number): UpstreamResult<Page<Row>> | null;
}

export interface RunKey {
  projectId: string;
  runId: string;
}

export interface RunListKey {
  projectId: string;
  filter: PipelineRunFilter;
}

export interface ListOptions {
  upstream: Upstream;
  view: CacheView;
  context: CallContext;
}

export function runList({ upstream, view, context }: ListOptions, key: RunListKey): ListSource<PipelineRun> {
  const { status = null, creator = null, objectId = null } = key.filter;
  // Declared fields in one order, so that equal filters are one list.
  const identity = JSON.stringify(['runs', key.projectId, status, creator, objectId]);
  return {
    action: 'ListPipelineRuns',
    identity,
    description: `the pipeline runs of project ${key.projectId} with this filter`,
    growsAtHead: status === null,
    key: ({ runId, createTime }) => ({ id: runId, time: createTime }),
    readPage: (index, pageSize, notBefore) =>
      upstream.call(
        'ListPipelineRuns',
        { ...key, pageNumber: index + 1, pageSize },
        { ...context, notBefore },
      ),
    peekPage: (index, pageSize) => view.peek('ListPipelineRuns', { ...key, pageNumber: index + 1, pageSize }),
  };
}

export function itemList({ upstream, view, context }: ListOptions, key: RunKey): ListSource<PipelineRunItem> {
  const identity = JSON.stringify(['items', key.projectId, key.runId]);
  return {
    action: 'ListPipelineRunItems',
    identity,
    description: `the items of run ${key.runId}`,
    growsAtHead: false,
    key: ({ itemId, createTime }) => ({ id: itemId, time: createTime }),
    readPage: (index, pageSize, notBefore) =>
      upstream.call(
        'ListPipelineRunItems',
        { ...key, pageNumber: index + 1, pageSize },
        { ...context, notBefore },
      ),
    peekPage: (index, pageSize) =>
      view.peek('ListPipelineRunItems', { ...key, pageNumber: index + 1, pageSize }),
  };
}

const MEMORY_MS = 600_000;
const MAX_LISTS = 1000;
const MAX_WINDOWS = 10_000;

export type ListMemory = ReturnType<typeof createListMemory>;

/**
 * What the process has learned about the upstream's lists. It forgets after ten minutes, since an upstream can be repaired.
 *
 * @param maxSize rows of a page as configured: the most that is ever requested
 */
export function createListMemory(maxSize: number, clock: Clock) {
  const options = { max: MAX_LISTS, ttl: MEMORY_MS, ttlResolution: 0, perf: clock };
  const caps = new LRUCache<ListAction, number>(options);
  const listCaps = new LRUCache<string, { action: ListAction; size: number }>(options);
  /** The size of the largest full page seen. The upstream does not cap pages below that. */
  const fullPages = new LRUCache<ListAction, number>(options);
  /** By list: a length that the upstream claims, and how many rows the list really has then. */
  const ends = new LRUCache<string, { claimed: number; rows: number }>(options);
  /**
   * By window: the newest `asOf` with which it was served. The pages of a window change with the length of its list, with the page
   * size and with the place of a cursor's row. So even if no page goes back in time, a window can.
   */
  const servedAsOf = new LRUCache<string, number>({ max: MAX_WINDOWS });

  return {
    fullPages,
    ends,
    servedAsOf,
    /** Rows of a canonical page: as configured, or fewer if the upstream returns no more, of this list or of all. */
    sizeOf(action: ListAction, list = ''): number {
      return Math.min(maxSize, caps.get(action) ?? maxSize, listCaps.get(list)?.size ?? maxSize);
    },
    /** The upstream returns at most `size` rows a page of the list. If a second list shows the same, that holds for all. */
    learnCap({ action, identity }: ListSource<unknown>, size: number): void {
      for (const [other, cap] of listCaps.entries()) {
        if (other !== identity && cap.action === action && cap.size === size) caps.set(action, size);
      }
      listCaps.set(identity, { action, size });
      // Pages have to show again that they are not capped silently.
      fullPages.delete(action);
    },
  };
}

/** @param what what the upstream returns, as `3 rows in all, but …` */
export function contradiction({ action, description }: ListSource<unknown>, what: string): UpstreamError {
  return new UpstreamError(
    `DataWorks contradicts itself: for ${description} it returns ${what}. Request another part of the list, or try again later.`,
    { kind: 'invalidResponse', action },
  );
}

export function keptChanging({ action, description }: ListSource<unknown>): UpstreamError {
  return new UpstreamError(
    `The list changed each time it was read: ${description}. Send the query again, or request fewer rows at once.`,
    { kind: 'unavailable', action },
  );
}

export function costsMore({ action, description }: ListSource<unknown>, pageSize: number): UpstreamError {
  return new UpstreamError(
    `DataWorks returns only ${pageSize} rows a page of ${description}, so this needs more calls than its price allows. ` +
      'Send the query again: its new price takes that into account.',
    { kind: 'unavailable', action },
  );
}
