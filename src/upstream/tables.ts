/** DataWorks' names of fields, statuses and types, and ours. */

import type {
  PipelineItemType,
  PipelineRun,
  PipelineRunItem,
  PipelineRunStage,
  PipelineRunStatus,
  PipelineStageType,
  Project,
  ProjectStatus,
} from '../core/domain.ts';
import { fieldDecoder, idTextOf, nameIn, numberOf, textOf, timeOf } from './fields.ts';
import { documentOf } from './json.ts';

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

const runStatusOf = nameIn(runStatuses);

export const decodeRunFields = fieldDecoder<Omit<PipelineRun, 'runId' | 'projectId' | 'stages'>>({
  createTime: ['CreateTime', timeOf],
  modifyTime: ['ModifyTime', timeOf],
  creator: ['Creator', idTextOf],
  status: ['Status', runStatusOf, 'UNKNOWN'],
  rawStatus: ['Status', textOf, ''],
  message: ['Message', textOf],
  description: ['Description', textOf],
});

export const decodeStageFields = fieldDecoder<Omit<PipelineRunStage, 'step'> & { step: number | null }>({
  code: ['Code', textOf, ''],
  step: ['Step', numberOf],
  type: ['Type', nameIn(stageTypes), 'UNKNOWN'],
  rawType: ['Type', textOf, ''],
  name: ['Name', textOf],
  description: ['Description', textOf],
  message: ['Message', textOf],
  status: ['Status', runStatusOf, 'UNKNOWN'],
  rawStatus: ['Status', textOf, ''],
  detail: ['Detail', documentOf],
});

export const decodeItemFields = fieldDecoder<Omit<PipelineRunItem, 'itemId'>>({
  name: ['Name', textOf],
  type: ['Type', nameIn(itemTypes), 'UNKNOWN'],
  rawType: ['Type', textOf, ''],
  status: ['Status', runStatusOf, 'UNKNOWN'],
  rawStatus: ['Status', textOf, ''],
  message: ['Message', textOf],
  version: ['Version', textOf],
  createTime: ['CreateTime', timeOf],
  modifyTime: ['ModifyTime', timeOf],
  spec: ['Spec', documentOf],
});

export const decodeProjectFields = fieldDecoder<Omit<Project, 'projectId'>>({
  name: ['Name', textOf],
  displayName: ['DisplayName', textOf],
  description: ['Description', textOf],
  owner: ['Owner', idTextOf],
  status: ['Status', nameIn(projectStatuses), 'UNKNOWN'],
  rawStatus: ['Status', textOf, ''],
});
