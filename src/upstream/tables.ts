/** DataWorks' names of fields, statuses and types, and ours. */

import type {
  JsonValue,
  PipelineItemType,
  PipelineRun,
  PipelineRunItem,
  PipelineRunStage,
  PipelineRunStatus,
  PipelineStageType,
  Project,
  ProjectStatus,
} from '../core/domain.ts';

/** What a field holds. `raw` is text that is empty where none was sent, `time` is in epoch milliseconds. */
interface Kinds {
  text: string | null;
  raw: string;
  id: string | null;
  time: number | null;
  number: number | null;
  document: JsonValue;
}

/** Or a name of ours, by DataWorks' name in small letters without underscores. */
export type FieldKind<Value = unknown> =
  | { [Kind in keyof Kinds]: Kinds[Kind] extends Value ? Kind : never }[keyof Kinds]
  | ReadonlyMap<string, Value>;

/** For each of our fields: the name of DataWorks, and what it holds. */
export type FieldTable<Thing> = {
  readonly [Key in keyof Thing]: readonly [wireName: string, kind: FieldKind<Thing[Key]>];
};

/** The reference documents the first of each pair for the filter and the second for responses. */
const runStatuses = new Map<string, PipelineRunStatus>([
  ['init', 'INIT'],
  ['running', 'RUNNING'],
  ['success', 'SUCCEEDED'],
  ['succeeded', 'SUCCEEDED'],
  ['fail', 'FAILED'],
  ['failed', 'FAILED'],
  ['termination', 'TERMINATED'],
  ['terminated', 'TERMINATED'],
  ['cancel', 'CANCELED'],
  ['canceled', 'CANCELED'],
  ['cancelled', 'CANCELED'],
]);

const stageTypes = new Map<string, PipelineStageType>([
  ['deploy', 'DEPLOY'],
  ['check', 'CHECK'],
  ['offline', 'OFFLINE'],
  ['build', 'BUILD'],
  ['delete', 'DELETE'],
]);

const itemTypes = new Map<string, PipelineItemType>([
  ['node', 'NODE'],
  ['workflowdefinition', 'WORKFLOW_DEFINITION'],
  ['resource', 'RESOURCE'],
  ['function', 'FUNCTION'],
]);

const projectStatuses = new Map<string, ProjectStatus>([
  ['available', 'AVAILABLE'],
  ['initializing', 'INITIALIZING'],
  ['initfailed', 'INIT_FAILED'],
  ['forbidden', 'FORBIDDEN'],
  ['deleting', 'DELETING'],
  ['deletefailed', 'DELETE_FAILED'],
  ['frozen', 'FROZEN'],
  ['updating', 'UPDATING'],
  ['updatefailed', 'UPDATE_FAILED'],
]);

export const runFields: FieldTable<Omit<PipelineRun, 'runId' | 'projectId' | 'stages'>> = {
  createTime: ['CreateTime', 'time'],
  modifyTime: ['ModifyTime', 'time'],
  creator: ['Creator', 'id'],
  status: ['Status', runStatuses],
  rawStatus: ['Status', 'raw'],
  message: ['Message', 'text'],
  description: ['Description', 'text'],
};

export const stageFields: FieldTable<Omit<PipelineRunStage, 'step'> & { step: number | null }> = {
  code: ['Code', 'raw'],
  step: ['Step', 'number'],
  type: ['Type', stageTypes],
  rawType: ['Type', 'raw'],
  name: ['Name', 'text'],
  description: ['Description', 'text'],
  message: ['Message', 'text'],
  status: ['Status', runStatuses],
  rawStatus: ['Status', 'raw'],
  detail: ['Detail', 'document'],
};

export const itemFields: FieldTable<Omit<PipelineRunItem, 'itemId'>> = {
  name: ['Name', 'text'],
  type: ['Type', itemTypes],
  rawType: ['Type', 'raw'],
  status: ['Status', runStatuses],
  rawStatus: ['Status', 'raw'],
  message: ['Message', 'text'],
  version: ['Version', 'text'],
  createTime: ['CreateTime', 'time'],
  modifyTime: ['ModifyTime', 'time'],
  spec: ['Spec', 'document'],
};

export const projectFields: FieldTable<Omit<Project, 'projectId'>> = {
  name: ['Name', 'text'],
  displayName: ['DisplayName', 'text'],
  description: ['Description', 'text'],
  owner: ['Owner', 'id'],
  status: ['Status', projectStatuses],
  rawStatus: ['Status', 'raw'],
};
