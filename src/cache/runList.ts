import { isFinished, type PipelineRun } from '../core/domain.ts';
import type { Page } from '../core/upstream.ts';
import type { Cached, Failure } from './decide.ts';
import {
  emptyList,
  type ListEvent,
  type ListState,
  type ListTraits,
  reduce,
  versionOf,
} from './listState.ts';

export type CurrentPage = Cached<Page<PipelineRun>>;

/** One list with its present state. */
export class RunList {
  #state: ListState;
  /** Assembling a page takes longer than everything else about serving it. */
  readonly #assembled = new Map<number, CurrentPage>();

  constructor(traits: ListTraits) {
    this.#state = emptyList(traits);
  }

  get state(): ListState {
    return this.#state;
  }

  apply(event: ListEvent): void {
    const { version } = this.#state;
    this.#state = reduce(this.#state, event);
    if (this.#state.version !== version) this.#assembled.clear();
  }

  /** The page as far as it is known, or null. */
  page(index: number): CurrentPage | null {
    const confirmed = this.confirmed(index);
    const { snapshots, version } = this.#state;
    const last = snapshots.get(index);
    if (!last?.isCurrent || (confirmed && confirmed.asOf >= last.asOf)) return confirmed;
    const { value, asOf } = last;
    const newest = Math.max(last.version, version);
    return { value, asOf, isShortLived: true, trustedUntil: Infinity, version: newest };
  }

  /** The page as the head confirms it. Null if a row is unknown. */
  confirmed(index: number): CurrentPage | null {
    const version = versionOf(this.#state, index);
    const known = this.#assembled.get(index);
    if (known?.version === version) return known;
    const page = assemble(this.#state, index, version);
    // There is no end of pages behind the end of the list.
    if (page && page.value.rows.length > 0) this.#assembled.set(index, page);
    return page;
  }

  failure(index: number): Failure | null {
    const { failures } = this.#state;
    const [ofHead = null, own = null] = [failures.get(0), failures.get(index)];
    return own !== null && (ofHead === null || own.until > ofHead.until) ? own : ofHead;
  }
}

function assemble({ head, rows, traits }: ListState, index: number, version: number): CurrentPage | null {
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
