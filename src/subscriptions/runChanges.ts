import { isDeepStrictEqual } from 'node:util';
import type { PipelineRun, PipelineRunStage, PipelineRunStatus } from '../core/domain.ts';
import type { RunChange } from '../graphql/subscriptionSource.ts';

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
  const changed: string[] = fields.filter((field) => !isDeepStrictEqual(before[field], after[field]));
  // DataWorks spells each known status in two ways, even for one run. Only for unknown ones the spelling has a meaning.
  const isOtherUnknown =
    before.status === 'UNKNOWN' && after.status === 'UNKNOWN' && before.rawStatus !== after.rawStatus;
  return isOtherUnknown ? [...changed, 'rawStatus'] : changed;
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
