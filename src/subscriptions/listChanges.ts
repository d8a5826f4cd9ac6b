import type { PipelineRun } from '../core/domain.ts';
import type { Page } from '../core/upstream.ts';
import type { RunDifference } from '../graphql/subscriptionSource.ts';
import { changesBetween } from './runChanges.ts';

type FirstPage = Page<PipelineRun>;

/** Returns the differences in the order of the list, newest first, and then the removed runs. */
export function listDifferences(before: FirstPage, after: FirstPage): RunDifference[] {
  if (before === after) return [];
  return [...rowDifferences(before, after), ...removals(before, after)];
}

export function presentRows({ rows }: FirstPage): RunDifference[] {
  return rows.map((run) => ({ kind: 'PRESENT', run, changes: [] }));
}

function rowDifferences(before: FirstPage, after: FirstPage): RunDifference[] {
  const old = new Map(before.rows.map((run) => [run.runId, run]));
  const lastKnown = after.rows.findLastIndex(({ runId }) => old.has(runId));
  // Rows behind the last known one were on the second page before, if there was one.
  const hasMovedUp = (index: number) => index > lastKnown && lastKnown >= 0 && !isWhole(before);
  return after.rows.flatMap((run, index): RunDifference[] => {
    const known = old.get(run.runId);
    if (!known) return hasMovedUp(index) ? [] : [{ kind: 'ADDED', run, changes: [] }];
    const changes = changesBetween(known, run);
    return changes.length > 0 ? [{ kind: 'CHANGED', run, changes }] : [];
  });
}

function removals(before: FirstPage, after: FirstPage): RunDifference[] {
  const present = new Set(after.rows.map(({ runId }) => runId));
  const lastPresent = before.rows.findLastIndex(({ runId }) => present.has(runId));
  // Rows behind the last present one are on the second page now, if there is one.
  const hasMovedDown = (index: number) => index > lastPresent && !isWhole(after);
  return before.rows
    .filter(({ runId }, index) => !present.has(runId) && !hasMovedDown(index))
    .map((run) => ({ kind: 'REMOVED', run, changes: [] }));
}

function isWhole({ rows, totalCount }: FirstPage): boolean {
  return rows.length >= totalCount;
}
