import type {
  Answer,
  CallContext,
  CachedUpstream,
  Page,
  PipelineRun,
  PipelineRunFilter,
  PipelineRunItem,
} from '../model.ts';
import type { ListSource } from './listReader.ts';

/*
 * The two lists of the upstream, each with its identity and the call that reads a canonical page of it.
 */

export interface RunKey {
  projectId: string;
  runId: string;
}

export interface RunListKey {
  projectId: string;
  filter: PipelineRunFilter;
}

/** A list as readers and prices need it. */
export interface List<Row> extends ListSource<Row> {
  /** The page as it would be answered without a call, or null. */
  peekPage(index: number): Answer<Page<Row>> | null;
}

export interface ListOptions {
  upstream: CachedUpstream;
  /** Rows of a canonical page, 10 to 100. */
  pageSize: number;
  context: CallContext;
}

export function runList({ upstream, pageSize, context }: ListOptions, key: RunListKey): List<PipelineRun> {
  const { status = null, creator = null, objectId = null } = key.filter;
  const page = (index: number) => ({ ...key, pageNumber: index + 1, pageSize });
  return {
    // Built from declared fields in one order, so that equal filters are one list.
    identity: JSON.stringify(['runs', key.projectId, status, creator, objectId]),
    description: `the pipeline runs of project ${key.projectId} with this filter`,
    pageSize,
    key: ({ runId, createTime }) => ({ id: runId, time: createTime }),
    readPage: (index, notBefore) => upstream.call('ListPipelineRuns', page(index), { ...context, notBefore }),
    peekPage: (index) => upstream.peek('ListPipelineRuns', page(index)),
  };
}

export function itemList({ upstream, pageSize, context }: ListOptions, key: RunKey): List<PipelineRunItem> {
  const page = (index: number) => ({ ...key, pageNumber: index + 1, pageSize });
  return {
    identity: JSON.stringify(['items', key.projectId, key.runId]),
    description: `the items of run ${key.runId}`,
    pageSize,
    key: ({ itemId, createTime }) => ({ id: itemId, time: createTime }),
    readPage: (index, notBefore) =>
      upstream.call('ListPipelineRunItems', page(index), { ...context, notBefore }),
    peekPage: (index) => upstream.peek('ListPipelineRunItems', page(index)),
  };
}
