import type { PipelineRun } from '../core/domain.ts';
import type { Page } from '../core/upstream.ts';
import type { Failure } from './freshness.ts';
import {
  type CurrentPage,
  type Head,
  type ListState,
  type ListTraits,
  type PageRead,
  type Row,
  type Rows,
  type Snapshot,
  versionAt,
} from './listState.ts';

/*
 * What is known of one list of runs: a pure reducer.
 *
 * New runs arrive at the head and push all others down, so rows are stored by their distance from the end of the list, which a new
 * run does not change. A new head shows whether that is all that happened: behind its new rows it has, id for id, the rows that the
 * old head began with. Then every stored row is still valid, and one call has confirmed the whole list. Otherwise (a row was removed,
 * the order changed, more rows arrived than a page holds) only the new head is known.
 *
 * A page joins these rows only if it was requested after the head had arrived and agrees with it on the length. What happened
 * between the two shows when the next head arrives.
 *
 * Besides, the last page that was read or served is stored for each index. It is served while nothing newer is available, and
 * nothing older is served after it.
 */

export type ListEvent =
  | { type: 'read'; index: number; page: PageRead; traits: ListTraits }
  | { type: 'served'; index: number; page: Pick<PageRead, 'value' | 'asOf'> }
  | { type: 'failed'; index: number; failure: Failure }
  /** The list is too large: only its head stays. */
  | { type: 'trimmed'; version: number };

/** The state of a list before anything is read. */
export const unknownList: ListState = {
  traits: { pageSize: 0, growsAtHead: true, trustMs: 0, staleMs: 0 },
  head: null,
  brokenAt: -Infinity,
  rows: new Map(),
  snapshots: new Map(),
  failures: new Map(),
  version: 0,
  assembled: new Map(),
};

export function reduce(state: ListState, event: ListEvent): ListState {
  switch (event.type) {
    case 'read': {
      const failures = new Map(state.failures);
      failures.delete(event.index);
      const next = { ...state, traits: event.traits, failures };
      return event.index === 0 ? withHead(next, event.page) : withDeepPage(next, event.index, event.page);
    }
    case 'served':
      return withServed(state, event.index, event.page.value, event.page.asOf);
    case 'failed': {
      // Only for known pages, which bounds how many failures are stored.
      const isKnown = event.index === 0 || state.snapshots.has(event.index);
      if (!isKnown) return state;
      return { ...state, failures: new Map(state.failures).set(event.index, event.failure) };
    }
    case 'trimmed': {
      const rows = headRows(state.rows, state.head);
      return { ...state, rows, snapshots: new Map(), version: event.version, assembled: new Map() };
    }
  }
}

function withHead(state: ListState, page: PageRead): ListState {
  const { value, asOf, arrivedAt, version } = page;
  const { head: before, traits } = state;
  if (before && asOf < before.asOf) return state;
  const continues = before !== null && isHeadInsert(before, value);
  const brokenAt = before !== null && !continues ? asOf : state.brokenAt;
  const snapshots = new Map(state.snapshots).set(0, { ...page, isPlaced: false, isCurrent: true });
  const next = { ...state, version, assembled: new Map(), brokenAt, snapshots };
  if (!isWhole(0, value, traits.pageSize)) return { ...next, head: null, rows: new Map() };
  const { totalCount } = value;
  const head: Head = { ids: value.rows.map(({ runId }) => runId), totalCount, asOf, arrivedAt };
  // Of rows that arrived while this head was on its way, nobody knows whether they were read before the new rows came or after.
  const isDropped = (one: { arrivedAt: number }) =>
    !continues || (totalCount !== before.totalCount && one.arrivedAt > asOf);
  const remaining = new Map([...state.rows].filter(([, { read }]) => !isDropped(read)));
  const merged = withPage(remaining, 0, page, null);
  for (const [index, one] of snapshots) {
    const isPlaced = index === 0 || (one.isPlaced && !merged?.hasMoved && !isDropped(one));
    snapshots.set(index, { ...one, isPlaced });
  }
  return reviewed({ ...next, head, rows: merged?.rows ?? remaining }, head, continues ? before : null);
}

/**
 * Places the pages that were read between two heads, and stops using those as current that the new head shows to be of another time.
 *
 * @param before the last head, if nothing but new rows came between it and this one; else null
 */
function reviewed(state: ListState, head: Head, before: Head | null): ListState {
  const { trustMs, staleMs } = state.traits;
  const next: Draft = { ...state, snapshots: new Map(state.snapshots) };
  for (const [index, snapshot] of state.snapshots) {
    if (index === 0) continue;
    const { value, asOf, arrivedAt, isCurrent } = snapshot;
    if (isCurrent && before !== null && !next.snapshots.get(index)?.isPlaced && asOf >= before.arrivedAt) {
      // A page that was read between two heads shows the list somewhere between the two, and one that arrived later may not.
      const shortest = arrivedAt <= head.asOf ? before.totalCount : head.totalCount;
      place(next, index, snapshot, head, shortest);
    }
    const isPlaced = next.snapshots.get(index)?.isPlaced === true;
    const isOutdated = asOf < head.asOf && (before === null || value.totalCount === head.totalCount);
    const staysCurrent = isCurrent && !isPlaced && !isOutdated && asOf >= head.asOf - trustMs;
    if (staysCurrent || asOf >= head.asOf - staleMs)
      next.snapshots.set(index, { ...snapshot, isPlaced, isCurrent: staysCurrent });
    else next.snapshots.delete(index);
  }
  next.failures = new Map([...state.failures].filter(([index]) => next.snapshots.has(index)));
  return next;
}

function withDeepPage(state: ListState, index: number, page: PageRead): ListState {
  const last = state.snapshots.get(index);
  const isNewer = last === undefined || last.asOf <= page.asOf;
  const read = { ...page, isPlaced: false, isCurrent: true };
  const snapshot = isNewer ? read : { ...last, version: page.version };
  const { head } = state;
  const snapshots = new Map(state.snapshots).set(index, snapshot);
  // All unknown lists share their empty map.
  const assembled = head ? state.assembled : new Map<number, CurrentPage>();
  const next: Draft = { ...state, snapshots, assembled };
  if (head && page.asOf >= head.arrivedAt) place(next, index, page, head, head.totalCount);
  return next;
}

/** A state that is not in use yet. Its snapshots belong to it alone. */
type Draft = ListState & { snapshots: Map<number, Snapshot> };

/**
 * Puts the rows of a page among those that the head confirms, if it belongs to the head's list.
 *
 * @param shortest the shortest length that the list can have had when the page was read
 */
function place(draft: Draft, index: number, page: PageRead, head: Head, shortest: number): void {
  const { value, asOf, version } = page;
  const headIds = new Set(head.ids);
  const belongs =
    isWhole(index, value, draft.traits.pageSize) &&
    value.totalCount >= shortest &&
    value.totalCount <= head.totalCount &&
    value.rows.every(({ runId }) => !headIds.has(runId));
  const result = belongs ? withPage(draft.rows, index, page, head) : null;
  if (result === null) return;
  const { snapshots } = draft;
  draft.rows = result.rows;
  if (result.hasMoved) {
    for (const [at, one] of snapshots) if (at > 0) snapshots.set(at, { ...one, isPlaced: false });
    draft.version = Math.max(draft.version, version);
    draft.assembled = new Map();
  }
  const own = snapshots.get(index);
  if (own?.asOf === asOf) snapshots.set(index, { ...own, isPlaced: true });
}

function withServed(state: ListState, index: number, value: Page<PipelineRun>, asOf: number): ListState {
  const last = state.snapshots.get(index);
  if (last && last.asOf >= asOf) return state;
  const snapshots = new Map(state.snapshots);
  // There is no end of pages behind the end of the list, and they have no rows that could be older than the head.
  if (value.rows.length === 0) snapshots.delete(index);
  else {
    const version = versionAt(state, index);
    const page = { value, asOf, arrivedAt: asOf, version };
    snapshots.set(index, { ...page, isPlaced: true, isCurrent: false });
  }
  return { ...state, snapshots };
}

/**
 * The rows with those of a page at their places. Null if another row was read at one of these places later. A different row that was
 * read there earlier shows that the list changed unnoticed; then only the rows of `head` remain.
 */
function withPage(
  rows: Rows,
  index: number,
  { value, asOf, arrivedAt }: PageRead,
  head: Head | null,
): { rows: Rows; hasMoved: boolean } | null {
  const first = value.totalCount - index * value.pageSize;
  let hasMoved = false;
  for (const [at, { runId }] of value.rows.entries()) {
    const row = rows.get(first - at);
    if (!row || row.run.runId === runId) continue;
    if (row.read.asOf > asOf) return null;
    hasMoved = true;
  }
  const read = { asOf, arrivedAt };
  const next = hasMoved ? headRows(rows, head) : new Map(rows);
  for (const [at, run] of value.rows.entries()) {
    const row = next.get(first - at);
    if (!row || row.read.asOf <= asOf) next.set(first - at, { run, read });
  }
  return { rows: next, hasMoved };
}

/** The rows of the head alone. */
function headRows(rows: Rows, head: Head | null): Map<number, Row> {
  const depth = head ? head.totalCount - head.ids.length : Infinity;
  return new Map([...rows].filter(([distance]) => distance > depth));
}

/** Whether a page has as many rows as its index in a list of that length requires. */
function isWhole(index: number, { rows, totalCount }: Page<PipelineRun>, pageSize: number): boolean {
  return rows.length === Math.max(0, Math.min(pageSize, totalCount - index * pageSize));
}

/** Whether the new head is the old one with new rows in front of it and nothing else. */
function isHeadInsert(old: Head, { rows, totalCount }: Page<PipelineRun>): boolean {
  const inserted = totalCount - old.totalCount;
  if (inserted < 0 || (inserted >= rows.length && old.totalCount > 0)) return false;
  return rows.slice(inserted).every(({ runId }, at) => old.ids[at] === runId);
}
