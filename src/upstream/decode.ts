/** From DataWorks' JSON to the model. Numbers may come as text and text as numbers; any field may be null or missing. */

import type {
  JsonValue,
  Page,
  PipelineItemType,
  PipelineRun,
  PipelineRunItem,
  PipelineRunStage,
  PipelineRunStatus,
  PipelineStageType,
  Project,
  ProjectStatus,
} from '../model.ts';
import { decodeEmbedded } from './embeddedJson.ts';
import { DecodeError, countOf, elementsOf, idOf, numberOf, objectOf, textOf, timeOf } from './fields.ts';
import type { JsonObject } from './fields.ts';

/**
 * One page of a list, from the first of `listKeys` that `PagingInfo` has. Its size is the one that the upstream states, which can
 * be less than the one asked for.
 *
 * @throws DecodeError when the page is not the one asked for, or is larger.
 */
export function decodePage<Row>(
  body: JsonObject,
  asked: { pageNumber: number; pageSize: number },
  listKeys: readonly string[],
  decodeRow: (row: JsonObject) => Row,
): Page<Row> {
  const paging = objectOf(body.PagingInfo, 'PagingInfo');
  const totalCount = countOf(paging.TotalCount, 'PagingInfo.TotalCount');
  expectAsAsked(paging.PageNumber, asked.pageNumber, 'PagingInfo.PageNumber');
  const pageSize = pageSizeOf(paging.PageSize, asked.pageSize);
  const list = listKeys.map((key) => paging[key]).find((value) => value !== undefined) ?? null;
  // A serializer that leaves out what is empty may leave out the list, but not where there are rows on this page.
  const mayBeEmpty = list === null && (asked.pageNumber - 1) * pageSize >= totalCount;
  if (!mayBeEmpty && !Array.isArray(list)) throw new DecodeError('the list is not an array');
  const rows = (list ?? []).map((row) => decodeRow(objectOf(row, 'a row')));
  if (rows.length > pageSize) throw new DecodeError('the page has more rows than its size');
  return { rows, totalCount, pageNumber: asked.pageNumber, pageSize };
}

/** The first page of a list that must fit on one page. */
export function decodeOnlyPage<Row>(...page: Parameters<typeof decodePage<Row>>): Page<Row> {
  const decoded = decodePage(...page);
  if (decoded.rows.length < decoded.totalCount) throw new DecodeError('the list has more rows than its page');
  return decoded;
}

function pageSizeOf(value: JsonValue | undefined, asked: number): number {
  if (value === undefined || value === null) return asked;
  const pageSize = countOf(value, 'PagingInfo.PageSize');
  if (pageSize >= 1 && pageSize <= asked) return pageSize;
  throw new DecodeError('PagingInfo.PageSize is more than was asked for, or zero');
}

/** `projectId` is the one asked for, for rows that do not name theirs. */
export function decodePipelineRun(run: JsonObject, projectId: string): PipelineRun {
  return {
    runId: idOf(run.Id, "a run's Id"),
    projectId: textOf(run.ProjectId) ?? projectId,
    createTime: timeOf(run.CreateTime),
    modifyTime: timeOf(run.ModifyTime),
    creator: textOf(run.Creator),
    ...runStatusOf(run.Status),
    message: textOf(run.Message),
    description: textOf(run.Description),
    stages: elementsOf(run.Stages, "a run's Stages")
      .map((stage, index) => decodeStage(objectOf(stage, 'a stage'), index))
      .sort((one, other) => one.step - other.step),
  };
}

export function decodePipelineRunItem(item: JsonObject): PipelineRunItem {
  const rawType = textOf(item.Type) ?? '';
  return {
    itemId: idOf(item.Id, "an item's Id"),
    name: textOf(item.Name),
    type: named(itemTypes, rawType),
    rawType,
    ...runStatusOf(item.Status),
    message: textOf(item.Message),
    version: textOf(item.Version),
    createTime: timeOf(item.CreateTime),
    modifyTime: timeOf(item.ModifyTime),
    spec: documentOf(item.Spec),
  };
}

export function decodeProject(project: JsonObject): Project {
  const rawStatus = textOf(project.Status) ?? '';
  return {
    projectId: idOf(project.Id, "a project's Id"),
    name: textOf(project.Name),
    displayName: textOf(project.DisplayName),
    description: textOf(project.Description),
    owner: textOf(project.Owner),
    status: named(projectStatuses, rawStatus),
    rawStatus,
  };
}

function decodeStage(stage: JsonObject, index: number): PipelineRunStage {
  const rawType = textOf(stage.Type) ?? '';
  return {
    code: textOf(stage.Code) ?? '',
    step: numberOf(stage.Step) ?? index + 1,
    type: named(stageTypes, rawType),
    rawType,
    name: textOf(stage.Name),
    description: textOf(stage.Description),
    message: textOf(stage.Message),
    ...runStatusOf(stage.Status),
    detail: documentOf(stage.Detail),
  };
}

function expectAsAsked(value: JsonValue | undefined, asked: number, what: string): void {
  if (value === undefined || value === null) return;
  if (numberOf(value) !== asked) throw new DecodeError(`${what} is not what was asked for`);
}

function documentOf(value: JsonValue | undefined): JsonValue {
  if (value === undefined || (typeof value === 'string' && value.trim() === '')) return null;
  return decodeEmbedded(value);
}

function runStatusOf(value: JsonValue | undefined): { status: PipelineRunStatus; rawStatus: string } {
  const rawStatus = textOf(value) ?? '';
  return { status: named(runStatuses, rawStatus), rawStatus };
}

/** Official material spells names in capitals, in CamelCase and in upper case with underscores. */
function named<Name extends string>(names: ReadonlyMap<string, Name>, raw: string): Name | 'UNKNOWN' {
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
