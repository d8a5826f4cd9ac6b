import type { Action, Actions } from '../core/upstream.ts';

type Params<A extends Action> = Actions[A]['params'];

/** The key of a run, whether a list or a call of its own returned it. */
export function runKey({ projectId, runId }: Params<'GetPipelineRun'>): string {
  return `run/${projectId}/${runId}`;
}

/** The key of one page of a run's items. */
export function itemsKey({ projectId, runId, pageNumber, pageSize }: Params<'ListPipelineRunItems'>): string {
  return `items/${projectId}/${runId}/${pageSize}/${pageNumber}`;
}

/** The key of a list of runs in pages of one size. */
export function listKey({ projectId, filter, pageSize }: Params<'ListPipelineRuns'>): string {
  const { status = null, creator = null, objectId = null } = filter;
  return `runs/${JSON.stringify([projectId, status, creator, objectId, pageSize])}`;
}

/** The key of one of its pages. */
export function pageKey(params: Params<'ListPipelineRuns'>): string {
  return `${listKey(params)}/${params.pageNumber}`;
}

export function projectKey(projectId: string): string {
  return `project/${projectId}`;
}

/** The key under which replicas announce an answer. Null for projects: each replica asks for its own set of them. */
export function announcedKey<A extends Action>(action: A, params: Params<A>): string | null {
  switch (action) {
    case 'ListPipelineRuns':
      return pageKey(params as Params<'ListPipelineRuns'>);
    case 'GetPipelineRun':
      return runKey(params as Params<'GetPipelineRun'>);
    case 'ListPipelineRunItems':
      return itemsKey(params as Params<'ListPipelineRunItems'>);
    case 'ListProjects':
      return null;
  }
}
