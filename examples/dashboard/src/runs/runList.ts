import type { PipelineRunFilter } from '../generated/graphql.ts';
import type { View } from '../view/view.ts';

/** The key of a list of runs. */
export interface RunList {
  projectId: string;
  /** Null for no filter, so that one list has one cache key. */
  filter: PipelineRunFilter | null;
}

/** The list that a view shows. */
export function runListOf({ projectId, status, creator }: View): RunList {
  const filter = { ...(status && { status }), ...(creator !== '' && { creator }) };
  return { projectId, filter: Object.keys(filter).length > 0 ? filter : null };
}
