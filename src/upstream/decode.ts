/** From DataWorks' JSON to the model. Numbers may come as text and text as numbers; any field may be null or missing. */

import {
  isPlaceholderId,
  type JsonValue,
  placeholderId,
  type PipelineRun,
  type PipelineRunItem,
  type PipelineRunStage,
  type PipelineRunStatus,
  type Project,
} from '../core/domain.ts';
import type { Page } from '../core/upstream.ts';
import { documentOf } from './embeddedJson.ts';
import {
  DecodeError,
  countOf,
  idOf,
  idTextOf,
  isObject,
  noneUndecodable,
  numberOf,
  objectOf,
  optionalOf,
  textOf,
  timeOf,
} from './fields.ts';
import type { JsonObject, UndecodableCounts } from './fields.ts';
import { itemTypes, named, projectStatuses, runStatusOf, stageTypes } from './vocabulary.ts';

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
  decodeRow: (row: JsonValue, fromEnd: number) => Row,
): Page<Row> {
  const paging = objectOf(body.PagingInfo, 'PagingInfo');
  const totalCount = countOf(paging.TotalCount, 'PagingInfo.TotalCount');
  expectAsAsked(paging.PageNumber, asked.pageNumber, 'PagingInfo.PageNumber');
  const pageSize = pageSizeOf(paging.PageSize, asked.pageSize);
  const list = listKeys.map((key) => paging[key]).find((value) => value !== undefined) ?? null;
  // A serializer that leaves out what is empty may leave out the list, but not where there are rows on this page.
  const mayBeEmpty = list === null && (asked.pageNumber - 1) * pageSize >= totalCount;
  if (!mayBeEmpty && !Array.isArray(list)) throw new DecodeError('the list is not an array');
  const start = (asked.pageNumber - 1) * pageSize;
  const rows = (list ?? []).map((row, index) => decodeRow(row, totalCount - start - index));
  if (rows.length > pageSize) throw new DecodeError('the page has more rows than its size');
  // A page that holds the whole list says nothing of a cap, whatever size it states.
  const isWhole = asked.pageNumber === 1 && rows.length === totalCount;
  return { rows, totalCount, pageNumber: asked.pageNumber, pageSize: isWhole ? asked.pageSize : pageSize };
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

/**
 * `projectId` is the one asked for, for runs that do not name theirs. A run whose stages cannot be read has none, and its status
 * is unknown, so that it is neither taken for a finished one nor cached as one.
 *
 * @throws DecodeError for a run without an id
 */
export function decodePipelineRun(
  run: JsonObject,
  projectId: string,
  counts: UndecodableCounts = noneUndecodable(),
): PipelineRun {
  return withStages(decodeRunFields(run, idOf(run.Id, "a run's Id"), projectId, counts), run, counts);
}

/**
 * A row of a list of runs. One without an id stays in its place as a placeholder, so that its neighbours keep theirs.
 *
 * @throws DecodeError for a run of another project
 */
export function decodeRunRow(
  row: JsonValue,
  projectId: string,
  fromEnd: number,
  counts: UndecodableCounts,
): PipelineRun {
  const run = isObject(row) ? row : {};
  if (isOfOtherProject(run, projectId)) {
    counts.foreignProject += 1;
    throw new DecodeError('a run is of another project than the one asked for');
  }
  if (hasId(run)) return decodePipelineRun(run, projectId, counts);
  counts.row += 1;
  return unreadable(decodeRunFields(run, placeholderId(fromEnd), projectId, counts), NO_ID);
}

/** Whether a run names a project, and not the one asked for. */
export function isOfOtherProject({ ProjectId }: JsonObject, projectId: string): boolean {
  if (ProjectId === undefined || ProjectId === null || ProjectId === '') return false;
  return textOf(ProjectId) !== projectId;
}

function decodeRunFields(
  run: JsonObject,
  runId: string,
  projectId: string,
  counts: UndecodableCounts,
): PipelineRun {
  const { text, time, id } = optionalFields(counts);
  return {
    runId,
    projectId,
    createTime: time(run.CreateTime),
    modifyTime: time(run.ModifyTime),
    creator: id(run.Creator),
    ...runStatusOf(text(run.Status)),
    message: text(run.Message),
    description: text(run.Description),
    stages: [],
  };
}

function withStages(fields: PipelineRun, { Stages }: JsonObject, counts: UndecodableCounts): PipelineRun {
  if (Stages !== undefined && Stages !== null && !Array.isArray(Stages)) {
    counts.row += 1;
    return unreadable(fields, NO_STAGES);
  }
  const stages = (Stages ?? [])
    .filter((stage) => stage !== null)
    .map((stage, index) => decodeStage(stage, index, counts))
    .sort((one, other) => one.step - other.step);
  return { ...fields, stages };
}

function unreadable<Thing extends { status: PipelineRunStatus; message: string | null }>(
  thing: Thing,
  message: string,
): Thing {
  return { ...thing, status: 'UNKNOWN', message };
}

const NO_ID = 'The gateway cannot read this row: DataWorks sent it without a valid Id.';
const NO_STAGES = 'The gateway cannot read this run: DataWorks sent Stages that are not an array.';
const NO_STAGE = 'The gateway cannot read this stage: DataWorks sent something that is not an object.';

/** As `decodeRunRow`. */
export function decodeItemRow(row: JsonValue, fromEnd: number, counts: UndecodableCounts): PipelineRunItem {
  const item = isObject(row) ? row : {};
  if (hasId(item)) return decodePipelineRunItem(item, counts);
  counts.row += 1;
  return unreadable(decodeItemFields(item, placeholderId(fromEnd), counts), NO_ID);
}

export function decodePipelineRunItem(
  item: JsonObject,
  counts: UndecodableCounts = noneUndecodable(),
): PipelineRunItem {
  return decodeItemFields(item, idOf(item.Id, "an item's Id"), counts);
}

function decodeItemFields(item: JsonObject, itemId: string, counts: UndecodableCounts): PipelineRunItem {
  const { text, time, document } = optionalFields(counts);
  const rawType = text(item.Type) ?? '';
  return {
    itemId,
    name: text(item.Name),
    type: named(itemTypes, rawType),
    rawType,
    ...runStatusOf(text(item.Status)),
    message: text(item.Message),
    version: text(item.Version),
    createTime: time(item.CreateTime),
    modifyTime: time(item.ModifyTime),
    spec: document(item.Spec),
  };
}

/** A project without an id is a placeholder as well: nobody can say which one it is. */
export function decodeProjectRow(row: JsonValue, fromEnd: number, counts: UndecodableCounts): Project {
  if (isObject(row) && hasId(row)) return decodeProject(row, counts);
  counts.row += 1;
  return decodeProjectFields({}, placeholderId(fromEnd), counts);
}

export function decodeProject(project: JsonObject, counts: UndecodableCounts = noneUndecodable()): Project {
  return decodeProjectFields(project, idOf(project.Id, "a project's Id"), counts);
}

function decodeProjectFields(project: JsonObject, projectId: string, counts: UndecodableCounts): Project {
  const { text, id } = optionalFields(counts);
  const rawStatus = text(project.Status) ?? '';
  return {
    projectId,
    name: text(project.Name),
    displayName: text(project.DisplayName),
    description: text(project.Description),
    owner: id(project.Owner),
    status: named(projectStatuses, rawStatus),
    rawStatus,
  };
}

function decodeStage(sent: JsonValue, index: number, counts: UndecodableCounts): PipelineRunStage {
  const stage = isObject(sent) ? sent : {};
  const { text, number, document } = optionalFields(counts);
  const rawType = text(stage.Type) ?? '';
  const fields: PipelineRunStage = {
    code: text(stage.Code) ?? '',
    step: number(stage.Step) ?? index + 1,
    type: named(stageTypes, rawType),
    rawType,
    name: text(stage.Name),
    description: text(stage.Description),
    message: text(stage.Message),
    ...runStatusOf(text(stage.Status)),
    detail: document(stage.Detail),
  };
  if (isObject(sent)) return fields;
  counts.row += 1;
  return unreadable(fields, NO_STAGE);
}

function hasId({ Id }: JsonObject): boolean {
  const id = idTextOf(Id);
  return id !== null && !isPlaceholderId(id);
}

/** Readers of fields that may be missing. What cannot be read is null and counted. */
function optionalFields(counts: UndecodableCounts) {
  type Sent = JsonValue | undefined;
  return {
    text: (value: Sent) => optionalOf(value, textOf, counts),
    id: (value: Sent) => optionalOf(value, idTextOf, counts),
    number: (value: Sent) => optionalOf(value, numberOf, counts),
    time: (value: Sent) => optionalOf(value, timeOf, counts),
    document: (value: Sent) => documentOf(value, counts),
  };
}

function expectAsAsked(value: JsonValue | undefined, asked: number, what: string): void {
  if (value === undefined || value === null) return;
  if (numberOf(value) !== asked) throw new DecodeError(`${what} is not what was asked for`);
}
