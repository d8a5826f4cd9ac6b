import { isFinished } from '../core/domain.ts';
import type { Action, Actions } from '../core/upstream.ts';

/*
 * How long a thing stays true without asking again: it depends on what it is and how far it has come. Pure.
 */

export interface FreshnessSettings {
  /** For what can change at any moment: the head of a list, a run under way. Milliseconds. */
  freshMs: number;
  /** How long past its freshness a thing may still be served, labelled stale. Milliseconds. */
  staleMs: number;
}

/** A finished run does not change any more; it is read again after a day all the same, since nobody promises so. */
export const FINISHED_FRESH_MS = 24 * 60 * 60 * 1000;

/** Names and owners of workspaces change seldom, and nobody decides a release by them. */
export const PROJECT_FRESH_MS = 5 * 60 * 1000;

/** How long an answer stays fresh from when it was read, in milliseconds. */
export function freshForMs<A extends Action>(
  action: A,
  value: Actions[A]['result'],
  freshMs: number,
): number {
  switch (action) {
    case 'GetPipelineRun': {
      const run = value as Actions['GetPipelineRun']['result'];
      return run !== null && isFinished(run) ? FINISHED_FRESH_MS : freshMs;
    }
    case 'ListPipelineRunItems': {
      const { rows } = value as Actions['ListPipelineRunItems']['result'];
      return rows.length > 0 && rows.every(isFinished) ? FINISHED_FRESH_MS : freshMs;
    }
    case 'ListProjects':
      return PROJECT_FRESH_MS;
    case 'ListPipelineRuns':
      return freshMs;
  }
}

/** What is left of a quota window longer than a second, so that freshness can be stretched to cover the rest of it. */
export interface Allowance {
  /** Calls left. */
  left: number;
  /** Milliseconds until the window resets. */
  resetsInMs: number;
}

/** The part of what is left that refreshes may spend; the rest is for what nobody has asked yet. */
const REFRESH_SHARE = 0.8;

/** Nothing is kept for fresh longer than this because calls are short, and all of it when none are left. */
const MAX_STRETCH_MS = 24 * 60 * 60 * 1000;

/**
 * Freshness under an allowance of calls a day or month: refreshing every thing in demand once in the result spends no more
 * than what is left. Never shorter than `freshMs`.
 *
 * @param inDemand how many short-lived things are being asked for
 */
export function stretchedFreshMs(
  freshMs: number,
  inDemand: number,
  allowances: readonly Allowance[],
): number {
  return Math.max(
    freshMs,
    ...allowances.map(({ left, resetsInMs }) =>
      left <= 0
        ? MAX_STRETCH_MS
        : Math.min(MAX_STRETCH_MS, (inDemand * Math.max(0, resetsInMs)) / (left * REFRESH_SHARE)),
    ),
  );
}
