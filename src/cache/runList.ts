import type { PipelineRun } from '../core/domain.ts';
import type { Page } from '../core/upstream.ts';
import type { Cached, Failure } from './decide.ts';
import { assemble, type AssembledPage, type ListTraits } from './listRows.ts';
import { emptyList, type ListEvent, type ListState, reduce, type Snapshot, versionOf } from './listState.ts';

export type CurrentPage = Cached<Page<PipelineRun>>;

/** One list with its present state. */
export interface RunList {
  apply(event: ListEvent): void;
  /** The page as far as it is known, or null. */
  page(index: number): CurrentPage | null;
  /** The last page that was read or served. */
  snapshot(index: number): Snapshot | undefined;
  failure(index: number): Failure | null;
  version(index: number): number;
  /** Whether a new head could confirm the page. */
  canBeConfirmed(index: number): boolean;
  /** When the head was read, or -Infinity. */
  readonly headAsOf: number;
  readonly brokenAt: number;
  /** In bytes, estimated. */
  size(): number;
}

export function createRunList(traits: ListTraits): RunList {
  let state = emptyList(traits);
  /** Assembling a page takes longer than everything else about serving it. */
  const assembled = new Map<number, CurrentPage>();

  return {
    apply(event) {
      const { version } = state;
      state = reduce(state, event);
      if (state.version !== version) assembled.clear();
    },
    page(index) {
      const confirmed = confirmedBy(index);
      const last = state.snapshots.get(index);
      if (!last?.isCurrent || (confirmed && confirmed.asOf >= last.asOf)) return confirmed;
      const { value, asOf, version } = last;
      return {
        value,
        asOf,
        isShortLived: true,
        trustedUntil: Infinity,
        version: Math.max(version, state.version),
      };
    },
    snapshot: (index) => state.snapshots.get(index),
    failure: (index) => failureAt(state, index),
    version: (index) => versionOf(state, index),
    canBeConfirmed: (index) => confirmedBy(index) !== null,
    get headAsOf() {
      return state.head?.asOf ?? -Infinity;
    },
    get brokenAt() {
      return state.brokenAt;
    },
    size: () => sizeOf(state),
  };

  function confirmedBy(index: number): CurrentPage | null {
    const version = versionOf(state, index);
    const known = assembled.get(index);
    if (known?.version === version) return known;
    const page = confirmedPage(state, index);
    const current = page && { ...page, isShortLived: true, version };
    // There is no end of pages behind the end of the list.
    if (current && current.value.rows.length > 0) assembled.set(index, current);
    return current;
  }
}

/** The page by its rows, as of the head. Null if a row is unknown. */
function confirmedPage({ head, rows, traits }: ListState, index: number): AssembledPage | null {
  return head && assemble(rows, index, head, traits);
}

function failureAt({ failures }: ListState, index: number): Failure | null {
  const [ofHead = null, own = null] = [failures.get(0), failures.get(index)];
  return own !== null && (ofHead === null || own.until > ofHead.until) ? own : ofHead;
}

/** The estimated size of everything stored. */
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
