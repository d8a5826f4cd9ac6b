import type { RunStep } from '../graphql/subscriptionSource.ts';
import type { PipelineRun } from '../core/domain.ts';
import type { Page } from '../core/upstream.ts';
import { changesBetween } from './changes.ts';

type FirstPage = Page<PipelineRun>;

/** Newest first as the list is, and what is gone last. */
export function stepsBetween(before: FirstPage, after: FirstPage): RunStep[] {
  if (before === after) return [];
  return [...stepsOfRows(before, after), ...removals(before, after)];
}

export function asPresent({ rows }: FirstPage): RunStep[] {
  return rows.map((run) => ({ kind: 'PRESENT', run, changes: [] }));
}

function stepsOfRows(before: FirstPage, after: FirstPage): RunStep[] {
  const old = new Map(before.rows.map((run) => [run.runId, run]));
  const lastKnown = after.rows.findLastIndex(({ runId }) => old.has(runId));
  // Behind the last row that was there before stand those that have moved up, where there were any to move.
  const isMovedUp = (index: number) => index > lastKnown && lastKnown >= 0 && !isWhole(before);
  return after.rows.flatMap((run, index): RunStep[] => {
    const known = old.get(run.runId);
    if (!known) return isMovedUp(index) ? [] : [{ kind: 'ADDED', run, changes: [] }];
    const changes = changesBetween(known, run);
    return changes.length > 0 ? [{ kind: 'CHANGED', run, changes }] : [];
  });
}

function removals(before: FirstPage, after: FirstPage): RunStep[] {
  const present = new Set(after.rows.map(({ runId }) => runId));
  const lastPresent = before.rows.findLastIndex(({ runId }) => present.has(runId));
  // Behind the last row that is still there stand those that were pushed off, where there is something to be pushed behind.
  const isPushedOff = (index: number) => index > lastPresent && !isWhole(after);
  return before.rows
    .filter(({ runId }, index) => !present.has(runId) && !isPushedOff(index))
    .map((run) => ({ kind: 'REMOVED', run, changes: [] }));
}

function isWhole({ rows, totalCount }: FirstPage): boolean {
  return rows.length >= totalCount;
}
