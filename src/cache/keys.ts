import type { Action, Actions } from '../core/upstream.ts';

type Params<A extends Action> = Actions[A]['params'];

/** A page of a list of runs, with its keys. The index counts from 0. */
export interface Place {
  params: Params<'ListPipelineRuns'>;
  index: number;
  /** The key of the list in pages of this size. */
  listKey: string;
  pageKey: string;
}

export function placeOf(params: Params<'ListPipelineRuns'>): Place {
  const { projectId, filter, pageNumber, pageSize } = params;
  const { status = null, creator = null, objectId = null } = filter;
  const listKey = `runs/${JSON.stringify([projectId, status, creator, objectId, pageSize])}`;
  return { params, index: pageNumber - 1, listKey, pageKey: `${listKey}/${pageNumber}` };
}

/** The key of a run, whether a list or a call of its own returned it. */
export function runKey({ projectId, runId }: Params<'GetPipelineRun'>): string {
  return `run/${projectId}/${runId}`;
}

/** The key of one page of a run's items. */
export function itemsKey({ projectId, runId, pageNumber, pageSize }: Params<'ListPipelineRunItems'>): string {
  return `items/${projectId}/${runId}/${pageSize}/${pageNumber}`;
}

/** The key under which replicas announce an answer. Null for projects: each replica requests its own set of them. */
export function announcedKey<A extends Action>(action: A, params: Params<A>): string | null {
  return announcedKeys[action](params);
}

const announcedKeys: { [A in Action]: (params: Params<A>) => string | null } = {
  ListPipelineRuns: (params) => placeOf(params).pageKey,
  GetPipelineRun: runKey,
  ListPipelineRunItems: itemsKey,
  ListProjects: () => null,
};
