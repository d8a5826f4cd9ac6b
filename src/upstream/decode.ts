/** From DataWorks' JSON to the model. Numbers may come as text and text as numbers; any field may be null or missing. */

import { isIdText, isPlaceholderId, placeholderId } from '../core/domain.ts';
import type { JsonValue, PipelineRun, PipelineRunItem, PipelineRunStage, Project } from '../core/domain.ts';
import type { Page, Undecodable } from '../core/upstream.ts';
import { countOf, decodeEmbedded, DecodeError, isObject, numberOf, objectOf, textOf } from './json.ts';
import type { JsonObject } from './json.ts';
import {
  type FieldKind,
  type FieldTable,
  itemFields,
  projectFields,
  runFields,
  stageFields,
} from './tables.ts';

/** How many parts of a response could not be decoded. */
export type UndecodableCounts = Record<Undecodable, number>;

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
  const fields = { projectId, ...decodeFields(runFields, run, counts), stages: [] };
  if (runId === null) {
    if (fromEnd === null) throw new DecodeError("a run's Id is missing or not an id");
    counts.row += 1;
    return { runId: placeholderId(fromEnd), ...fields, ...unreadable(NO_ID) };
  }
  if (sent != null && !Array.isArray(sent)) {
    counts.row += 1;
    return { runId, ...fields, ...unreadable(NO_STAGES) };
  }
  const stages: PipelineRunStage[] = [];
  for (const stage of sent ?? []) {
    if (stage !== null) stages.push(decodeStage(stage, stages.length, counts));
  }
  return { runId, ...fields, stages: stages.sort((one, other) => one.step - other.step) };
}

function decodeStage(sent: JsonValue, index: number, counts: UndecodableCounts): PipelineRunStage {
  const fields = decodeFields(stageFields, isObject(sent) ? sent : {}, counts);
  const stage = { ...fields, step: fields.step ?? index + 1 };
  if (isObject(sent)) return stage;
  counts.row += 1;
  return { ...stage, ...unreadable(NO_STAGE) };
}

/** One without an id becomes a placeholder. */
export function decodeItem(item: JsonObject, counts: UndecodableCounts, fromEnd: number): PipelineRunItem {
  const itemId = rowIdOf(item);
  const fields = decodeFields(itemFields, item, counts);
  if (itemId !== null) return { itemId, ...fields };
  counts.row += 1;
  return { itemId: placeholderId(fromEnd), ...fields, ...unreadable(NO_ID) };
}

/** One without an id becomes an empty placeholder: its id alone tells which project it is. */
export function decodeProject(project: JsonObject, counts: UndecodableCounts, fromEnd: number): Project {
  const projectId = rowIdOf(project);
  if (projectId !== null) return { projectId, ...decodeFields(projectFields, project, counts) };
  counts.row += 1;
  return { projectId: placeholderId(fromEnd), ...decodeFields(projectFields, {}, counts) };
}

function unreadable(message: string) {
  return { status: 'UNKNOWN', message } as const;
}

const NO_ID = 'The gateway cannot read this row: DataWorks sent it without a valid Id.';
const NO_STAGES = 'The gateway cannot read this run: DataWorks sent Stages that are not an array.';
const NO_STAGE = 'The gateway cannot read this stage: DataWorks sent something that is not an object.';

/** The id of a row; null if callers could not send it back. */
function rowIdOf({ Id }: JsonObject): string | null {
  const id = textOf(Id);
  return id !== null && isIdText(id) && !isPlaceholderId(id) ? id : null;
}

/** A field that is present and cannot be decoded counts, and is as if it were missing. */
function decodeFields<Thing>(table: FieldTable<Thing>, source: JsonObject, counts: UndecodableCounts): Thing {
  const thing: Partial<Record<keyof Thing, unknown>> = {};
  for (const key in table) {
    const [wireName, kind] = table[key];
    const sent = source[wireName];
    const decoded = decodeField(kind, sent, counts);
    const isMissing = sent === undefined || sent === null || (typeof sent === 'string' && sent.trim() === '');
    if (decoded === null && !isMissing) counts.field += 1;
    thing[key] = decoded ?? (kind === 'raw' ? '' : null);
  }
  return thing as Thing;
}

/** Null for a field that is missing or cannot be decoded. */
function decodeField(kind: FieldKind, sent: JsonValue | undefined, counts: UndecodableCounts): unknown {
  const text = textOf(sent);
  switch (kind) {
    case 'text':
    case 'raw':
      return text;
    case 'id':
      return text !== null && isIdText(text) ? text : null;
    case 'number':
      return numberOf(sent);
    case 'time': {
      const time = numberOf(sent);
      return time === null || Math.abs(time) > MAX_TIME ? null : Math.trunc(time);
    }
    case 'document':
      return typeof sent === 'string' && text === null ? null : documentOf(sent ?? null, counts);
    default:
      // Official material spells names in capitals, in CamelCase and with underscores.
      return kind.get((text ?? '').toLowerCase().replaceAll('_', '')) ?? 'UNKNOWN';
  }
}

/** The furthest time from the epoch that a `Date` can hold (ECMA-262, "Time Values and Time Range"). */
const MAX_TIME = 8.64e15;

/** A document. One that is nested too deeply becomes its JSON text, or null if it has none, and counts as undecodable. */
function documentOf(value: JsonValue, counts: UndecodableCounts): JsonValue {
  try {
    return decodeEmbedded(value);
  } catch {
    const text = jsonTextOf(value);
    // A null counts where the field is read.
    if (text !== null) counts.field += 1;
    return text;
  }
}

/** Null for a value that is nested too deeply even for `JSON.stringify`. */
function jsonTextOf(value: JsonValue): string | null {
  try {
    return JSON.stringify(value);
  } catch {
    return null;
  }
}
