import type { PipelineRun } from '../core/domain.ts';
import type { Page } from '../core/upstream.ts';
import type { Failure } from './decide.ts';
import {
  headRows,
  type Head,
  isHeadInsert,
  isWhole,
  type ListTraits,
  type Row,
  withPage,
} from './listRows.ts';

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

export interface ListState {
  traits: ListTraits;
  head: Head | null;
  /** When a head was read that does not continue the one before: what was read earlier may be outdated. */
  brokenAt: number;
  /** By distance from the end of the list: the last row is 1. */
  rows: ReadonlyMap<number, Row>;
  snapshots: ReadonlyMap<number, Snapshot>;
  /** By index. The head's failure holds for all pages. */
  failures: ReadonlyMap<number, Failure>;
  /** Changes whenever more than one page can have changed. */
  version: number;
}

/** The last page of an index that was read or served. */
export interface Snapshot {
  value: Page<PipelineRun>;
  asOf: number;
  /** The page was taken from the list between `asOf` and this. */
  arrivedAt: number;
  /** The mean size of a row. */
  rowBytes: number;
  /** Whether its rows are among those that the head confirms. */
  isPlaced: boolean;
  /** Whether it still shows the list as far as is known, and is used like the head whatever the other pages show. */
  isCurrent: boolean;
  version: number;
}

export interface PageRead {
  type: 'read';
  index: number;
  page: { value: Page<PipelineRun>; asOf: number };
  arrivedAt: number;
  bytes: number;
  /** A new one. */
  version: number;
}

export type ListEvent =
  | PageRead
  | { type: 'served'; index: number; page: PageRead['page'] }
  | { type: 'failed'; index: number; failure: Failure }
  /** The list is too large: only its head is kept. */
  | { type: 'trimmed'; version: number };

export function emptyList(traits: ListTraits): ListState {
  const none = new Map<number, never>();
  return { traits, head: null, brokenAt: -Infinity, rows: none, snapshots: none, failures: none, version: 0 };
}

export function reduce(state: ListState, event: ListEvent): ListState {
  switch (event.type) {
    case 'read': {
      const next = { ...state, failures: without(state.failures, event.index) };
      return event.index === 0 ? withHead(next, event) : withDeepPage(next, event);
    }
    case 'served':
      return withServed(state, event.index, event.page);
    case 'failed': {
      // Only for known pages, which bounds how many failures are stored.
      const isKnown = event.index === 0 || state.snapshots.has(event.index);
      if (!isKnown) return state;
      return { ...state, failures: new Map(state.failures).set(event.index, event.failure) };
    }
    case 'trimmed':
      return {
        ...state,
        rows: headRows(state.rows, state.head),
        snapshots: new Map(),
        version: event.version,
      };
  }
}

export function versionOf({ version, snapshots }: ListState, index: number): number {
  return Math.max(version, snapshots.get(index)?.version ?? 0);
}

function withHead(state: ListState, event: PageRead): ListState {
  const { value, asOf } = event.page;
  const { head: before, traits } = state;
  if (before && asOf < before.asOf) return state;
  const continues = before !== null && isHeadInsert(before, value);
  const isBroken = before !== null && !continues;
  const next: ListState = { ...state, version: event.version, brokenAt: isBroken ? asOf : state.brokenAt };
  const snapshot = snapshotOf(event);
  if (!isWhole(0, value, traits.pageSize)) {
    const snapshots = new Map(state.snapshots).set(0, snapshot);
    return { ...next, head: null, rows: new Map(), snapshots };
  }
  const head: Head = {
    ids: value.rows.map(({ runId }) => runId),
    totalCount: value.totalCount,
    asOf,
    arrivedAt: event.arrivedAt,
  };
  // Of rows that arrived while this head was on its way, nobody knows whether they were read before the new rows came or after.
  const isDropped = ({ arrivedAt }: { arrivedAt: number }) =>
    !continues || (value.totalCount !== before.totalCount && arrivedAt > asOf);
  const remaining = new Map([...state.rows].filter(([, row]) => !isDropped(row)));
  const placed = withPage(remaining, 0, value, event, () => new Map());
  const snapshots = new Map(
    [...state.snapshots].map(([index, one]) => [
      index,
      placed?.hasMoved || isDropped(one) ? { ...one, isPlaced: false } : one,
    ]),
  ).set(0, { ...snapshot, isPlaced: true });
  return reviewed(
    { ...next, head, rows: placed?.rows ?? remaining, snapshots },
    head,
    continues ? before : null,
  );
}

/**
 * Places the pages that were read between two heads, and stops using those as current that the new head shows to be of another time.
 *
 * @param before the last head, if nothing but new rows came between it and this one; else null
 */
function reviewed(state: ListState, head: Head, before: Head | null): ListState {
  const { trustMs, staleMs } = state.traits;
  let next = state;
  for (const [index, snapshot] of state.snapshots) {
    if (index === 0) continue;
    const { value, asOf, arrivedAt, isCurrent } = snapshot;
    const wasPlaced = next.snapshots.get(index)?.isPlaced === true;
    if (isCurrent && before !== null && !wasPlaced && asOf >= before.arrivedAt) {
      // A page that was read between two heads shows the list somewhere between the two, and one that arrived later may not.
      const shortest = arrivedAt <= head.asOf ? before.totalCount : head.totalCount;
      next = placed(next, index, snapshot, head, shortest);
    }
    const isPlaced = next.snapshots.get(index)?.isPlaced === true;
    const isOutdated = asOf < head.asOf && (before === null || value.totalCount === head.totalCount);
    const staysCurrent = isCurrent && !isPlaced && !isOutdated && asOf >= head.asOf - trustMs;
    const snapshots = new Map(next.snapshots);
    if (staysCurrent || asOf >= head.asOf - staleMs)
      snapshots.set(index, { ...snapshot, isPlaced, isCurrent: staysCurrent });
    else snapshots.delete(index);
    next = { ...next, snapshots };
  }
  const failures = new Map([...next.failures].filter(([index]) => next.snapshots.has(index)));
  return { ...next, failures };
}

function withDeepPage(state: ListState, event: PageRead): ListState {
  const { index, page } = event;
  const last = state.snapshots.get(index);
  const read = snapshotOf(event);
  const isNewer = last === undefined || last.asOf <= page.asOf;
  const snapshots = new Map(state.snapshots).set(index, isNewer ? read : { ...last, version: event.version });
  const next = { ...state, snapshots };
  const { head } = state;
  return head && page.asOf >= head.arrivedAt ? placed(next, index, read, head, head.totalCount) : next;
}

/** Puts the rows of a page among those that the head confirms, if it belongs to the head's list. */
function placed(
  state: ListState,
  index: number,
  snapshot: Snapshot,
  head: Head,
  shortest: number,
): ListState {
  const { value, asOf, arrivedAt, rowBytes, version } = snapshot;
  const headIds = new Set(head.ids);
  const belongs =
    isWhole(index, value, state.traits.pageSize) &&
    value.totalCount >= shortest &&
    value.totalCount <= head.totalCount &&
    value.rows.every(({ runId }) => !headIds.has(runId));
  if (!belongs) return state;
  const bytes = rowBytes * value.rows.length;
  const result = withPage(state.rows, index, value, { page: { asOf }, arrivedAt, bytes }, (rows) =>
    headRows(rows, head),
  );
  if (result === null) return state;
  const { rows, hasMoved } = result;
  const snapshots = new Map(state.snapshots);
  if (hasMoved) for (const [at, one] of snapshots) if (at > 0) snapshots.set(at, { ...one, isPlaced: false });
  const own = snapshots.get(index);
  if (own?.asOf === asOf) snapshots.set(index, { ...own, isPlaced: true });
  return { ...state, rows, snapshots, version: hasMoved ? Math.max(state.version, version) : state.version };
}

function withServed(state: ListState, index: number, { value, asOf }: PageRead['page']): ListState {
  const last = state.snapshots.get(index);
  if (last && last.asOf >= asOf) return state;
  const snapshots = new Map(state.snapshots);
  // There is no end of pages behind the end of the list, and they have no rows that could be older than the head.
  if (value.rows.length === 0) snapshots.delete(index);
  else {
    const [row] = state.rows.values();
    const rowBytes = last?.rowBytes ?? row?.bytes ?? 0;
    const version = versionOf(state, index);
    snapshots.set(index, {
      value,
      asOf,
      arrivedAt: asOf,
      rowBytes,
      isPlaced: true,
      isCurrent: false,
      version,
    });
  }
  return { ...state, snapshots };
}

function snapshotOf({ page, arrivedAt, bytes, version }: PageRead): Snapshot {
  const { value, asOf } = page;
  const rowBytes = bytes / Math.max(1, value.rows.length);
  return { value, asOf, arrivedAt, rowBytes, isPlaced: false, isCurrent: true, version };
}

function without<Value>(map: ReadonlyMap<number, Value>, key: number): ReadonlyMap<number, Value> {
  if (!map.has(key)) return map;
  const copy = new Map(map);
  copy.delete(key);
  return copy;
}
