import type { RunChange } from '../graphql/subscriptionSource.ts';
import { isDeepStrictEqual } from 'node:util';
import type { PipelineRun, PipelineRunStage, PipelineRunStatus } from '../core/domain.ts';

/** What is not as it was, the run's own fields first and then stage by stage. Empty where nothing has changed. */
export function changesBetween(before: PipelineRun, after: PipelineRun): RunChange[] {
  if (before === after) return [];
  const own = changedFields(before, after, RUN_FIELDS).map((field) => changeOf(field, null, before, after));
  return [...own, ...stageChanges(before.stages, after.stages)];
}

const RUN_FIELDS = ['status', 'message', 'description', 'creator', 'createTime', 'modifyTime'] as const;
const STAGE_FIELDS = ['status', 'message', 'name', 'description', 'type', 'detail'] as const;

function stageChanges(before: readonly PipelineRunStage[], after: readonly PipelineRunStage[]): RunChange[] {
  const old = new Map(before.map((stage) => [keyOf(stage), stage]));
  const changes = after.flatMap((stage) => {
    const known = old.get(keyOf(stage)) ?? null;
    old.delete(keyOf(stage));
    const fields = known ? changedFields(known, stage, STAGE_FIELDS) : ['status'];
    return fields.map((field) => changeOf(field, stage, known, stage));
  });
  return [...changes, ...[...old.values()].map((stage) => changeOf('status', stage, stage, null))];
}

/** A code names a stage within its run as far as has been seen; the step tells two of one code apart. */
function keyOf({ step, code }: PipelineRunStage): string {
  return `${step}/${code}`;
}

interface HasStatus {
  status: PipelineRunStatus;
  rawStatus: string;
}

function changedFields<Thing extends HasStatus>(
  before: Thing,
  after: Thing,
  fields: readonly (keyof Thing & string)[],
): string[] {
  const changed: string[] = fields.filter((field) => !isDeepStrictEqual(before[field], after[field]));
  // DataWorks has two spellings of each status, and one run can arrive in both. Only of unknown ones the spelling tells something.
  const isOther =
    before.status === 'UNKNOWN' && after.status === 'UNKNOWN' && before.rawStatus !== after.rawStatus;
  return isOther ? [...changed, 'rawStatus'] : changed;
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
