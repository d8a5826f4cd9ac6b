import type { PipelineRun, PipelineRunFilter, PipelineRunItem } from '../core/domain.ts';
import type { CacheView, CallContext, Page, Upstream, UpstreamResult } from '../core/upstream.ts';
import { UpstreamError } from '../core/upstreamError.ts';
import type { ListAction, PageSizes } from './pageSizes.ts';
import type { RowKey } from './windowPlan.ts';

/** One upstream list: how its canonical pages are read. */
export interface ListSource<Row> {
  action: ListAction;
  /** Differs from that of every other list. Cursors are bound to it. */
  identity: string;
  /** In words, for messages. */
  description: string;
  /** Rows of a canonical page at first. The upstream may return fewer. */
  pageSize: number;
  pageSizes: PageSizes;
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
  pageSizes: PageSizes;
  context: CallContext;
}

export function runList(
  { upstream, view, pageSizes, context }: ListOptions,
  key: RunListKey,
): ListSource<PipelineRun> {
  const { status = null, creator = null, objectId = null } = key.filter;
  // Declared fields in one order, so that equal filters are one list.
  const identity = JSON.stringify(['runs', key.projectId, status, creator, objectId]);
  return {
    action: 'ListPipelineRuns',
    identity,
    description: `the pipeline runs of project ${key.projectId} with this filter`,
    pageSize: pageSizes.sizeOf('ListPipelineRuns', identity),
    pageSizes,
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

export function itemList(
  { upstream, view, pageSizes, context }: ListOptions,
  key: RunKey,
): ListSource<PipelineRunItem> {
  const identity = JSON.stringify(['items', key.projectId, key.runId]);
  return {
    action: 'ListPipelineRunItems',
    identity,
    description: `the items of run ${key.runId}`,
    pageSize: pageSizes.sizeOf('ListPipelineRunItems', identity),
    pageSizes,
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

type NamedList = Pick<ListSource<unknown>, 'action' | 'description'>;

/** @param what what the upstream returns, as `3 rows in all, but …` */
export function contradiction({ action, description }: NamedList, what: string): UpstreamError {
  return new UpstreamError(
    `DataWorks contradicts itself: for ${description} it returns ${what}. Request another part of the list, or try again later.`,
    { kind: 'invalidResponse', action },
  );
}

export function keptChanging({ action, description }: NamedList): UpstreamError {
  return new UpstreamError(
    `The list changed each time it was read: ${description}. Send the query again, or request fewer rows at once.`,
    { kind: 'unavailable', action },
  );
}

export function costsMore({ action, description }: NamedList, pageSize: number): UpstreamError {
  return new UpstreamError(
    `DataWorks returns only ${pageSize} rows a page of ${description}, so this needs more calls than its price allows. ` +
      'Send the query again: its new price takes that into account.',
    { kind: 'unavailable', action },
  );
}
