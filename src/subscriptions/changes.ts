import { isDeepStrictEqual } from 'node:util';
import { isDocument, valueOf } from '../core/jsonDocument.ts';
import type { PipelineRun, PipelineRunStage, PipelineRunStatus } from '../core/domain.ts';
import type { Page } from '../core/upstream.ts';
import type { RunChange, RunDifference } from '../graphql/updates.ts';

const RUN_FIELDS = ['status', 'message', 'description', 'creator', 'createTime', 'modifyTime'] as const;
const STAGE_FIELDS = ['status', 'message', 'name', 'description', 'type', 'detail'] as const;

/** Returns the changed fields: the run's own first, then stage by stage. */
export function changesBetween(before: PipelineRun, after: PipelineRun): RunChange[] {
  if (before === after) return [];
  const own = changedFields(before, after, RUN_FIELDS).map((field) => changeOf(field, null, before, after));
  return [...own, ...stageChanges(before.stages, after.stages)];
}

function stageChanges(before: readonly PipelineRunStage[], after: readonly PipelineRunStage[]): RunChange[] {
  const remaining = new Map(before.map((stage) => [keyOf(stage), stage]));
  const changes = after.flatMap((stage) => {
    const old = remaining.get(keyOf(stage)) ?? null;
    remaining.delete(keyOf(stage));
    const fields = old ? changedFields(old, stage, STAGE_FIELDS) : ['status'];
    return fields.map((field) => changeOf(field, stage, old, stage));
  });
  return [...changes, ...[...remaining.values()].map((stage) => changeOf('status', stage, stage, null))];
}

/** A code has named one stage of its run in all data seen so far; the step distinguishes two of the same code. */
function keyOf({ step, code }: PipelineRunStage): string {
  return `${step}/${code}`;
}

interface HasStatus {
  status: PipelineRunStatus;
  rawStatus: string;
}

function changedFields<Value extends HasStatus>(
  before: Value,
  after: Value,
  fields: readonly (keyof Value & string)[],
): string[] {
  const changed: string[] = fields.filter((field) => !isSame(before[field], after[field]));
  // DataWorks spells each known status in two ways, even for one run. Only for unknown ones the spelling has a meaning.
  const isOtherUnknown =
    before.status === 'UNKNOWN' && after.status === 'UNKNOWN' && before.rawStatus !== after.rawStatus;
  return isOtherUnknown ? [...changed, 'rawStatus'] : changed;
}

function isSame(one: unknown, other: unknown): boolean {
  if (isDeepStrictEqual(one, other)) return true;
  // The keys of a document can come in any order.
  return isDocument(one) && isDocument(other) && isDeepStrictEqual(valueOf(one), valueOf(other));
}

function changeOf(
  field: string,
  stage: PipelineRunStage | null,
  before: HasStatus | null,
  after: HasStatus | null,
): RunChange {
  const isStatus = field === 'status';
  return {
    field,
    stage: stage?.code ?? null,
    before: isStatus ? (before?.status ?? null) : null,
    after: isStatus ? (after?.status ?? null) : null,
  };
}

type FirstPage = Page<PipelineRun>;

/** Returns the differences in the order of the list, newest first, and then the removed runs. */
export function listDifferences(before: FirstPage, after: FirstPage): RunDifference[] {
  if (before === after) return [];
  const old = new Map(before.rows.map((run) => [run.runId, run]));
  const present = new Set(after.rows.map(({ runId }) => runId));
  const lastKnown = after.rows.findLastIndex(({ runId }) => old.has(runId));
  const lastPresent = before.rows.findLastIndex(({ runId }) => present.has(runId));
  // Rows behind the last known one were on the second page before, if there was one.
  const hasMovedUp = (index: number) => index > lastKnown && lastKnown >= 0 && !isWhole(before);
  // Rows behind the last present one are on the second page now, if there is one.
  const hasMovedDown = (index: number) => index > lastPresent && !isWhole(after);
  const differences = after.rows.flatMap((run, index): RunDifference[] => {
    const known = old.get(run.runId);
    if (!known) return hasMovedUp(index) ? [] : [{ kind: 'ADDED', run, changes: [] }];
    const changes = changesBetween(known, run);
    return changes.length > 0 ? [{ kind: 'CHANGED', run, changes }] : [];
  });
  const removed = before.rows.filter(({ runId }, index) => !present.has(runId) && !hasMovedDown(index));
  return [...differences, ...removed.map((run) => ({ kind: 'REMOVED' as const, run, changes: [] }))];
}

function isWhole({ rows, totalCount }: FirstPage): boolean {
  return rows.length >= totalCount;
}
