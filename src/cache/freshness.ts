import { isFinished } from '../core/domain.ts';
import type { Action, Actions } from '../core/upstream.ts';

export interface FreshnessSettings {
  /** Freshness of what can change at any moment: the head of a list, an unfinished run. Milliseconds. */
  freshMs: number;
  /** How long past its freshness an answer may still be served, labelled stale. Milliseconds. */
  staleMs: number;
}

/** A finished run does not change. It is read again after a day all the same, since DataWorks does not document that. */
export const FINISHED_FRESH_MS = 24 * 60 * 60 * 1000;

/** Names and owners of workspaces change seldom. */
export const PROJECT_FRESH_MS = 5 * 60 * 1000;

/** How long an answer stays fresh, in milliseconds. Null if it can change at any moment: then it is fresh for `freshMs`. */
export function lastingMs<A extends Action>(action: A, value: Actions[A]['result']): number | null {
  return rules[action](value);
}

const rules: { [A in Action]: (value: Actions[A]['result']) => number | null } = {
  ListPipelineRuns: () => null,
  GetPipelineRun: (run) => (run !== null && isFinished(run) ? FINISHED_FRESH_MS : null),
  ListPipelineRunItems: ({ rows }) => (rows.length > 0 && rows.every(isFinished) ? FINISHED_FRESH_MS : null),
  ListProjects: () => PROJECT_FRESH_MS,
};
