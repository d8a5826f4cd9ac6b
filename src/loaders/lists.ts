import type { PipelineRun, PipelineRunFilter, PipelineRunItem } from '../core/domain.ts';
import type { CallContext, CachedUpstream } from '../core/upstream.ts';
import type { ListSource } from './listSource.ts';
import type { PageSizes } from './pageSizes.ts';

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

export interface ListOptions {
  upstream: CachedUpstream;
  pageSizes: PageSizes;
  context: CallContext;
}

export function runList(
  { upstream, pageSizes, context }: ListOptions,
  key: RunListKey,
): ListSource<PipelineRun> {
  const { status = null, creator = null, objectId = null } = key.filter;
  const page = (index: number, pageSize: number) => ({ ...key, pageNumber: index + 1, pageSize });
  // Built from declared fields in one order, so that equal filters are one list.
  const identity = JSON.stringify(['runs', key.projectId, status, creator, objectId]);
  return {
    action: 'ListPipelineRuns',
    identity,
    description: `the pipeline runs of project ${key.projectId} with this filter`,
    pageSize: pageSizes.sizeOf('ListPipelineRuns', identity),
    pageSizes,
    growsAtHead: status === null,
    key: ({ runId, createTime }) => ({ id: runId, time: createTime }),
    readPage: (index, size, notBefore) =>
      upstream.call('ListPipelineRuns', page(index, size), { ...context, notBefore }),
    peekPage: (index, size) => upstream.peek('ListPipelineRuns', page(index, size)),
  };
}

export function itemList(
  { upstream, pageSizes, context }: ListOptions,
  key: RunKey,
): ListSource<PipelineRunItem> {
  const page = (index: number, pageSize: number) => ({ ...key, pageNumber: index + 1, pageSize });
  const identity = JSON.stringify(['items', key.projectId, key.runId]);
  return {
    action: 'ListPipelineRunItems',
    identity,
    description: `the items of run ${key.runId}`,
    pageSize: pageSizes.sizeOf('ListPipelineRunItems', identity),
    pageSizes,
    growsAtHead: false,
    key: ({ itemId, createTime }) => ({ id: itemId, time: createTime }),
    readPage: (index, size, notBefore) =>
      upstream.call('ListPipelineRunItems', page(index, size), { ...context, notBefore }),
    peekPage: (index, size) => upstream.peek('ListPipelineRunItems', page(index, size)),
  };
}
