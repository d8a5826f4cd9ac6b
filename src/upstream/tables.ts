/** DataWorks' names of fields, statuses and types, and ours. */

import type {
  PipelineItemType,
  PipelineRunStatus,
  PipelineStageType,
  ProjectStatus,
} from '../core/domain.ts';
import { memoized } from '../core/texts.ts';

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

export const runStatusOf = namesIn(runStatuses);
export const stageTypeOf = namesIn(stageTypes);
export const itemTypeOf = namesIn(itemTypes);
export const projectStatusOf = namesIn(projectStatuses);

/** Our name for one of DataWorks, by a table of names in small letters without underscores. */
function namesIn<Name extends string>(names: ReadonlyMap<string, Name>): (raw: string) => Name | 'UNKNOWN' {
  // Official material spells names in capitals, in CamelCase and with underscores.
  return memoized((raw) => names.get(raw.toLowerCase().replaceAll('_', '')) ?? 'UNKNOWN');
}
