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

/** The key of an answer: the same for the same parameters in any order. */
export const keyOf: { readonly [A in Action]: (params: Params<A>) => string } = {
  ListPipelineRuns: (params) => placeOf(params).pageKey,
  GetPipelineRun: runKey,
  ListPipelineRunItems: itemsKey,
  ListProjects: ({ projectIds }) => `projects/${projectIds.toSorted().join()}`,
};
