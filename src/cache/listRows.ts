import type { PipelineRun } from '../core/domain.ts';
import type { Page } from '../core/upstream.ts';

/** A row of a list. */
export interface Row {
  run: PipelineRun;
  /** When the last page that had it was requested, and when it arrived. */
  asOf: number;
  arrivedAt: number;
  /** Its size, estimated. */
  bytes: number;
}

/** By distance from the end of the list: the last row is 1. */
export type Rows = ReadonlyMap<number, Row>;

/** A page that was read. */
export interface PageRead {
  value: Page<PipelineRun>;
  asOf: number;
  /** The page was taken from the list between `asOf` and this. */
  arrivedAt: number;
  /** The mean size of a row. */
  rowBytes: number;
  version: number;
}

/** The first page of a list, complete. */
export interface Head {
  ids: string[];
  totalCount: number;
  asOf: number;
  arrivedAt: number;
}

/**
 * The rows with those of a page at their places. Null if another row was read at one of these places later. A different row that was
 * read there earlier shows that the list changed unnoticed; then only the rows of `head` remain.
 */
export function withPage(
  rows: Rows,
  index: number,
  { value, asOf, arrivedAt, rowBytes }: PageRead,
  head: Head | null,
): { rows: Rows; hasMoved: boolean } | null {
  const first = value.totalCount - index * value.pageSize;
  let hasMoved = false;
  for (const [at, { runId }] of value.rows.entries()) {
    const row = rows.get(first - at);
    if (!row || row.run.runId === runId) continue;
    if (row.asOf > asOf) return null;
    hasMoved = true;
  }
  const next = hasMoved ? headRows(rows, head) : new Map(rows);
  for (const [at, run] of value.rows.entries()) {
    const row = next.get(first - at);
    if (!row || row.asOf <= asOf) next.set(first - at, { run, asOf, arrivedAt, bytes: rowBytes });
  }
  return { rows: next, hasMoved };
}

/** The rows of the head alone. */
export function headRows(rows: Rows, head: Head | null): Map<number, Row> {
  const depth = head ? head.totalCount - head.ids.length : Infinity;
  return new Map([...rows].filter(([distance]) => distance > depth));
}

/** Whether a page has as many rows as its index in a list of that length requires. */
export function isWhole(index: number, { rows, totalCount }: Page<PipelineRun>, pageSize: number): boolean {
  return rows.length === Math.max(0, Math.min(pageSize, totalCount - index * pageSize));
}

/** Whether the new head is the old one with new rows in front of it and nothing else. */
export function isHeadInsert(old: Head, { rows, totalCount }: Page<PipelineRun>): boolean {
  const inserted = totalCount - old.totalCount;
  if (inserted < 0 || (inserted >= rows.length && old.totalCount > 0)) return false;
  return rows.slice(inserted).every(({ runId }, at) => old.ids[at] === runId);
}
