/** DataWorks' names of statuses and types, and ours. */

import type {
  JsonValue,
  PipelineItemType,
  PipelineRunStatus,
  PipelineStageType,
  ProjectStatus,
} from '../core/domain.ts';
import { textOf } from './fields.ts';

/** A function that decodes a name. Official material spells names in capitals, in CamelCase and with underscores. */
export function nameIn<Name extends string>(
  names: ReadonlyMap<string, Name>,
): (value: JsonValue | undefined) => Name | 'UNKNOWN' {
  return (value) => names.get((textOf(value) ?? '').toLowerCase().replaceAll('_', '')) ?? 'UNKNOWN';
}

/** The reference documents the first of each pair for the filter and the second for responses. */
export const runStatuses = new Map<string, PipelineRunStatus>([
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
