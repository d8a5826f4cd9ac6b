/** From DataWorks' JSON to the model. Numbers may come as text and text as numbers; any field may be null or missing. */

import { LRUCache } from 'lru-cache';
import { isIdText, isPlaceholderId, placeholderId } from '../core/domain.ts';
import type { JsonValue, PipelineRun, PipelineRunItem, PipelineRunStage, Project } from '../core/domain.ts';
import type { Page } from '../core/upstream.ts';
import { createFieldReader, type FieldReader, ownTextOf, type UndecodableCounts } from './fields.ts';
import { countOf, DecodeError, isObject, numberOf, objectOf, textOf } from './json.ts';
import type { JsonObject } from './json.ts';
import { itemTypeOf, projectStatusOf, runStatusOf, stageTypeOf } from './tables.ts';

/*
 * Rows are object literals with all fields in one order: all rows of a kind then have one shape in memory, and nothing to spare.
 */

/**
 * Null for a row that may not be read.
 *
 * @param fromEnd the distance from the end of the list: 1 for the last row
 */
type DecodeRow<Row, Asked> = (
  row: JsonObject,
  counts: UndecodableCounts,
  fromEnd: number,
  asked: Asked,
) => Row | null;

/**
 * One page of a list, from the first of its two keys that `PagingInfo` has. Its size is the one that the upstream reports, which can
 * be less than the one asked for.
 *
 * @throws DecodeError if the page is not the one asked for, is larger, or has a row that may not be read
 */
export function decodePage<Row, Asked extends { pageNumber: number; pageSize: number }>(
  body: JsonObject,
  asked: Asked,
  counts: UndecodableCounts,
  [listKey, olderKey = listKey]: readonly [listKey: string, olderKey?: string],
  decodeRow: DecodeRow<Row, Asked>,
): Page<Row> {
  const { pageNumber } = asked;
  const paging = objectOf(body.PagingInfo, 'PagingInfo');
  const totalCount = countOf(paging.TotalCount, 'PagingInfo.TotalCount');
  if (paging.PageNumber != null && numberOf(paging.PageNumber) !== pageNumber) {
    throw new DecodeError('PagingInfo.PageNumber is not what was asked for');
  }
  const pageSize = paging.PageSize == null ? asked.pageSize : countOf(paging.PageSize, 'PagingInfo.PageSize');
  if (pageSize < 1 || pageSize > asked.pageSize) {
    throw new DecodeError('PagingInfo.PageSize is more than was asked for, or zero');
  }
  const start = (pageNumber - 1) * pageSize;
  // A serializer that omits what is empty may omit the list, but not if there are rows on this page.
  const list = paging[listKey] ?? paging[olderKey] ?? (start >= totalCount ? [] : null);
  if (!Array.isArray(list)) throw new DecodeError('the list is not an array');
  const rows: Row[] = [];
  for (const sent of list) {
    const row = decodeRow(isObject(sent) ? sent : {}, counts, totalCount - start - rows.length, asked);
    if (row === null) throw new DecodeError('a row is of another project than the one asked for');
    rows.push(row);
  }
  if (rows.length > pageSize) throw new DecodeError('the page has more rows than its size');
  // A page that holds the whole list does not show a cap, whatever size it reports.
  const isWhole = pageNumber === 1 && rows.length === totalCount;
  return { rows, totalCount, pageNumber, pageSize: isWhole ? asked.pageSize : pageSize };
}

/** The first page of a list that must fit on one page. */
export function decodeOnlyPage<Row, Asked extends { pageNumber: number; pageSize: number }>(
  ...page: Parameters<typeof decodePage<Row, Asked>>
): Page<Row> {
  const decoded = decodePage(...page);
  if (decoded.rows.length < decoded.totalCount) throw new DecodeError('the list has more rows than its page');
  return decoded;
}

/**
 * A run, or null for one of another project, which the caller may not be allowed to read. A run whose stages cannot be read has none
 * and an unknown status, so that it is neither taken for a finished one nor cached as one.
 *
 * A row of a list without an id becomes a placeholder, so that its neighbours keep their places.
 *
 * @param fromEnd null for a run that is not a row of a list
 * @throws DecodeError for a run without an id that is not a row of a list
 */
export function decodeRun(
  run: JsonObject,
  counts: UndecodableCounts,
  fromEnd: number | null,
  { projectId }: { projectId: string },
): PipelineRun | null {
  const { ProjectId, Stages: sent } = run;
  if (ProjectId != null && ProjectId !== '' && textOf(ProjectId) !== projectId) {
    counts.foreignProject += 1;
    return null;
  }
  const runId = rowIdOf(run);
  const read = createFieldReader(counts);
  const rawStatus = read.raw(run.Status);
  const decoded: PipelineRun = {
    runId: runId ?? placeholderId(fromEnd ?? 0),
    projectId,
    createTime: read.time(run.CreateTime),
    modifyTime: read.time(run.ModifyTime),
    creator: read.id(run.Creator),
    status: runStatusOf(rawStatus),
    rawStatus,
    message: read.text(run.Message),
    description: read.ownText(run.Description),
    stages: NO_ROWS,
  };
  if (runId === null) {
    if (fromEnd === null) throw new DecodeError("a run's Id is missing or not an id");
    counts.row += 1;
    return { ...decoded, ...unreadable(NO_ID) };
  }
  if (sent != null && !Array.isArray(sent)) {
    counts.row += 1;
    return { ...decoded, ...unreadable(NO_STAGES) };
  }
  const present = (sent ?? []).filter((stage) => stage !== null);
  // `map` makes an array without room for more.
  if (present.length > 0) {
    decoded.stages = present
      .map((stage, index) => decodeStage(stage, index, read, counts))
      .sort((one, other) => one.step - other.step);
  }
  return decoded;
}

function decodeStage(
  sent: JsonValue,
  index: number,
  read: FieldReader,
  counts: UndecodableCounts,
): PipelineRunStage {
  const stage = isObject(sent) ? sent : {};
  const rawType = read.raw(stage.Type);
  const rawStatus = read.raw(stage.Status);
  const decoded: PipelineRunStage = {
    code: read.raw(stage.Code),
    step: read.number(stage.Step) ?? index + 1,
    type: stageTypeOf(rawType),
    rawType,
    name: read.text(stage.Name),
    description: read.text(stage.Description),
    message: read.text(stage.Message),
    status: runStatusOf(rawStatus),
    rawStatus,
    detail: read.document(stage.Detail),
  };
  if (isObject(sent)) return sharedStage(decoded);
  counts.row += 1;
  return { ...decoded, ...unreadable(NO_STAGE) };
}

const stages = new LRUCache<string, PipelineRunStage>({ max: 2000 });

/** Stages without a detail, or with one without ids, are the same in many runs. Those are one object. */
function sharedStage(stage: PipelineRunStage): PipelineRunStage {
  const { code, step, rawType, name, description, message, rawStatus, detail } = stage;
  if (detail !== null && detail.digits !== '') return stage;
  const key = JSON.stringify([code, step, rawType, name, description, message, rawStatus, detail?.text]);
  if (key.length > MAX_SHARED_LENGTH) return stage;
  const known = stages.get(key);
  if (!known) stages.set(key, stage);
  return known ?? stage;
}

const MAX_SHARED_LENGTH = 1000;

/** One without an id becomes a placeholder. */
export function decodeItem(item: JsonObject, counts: UndecodableCounts, fromEnd: number): PipelineRunItem {
  const itemId = rowIdOf(item);
  const read = createFieldReader(counts);
  const rawType = read.raw(item.Type);
  const rawStatus = read.raw(item.Status);
  const decoded: PipelineRunItem = {
    itemId: itemId ?? placeholderId(fromEnd),
    name: read.ownText(item.Name),
    type: itemTypeOf(rawType),
    rawType,
    status: runStatusOf(rawStatus),
    rawStatus,
    message: read.text(item.Message),
    version: read.text(item.Version),
    createTime: read.time(item.CreateTime),
    modifyTime: read.time(item.ModifyTime),
    spec: read.document(item.Spec),
  };
  if (itemId !== null) return decoded;
  counts.row += 1;
  return { ...decoded, ...unreadable(NO_ID) };
}

/** One without an id becomes an empty placeholder: its id alone tells which project it is. */
export function decodeProject(sent: JsonObject, counts: UndecodableCounts, fromEnd: number): Project {
  const projectId = rowIdOf(sent);
  if (projectId === null) counts.row += 1;
  const project = projectId === null ? {} : sent;
  const read = createFieldReader(counts);
  const rawStatus = read.raw(project.Status);
  return {
    projectId: projectId ?? placeholderId(fromEnd),
    name: read.ownText(project.Name),
    displayName: read.ownText(project.DisplayName),
    description: read.ownText(project.Description),
    owner: read.id(project.Owner),
    status: projectStatusOf(rawStatus),
    rawStatus,
  };
}

/** The stages of all runs without any. */
const NO_ROWS: PipelineRunStage[] = [];

function unreadable(message: string) {
  return { status: 'UNKNOWN', message } as const;
}

const NO_ID = 'The gateway cannot read this row: DataWorks sent it without a valid Id.';
const NO_STAGES = 'The gateway cannot read this run: DataWorks sent Stages that are not an array.';
const NO_STAGE = 'The gateway cannot read this stage: DataWorks sent something that is not an object.';

/** The id of a row; null if callers could not send it back. */
function rowIdOf({ Id }: JsonObject): string | null {
  const id = ownTextOf(Id);
  return id !== null && isIdText(id) && !isPlaceholderId(id) ? id : null;
}
