/** The names of DataWorks for statuses and types, and ours for them. */

import type {
  PipelineItemType,
  PipelineRunStatus,
  PipelineStageType,
  ProjectStatus,
} from '../core/domain.ts';

export function runStatusOf(text: string | null): { status: PipelineRunStatus; rawStatus: string } {
  const rawStatus = text ?? '';
  return { status: named(runStatuses, rawStatus), rawStatus };
}

/** Official material spells names in capitals, in CamelCase and in upper case with underscores. */
export function named<Name extends string>(names: ReadonlyMap<string, Name>, raw: string): Name | 'UNKNOWN' {
  return names.get(raw.toLowerCase().replaceAll('_', '')) ?? 'UNKNOWN';
}

/** Both vocabularies: the reference documents the first of each pair for the filter and the second for answers. */
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

export const stageTypes = new Map<string, PipelineStageType>([
  ['deploy', 'DEPLOY'],
  ['check', 'CHECK'],
  ['offline', 'OFFLINE'],
  ['build', 'BUILD'],
  ['delete', 'DELETE'],
]);

export const itemTypes = new Map<string, PipelineItemType>([
  ['node', 'NODE'],
  ['workflowdefinition', 'WORKFLOW_DEFINITION'],
  ['resource', 'RESOURCE'],
  ['function', 'FUNCTION'],
]);

export const projectStatuses = new Map<string, ProjectStatus>([
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
