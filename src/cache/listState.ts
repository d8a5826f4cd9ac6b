import { isFinished, type PipelineRun } from '../core/domain.ts';
import type { Page } from '../core/upstream.ts';
import type { Cached, Failure } from './freshness.ts';

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

export interface ListState {
  traits: ListTraits;
  head: Head | null;
  /** When a head was read that does not continue the one before: what was read earlier may be outdated. */
  brokenAt: number;
  rows: Rows;
  snapshots: ReadonlyMap<number, Snapshot>;
  /** By index. The head's failure holds for all pages. */
  failures: ReadonlyMap<number, Failure>;
  /** Changes whenever more than one page can have changed. */
  version: number;
}

/** The last page of an index that was read or served. */
export interface Snapshot extends PageRead {
  /** Whether its rows are among those that the head confirms. */
  isPlaced: boolean;
  /** Whether it still shows the list as far as is known, and is used like the head whatever the other pages show. */
  isCurrent: boolean;
}

export type CurrentPage = Cached<Page<PipelineRun>>;

/** The page as the head confirms it. Null if a row is unknown. */
export function assemble(
  { head, rows, traits }: ListState,
  index: number,
  version: number,
): CurrentPage | null {
  if (!head) return null;
  const { pageSize, trustMs, growsAtHead } = traits;
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
  const value = { rows: runs, totalCount, pageNumber: index + 1, pageSize };
  return { value, asOf, isShortLived: true, trustedUntil, version };
}

/** The estimated size of everything stored, in bytes. */
export function sizeOf({ rows, snapshots }: ListState): number {
  const runs = new Set<PipelineRun>();
  let bytes = 0;
  for (const { run, bytes: rowBytes } of rows.values()) {
    runs.add(run);
    bytes += rowBytes;
  }
  for (const { value, rowBytes } of snapshots.values()) {
    for (const run of value.rows) if (!runs.has(run)) bytes += rowBytes;
  }
  return bytes;
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
