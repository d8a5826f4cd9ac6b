import { isFinished, type PipelineRun } from '../core/domain.ts';
import type { Page } from '../core/upstream.ts';

export interface ListTraits {
  pageSize: number;
  /** How long a finished row is trusted without being read again, in milliseconds. */
  trustMs: number;
  /** How long a snapshot can be served, in milliseconds. */
  staleMs: number;
  /**
   * Whether rows are only inserted at the head. Into a list of one status they are inserted anywhere: an unchanged head makes it likely
   * that the rest is unchanged, and no more. Its rows are then as old as their own reading.
   */
  growsAtHead: boolean;
}

/** A row of a list. */
export interface Row {
  run: PipelineRun;
  /** When the last page that had it was requested, and when it arrived. */
  asOf: number;
  arrivedAt: number;
  /** Its size, estimated. */
  bytes: number;
}

/** The first page of a list, complete. */
export interface Head {
  ids: string[];
  totalCount: number;
  asOf: number;
  arrivedAt: number;
}

export interface AssembledPage {
  value: Page<PipelineRun>;
  asOf: number;
  /** Until when its finished rows are trusted. */
  trustedUntil: number;
}

/** The page at an index, from its rows. Null if one of them is unknown. */
export function assemble(
  rows: ReadonlyMap<number, Row>,
  index: number,
  head: Head,
  { pageSize, trustMs, growsAtHead }: ListTraits,
): AssembledPage | null {
  const { totalCount } = head;
  const start = index * pageSize;
  const runs: PipelineRun[] = [];
  let { asOf } = head;
  let trustedUntil = Infinity;
  for (let offset = start; offset < Math.min(start + pageSize, totalCount); offset++) {
    const row = rows.get(totalCount - offset);
    if (!row) return null;
    runs.push(row.run);
    const isDone = isFinished(row.run);
    // A finished run does not change. The head confirms its place only in a list that grows at its head.
    if (!isDone || !growsAtHead) asOf = Math.min(asOf, row.asOf);
    if (isDone) trustedUntil = Math.min(trustedUntil, row.asOf + trustMs);
  }
  return { value: { rows: runs, totalCount, pageNumber: index + 1, pageSize }, asOf, trustedUntil };
}

/**
 * The rows with those of a page at their places. Null if another row was read at one of these places later. A different row that was
 * read there earlier shows that the list changed unnoticed; then `reset` decides which rows remain.
 */
export function withPage(
  rows: ReadonlyMap<number, Row>,
  index: number,
  { rows: runs, totalCount, pageSize }: Page<PipelineRun>,
  reading: { page: { asOf: number }; arrivedAt: number; bytes: number },
  reset: (rows: ReadonlyMap<number, Row>) => Map<number, Row>,
): { rows: Map<number, Row>; hasMoved: boolean } | null {
  const { page, arrivedAt, bytes } = reading;
  const { asOf } = page;
  const first = totalCount - index * pageSize;
  const others = runs
    .map(({ runId }, at) => ({ runId, row: rows.get(first - at) }))
    .filter(({ runId, row }) => row && row.run.runId !== runId);
  if (others.some(({ row }) => row && row.asOf > asOf)) return null;
  const hasMoved = others.length > 0;
  const next = hasMoved ? reset(rows) : new Map(rows);
  runs.forEach((run, at) => {
    const row = next.get(first - at);
    if (row && row.asOf > asOf) return;
    next.set(first - at, { run, asOf, arrivedAt, bytes: bytes / runs.length });
  });
  return { rows: next, hasMoved };
}

/** The rows of the head alone. */
export function headRows(rows: ReadonlyMap<number, Row>, head: Head | null): Map<number, Row> {
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
