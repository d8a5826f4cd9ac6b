/** From DataWorks' JSON to the model. Numbers may come as text and text as numbers; any field may be null or missing. */

import { placeholderId } from '../core/domain.ts';
import type { JsonValue, PipelineRun, PipelineRunItem, PipelineRunStage, Project } from '../core/domain.ts';
import type { Page } from '../core/upstream.ts';
import { countOf, DecodeError, isObject, numberOf, objectOf, rowIdOf, textOf } from './fields.ts';
import type { JsonObject, UndecodableCounts } from './fields.ts';
import { decodeItemFields, decodeProjectFields, decodeRunFields, decodeStageFields } from './tables.ts';

/**
 * One page of a list, from the first of its two keys that `PagingInfo` has. Its size is the one that the upstream reports, which can
 * be less than the one asked for.
 *
 * @throws DecodeError if the page is not the one asked for, or is larger
 */
export function decodePage<Row>(
  body: JsonObject,
  asked: { pageNumber: number; pageSize: number },
  [listKey, olderKey = listKey]: readonly [listKey: string, olderKey?: string],
  decodeRow: (row: JsonValue, fromEnd: number) => Row,
): Page<Row> {
  const paging = objectOf(body.PagingInfo, 'PagingInfo');
  const totalCount = countOf(paging.TotalCount, 'PagingInfo.TotalCount');
  if (paging.PageNumber != null && numberOf(paging.PageNumber) !== asked.pageNumber) {
    throw new DecodeError('PagingInfo.PageNumber is not what was asked for');
  }
  const pageSize = paging.PageSize == null ? asked.pageSize : countOf(paging.PageSize, 'PagingInfo.PageSize');
  if (pageSize < 1 || pageSize > asked.pageSize) {
    throw new DecodeError('PagingInfo.PageSize is more than was asked for, or zero');
  }
  const list = paging[listKey] ?? paging[olderKey] ?? null;
  const start = (asked.pageNumber - 1) * pageSize;
  // A serializer that omits what is empty may omit the list, but not if there are rows on this page.
  const mayBeEmpty = list === null && start >= totalCount;
  if (!mayBeEmpty && !Array.isArray(list)) throw new DecodeError('the list is not an array');
  const rows = (list ?? []).map((row, index) => decodeRow(row, totalCount - start - index));
  if (rows.length > pageSize) throw new DecodeError('the page has more rows than its size');
  // A page that holds the whole list does not show a cap, whatever size it reports.
  const isWhole = asked.pageNumber === 1 && rows.length === totalCount;
  return { rows, totalCount, pageNumber: asked.pageNumber, pageSize: isWhole ? asked.pageSize : pageSize };
}

/** The first page of a list that must fit on one page. */
export function decodeOnlyPage<Row>(...page: Parameters<typeof decodePage<Row>>): Page<Row> {
  const decoded = decodePage(...page);
  if (decoded.rows.length < decoded.totalCount) throw new DecodeError('the list has more rows than its page');
  return decoded;
}

/**
 * A run. Its project is `projectId`, the one asked for. A run whose stages cannot be read has none and an unknown status, so that it
 * is neither taken for a finished one nor cached as one.
 *
 * @throws DecodeError for a run without an id
 */
export function decodePipelineRun(
  run: JsonObject,
  projectId: string,
  counts: UndecodableCounts,
  runId = rowIdOf(run),
): PipelineRun {
  if (runId === null) throw new DecodeError("a run's Id is missing or not an id");
  const fields = { runId, projectId, ...decodeRunFields(run, counts), stages: [] };
  const { Stages: sent } = run;
  if (sent != null && !Array.isArray(sent)) {
    counts.row += 1;
    return { ...fields, ...unreadable(NO_STAGES) };
  }
  const stages: PipelineRunStage[] = [];
  for (const stage of sent ?? []) {
    if (stage !== null) stages.push(decodeStage(stage, stages.length, counts));
  }
  return { ...fields, stages: stages.sort((one, other) => one.step - other.step) };
}

/**
 * A row of a list of runs. One without an id becomes a placeholder, so that its neighbours keep their places.
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
  const runId = rowIdOf(run);
  if (runId !== null) return decodePipelineRun(run, projectId, counts, runId);
  counts.row += 1;
  const fields = decodeRunFields(run, counts);
  return { runId: placeholderId(fromEnd), projectId, ...fields, stages: [], ...unreadable(NO_ID) };
}

/** Whether a run names a project, and not the one asked for. */
export function isOfOtherProject({ ProjectId }: JsonObject, projectId: string): boolean {
  return ProjectId != null && ProjectId !== '' && textOf(ProjectId) !== projectId;
}

/** As `decodeRunRow`. */
export function decodeItemRow(row: JsonValue, fromEnd: number, counts: UndecodableCounts): PipelineRunItem {
  const item = isObject(row) ? row : {};
  const itemId = rowIdOf(item);
  const fields = decodeItemFields(item, counts);
  if (itemId !== null) return { itemId, ...fields };
  counts.row += 1;
  return { itemId: placeholderId(fromEnd), ...fields, ...unreadable(NO_ID) };
}

/** A project without an id becomes an empty placeholder: its id alone tells which project it is. */
export function decodeProjectRow(row: JsonValue, fromEnd: number, counts: UndecodableCounts): Project {
  const projectId = isObject(row) ? rowIdOf(row) : null;
  if (projectId !== null) return { projectId, ...decodeProjectFields(row as JsonObject, counts) };
  counts.row += 1;
  return { projectId: placeholderId(fromEnd), ...decodeProjectFields({}, counts) };
}

function decodeStage(sent: JsonValue, index: number, counts: UndecodableCounts): PipelineRunStage {
  const fields = decodeStageFields(isObject(sent) ? sent : {}, counts);
  const stage = { ...fields, step: fields.step ?? index + 1 };
  if (isObject(sent)) return stage;
  counts.row += 1;
  return { ...stage, ...unreadable(NO_STAGE) };
}

function unreadable(message: string) {
  return { status: 'UNKNOWN', message } as const;
}

const NO_ID = 'The gateway cannot read this row: DataWorks sent it without a valid Id.';
const NO_STAGES = 'The gateway cannot read this run: DataWorks sent Stages that are not an array.';
const NO_STAGE = 'The gateway cannot read this stage: DataWorks sent something that is not an object.';
