import type { JsonDocument } from './jsonDocument.ts';

/** JSON as a response can carry it. Integers that a double cannot hold are strings, so that no digit is lost. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

export type PipelineRunStatus =
  'INIT' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TERMINATED' | 'CANCELED' | 'UNKNOWN';

export type PipelineStageType = 'DEPLOY' | 'CHECK' | 'OFFLINE' | 'BUILD' | 'DELETE' | 'UNKNOWN';

export type PipelineItemType = 'NODE' | 'WORKFLOW_DEFINITION' | 'RESOURCE' | 'FUNCTION' | 'UNKNOWN';

export type ProjectStatus =
  | 'AVAILABLE'
  | 'INITIALIZING'
  | 'INIT_FAILED'
  | 'FORBIDDEN'
  | 'DELETING'
  | 'DELETE_FAILED'
  | 'FROZEN'
  | 'UPDATING'
  | 'UPDATE_FAILED'
  | 'UNKNOWN';

/** One run of a deployment pipeline. Times are epoch milliseconds; texts are trimmed, and null when empty or absent. */
export interface PipelineRun {
  /** The upstream's `Id`, a UUID. */
  runId: string;
  projectId: string;
  createTime: number | null;
  modifyTime: number | null;
  creator: string | null;
  status: PipelineRunStatus;
  /** The status as the upstream spelled it; empty when it sent none. */
  rawStatus: string;
  message: string | null;
  description: string | null;
  /** In the order of `step`. */
  stages: PipelineRunStage[];
}

export interface PipelineRunStage {
  code: string;
  step: number;
  type: PipelineStageType;
  rawType: string;
  name: string | null;
  description: string | null;
  message: string | null;
  status: PipelineRunStatus;
  rawStatus: string;
  /** The report of the check or deployment, with JSON text inside it decoded. Null if there is none. */
  detail: JsonDocument | null;
}

/** One object (node, workflow, resource or function) that a run publishes. */
export interface PipelineRunItem {
  /** The upstream's `Id`: up to 19 digits, so a string. */
  itemId: string;
  name: string | null;
  type: PipelineItemType;
  rawType: string;
  status: PipelineRunStatus;
  rawStatus: string;
  message: string | null;
  version: string | null;
  createTime: number | null;
  modifyTime: number | null;
  /** The FlowSpec document, decoded. Null if there is none. */
  spec: JsonDocument | null;
}

/** A DataWorks workspace. */
export interface Project {
  projectId: string;
  name: string | null;
  displayName: string | null;
  description: string | null;
  owner: string | null;
  status: ProjectStatus;
  rawStatus: string;
}

/** Whether a text can be an id of DataWorks: 1 to 128 printable characters without surrounding white space. */
export function isIdText(text: string): boolean {
  return ID_TEXT.test(text) && text === text.trim();
}

const ID_TEXT = /^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]{1,128}$/u;

/**
 * The id of a placeholder for a row without a readable id. DataWorks has no object of this id. New rows at the head
 * of a list leave the distance from its end as it is.
 *
 * @param fromEnd the distance from the end of the list: 1 for the last row
 */
export function placeholderId(fromEnd: number): string {
  return `unreadable:${fromEnd}`;
}

export function isPlaceholderId(id: string): boolean {
  return id.startsWith('unreadable:');
}

/** Filter of a list of runs. The status is never UNKNOWN, which the upstream cannot express. */
export interface PipelineRunFilter {
  status?: Exclude<PipelineRunStatus, 'UNKNOWN'>;
  creator?: string;
  objectId?: string;
}

const finishedStatuses: ReadonlySet<PipelineRunStatus> = new Set([
  'SUCCEEDED',
  'FAILED',
  'TERMINATED',
  'CANCELED',
]);

/** Whether the status does not change any more. An unknown status can still change. */
export function isFinished({ status }: { status: PipelineRunStatus }): boolean {
  return finishedStatuses.has(status);
}
