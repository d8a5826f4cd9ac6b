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

/** The key of an answer: the same for the same parameters in any order. A run has one key, whether a list or its own call returned it. */
export const keyOf: { readonly [A in Action]: (params: Params<A>) => string } = {
  ListPipelineRuns: (params) => placeOf(params).pageKey,
  GetPipelineRun: ({ projectId, runId }) => `run/${projectId}/${runId}`,
  ListPipelineRunItems: ({ projectId, runId, pageNumber, pageSize }) =>
    `items/${projectId}/${runId}/${pageSize}/${pageNumber}`,
  ListProjects: ({ projectIds }) => `projects/${projectIds.toSorted().join()}`,
};
