import { isFinished, type PipelineRun } from '../core/domain.ts';
import type { Page } from '../core/upstream.ts';
import type { Cached, Failure } from './freshness.ts';
import { MAP_SLOT } from './sizes.ts';

/** A row of a list. */
export interface Row {
  run: PipelineRun;
  /** Of the last page that had it. */
  read: ReadTimes;
}

/** When a page was requested, and when it arrived. All its rows have the same object. */
export interface ReadTimes {
  asOf: number;
  arrivedAt: number;
}

/** By distance from the end of the list: the last row is 1. */
export type Rows = ReadonlyMap<number, Row>;

/** A page that was read. */
export interface PageRead {
  value: Page<PipelineRun>;
  asOf: number;
  /** The page was taken from the list between `asOf` and this. */
  arrivedAt: number;
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
  /** Confirmed pages of this version, stored because to assemble one takes longer than everything else about serving it. */
  assembled: Map<number, CurrentPage>;
}

/** The last page of an index that was read or served. */
export interface Snapshot extends PageRead {
  /** Whether its rows are among those that the head confirms. */
  isPlaced: boolean;
  /** Whether it still shows the list as far as is known, and is used like the head whatever the other pages show. */
  isCurrent: boolean;
}

export type CurrentPage = Cached<Page<PipelineRun>>;

/** The page as far as it is known, or null. */
export function pageAt(state: ListState, index: number): CurrentPage | null {
  const confirmed = confirmedPage(state, index);
  const last = state.snapshots.get(index);
  if (!last?.isCurrent || (confirmed && confirmed.asOf >= last.asOf)) return confirmed;
  const { value, asOf } = last;
  return { value, asOf, isShortLived: true, trustedUntil: Infinity, version: versionAt(state, index) };
}

/** The page as the head confirms it. Null if a row is unknown. */
export function confirmedPage(state: ListState, index: number): CurrentPage | null {
  const { head, rows, traits, assembled } = state;
  if (!head) return null;
  const version = versionAt(state, index);
  const known = assembled.get(index);
  if (known?.version === version) return known;
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
    if (!isDone || !growsAtHead) asOf = Math.min(asOf, row.read.asOf);
    if (isDone) trustedUntil = Math.min(trustedUntil, row.read.asOf + trustMs);
  }
  const value = { rows: runs, totalCount, pageNumber: index + 1, pageSize };
  const page = { value, asOf, isShortLived: true, trustedUntil, version };
  // There is no end of pages behind the end of the list.
  if (runs.length > 0) assembled.set(index, page);
  return page;
}

export function versionAt({ version, snapshots }: ListState, index: number): number {
  return Math.max(version, snapshots.get(index)?.version ?? 0);
}

export function failureAt({ failures }: ListState, index: number): Failure | null {
  const [ofHead = null, own = null] = [failures.get(0), failures.get(index)];
  return own !== null && (ofHead === null || own.until > ofHead.until) ? own : ofHead;
}

/** All runs of the list, each once. */
export function runsIn({ rows, snapshots }: ListState): Set<PipelineRun> {
  const runs = new Set<PipelineRun>();
  for (const { run } of rows.values()) runs.add(run);
  for (const { value } of snapshots.values()) for (const run of value.rows) runs.add(run);
  return runs;
}

/** The size of a list and of a page without any rows. */
const LIST_BYTES = 1500;
const PAGE_BYTES = 500;

/** The size of a row with its slot, and of its places in arrays: in ids of the head, pages, and what the entry holds. */
const ROW_BYTES = 5 * 8 + MAP_SLOT;
const PLACE_BYTES = 2 * 8;

/** The estimated size without the runs. */
export function bytesOfList({ rows, snapshots }: ListState): number {
  let bytes = LIST_BYTES + (ROW_BYTES + PLACE_BYTES) * rows.size;
  for (const { value } of snapshots.values()) bytes += PAGE_BYTES + PLACE_BYTES * value.rows.length;
  return bytes;
}
