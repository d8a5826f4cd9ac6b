import type { PipelineRun } from '../core/domain.ts';
import type { Page } from '../core/upstream.ts';
import type { Failure } from './freshness.ts';
import {
  assemble,
  type CurrentPage,
  type Head,
  headRows,
  isHeadInsert,
  isWhole,
  type ListState,
  type ListTraits,
  type PageRead,
  withPage,
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
  | { type: 'read'; index: number; page: PageRead }
  | { type: 'served'; index: number; page: Pick<PageRead, 'value' | 'asOf'> }
  | { type: 'failed'; index: number; failure: Failure }
  /** The list is too large: only its head stays. */
  | { type: 'trimmed'; version: number };

/** One list with its present state. */
export class RunList {
  state: ListState;
  /** Assembling a page takes longer than everything else about serving it. */
  readonly #assembled = new Map<number, CurrentPage>();

  constructor(traits: ListTraits) {
    this.state = emptyList(traits);
  }

  apply(event: ListEvent): void {
    const { version } = this.state;
    this.state = reduce(this.state, event);
    if (this.state.version !== version) this.#assembled.clear();
  }

  /** The page as far as it is known, or null. */
  page(index: number): CurrentPage | null {
    const confirmed = this.confirmed(index);
    const { snapshots, version } = this.state;
    const last = snapshots.get(index);
    if (!last?.isCurrent || (confirmed && confirmed.asOf >= last.asOf)) return confirmed;
    const { value, asOf } = last;
    const newest = Math.max(last.version, version);
    return { value, asOf, isShortLived: true, trustedUntil: Infinity, version: newest };
  }

  /** The page as the head confirms it. Null if a row is unknown. */
  confirmed(index: number): CurrentPage | null {
    const version = versionOf(this.state, index);
    const known = this.#assembled.get(index);
    if (known?.version === version) return known;
    const page = assemble(this.state, index, version);
    // There is no end of pages behind the end of the list.
    if (page && page.value.rows.length > 0) this.#assembled.set(index, page);
    return page;
  }

  failure(index: number): Failure | null {
    const { failures } = this.state;
    const [ofHead = null, own = null] = [failures.get(0), failures.get(index)];
    return own !== null && (ofHead === null || own.until > ofHead.until) ? own : ofHead;
  }
}

export function emptyList(traits: ListTraits): ListState {
  const none = new Map<number, never>();
  return { traits, head: null, brokenAt: -Infinity, rows: none, snapshots: none, failures: none, version: 0 };
}

export function reduce(state: ListState, event: ListEvent): ListState {
  switch (event.type) {
    case 'read': {
      const failures = new Map(state.failures);
      failures.delete(event.index);
      const next = { ...state, failures };
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
      return { ...state, rows, snapshots: new Map(), version: event.version };
    }
  }
}

export function versionOf({ version, snapshots }: ListState, index: number): number {
  return Math.max(version, snapshots.get(index)?.version ?? 0);
}

function withHead(state: ListState, page: PageRead): ListState {
  const { value, asOf, arrivedAt, version } = page;
  const { head: before, traits } = state;
  if (before && asOf < before.asOf) return state;
  const continues = before !== null && isHeadInsert(before, value);
  const brokenAt = before !== null && !continues ? asOf : state.brokenAt;
  const snapshots = new Map(state.snapshots).set(0, { ...page, isPlaced: false, isCurrent: true });
  if (!isWhole(0, value, traits.pageSize))
    return { ...state, version, brokenAt, head: null, rows: new Map(), snapshots };
  const { totalCount } = value;
  const head: Head = { ids: value.rows.map(({ runId }) => runId), totalCount, asOf, arrivedAt };
  // Of rows that arrived while this head was on its way, nobody knows whether they were read before the new rows came or after.
  const isDropped = (one: { arrivedAt: number }) =>
    !continues || (totalCount !== before.totalCount && one.arrivedAt > asOf);
  const remaining = new Map([...state.rows].filter(([, row]) => !isDropped(row)));
  const placed = withPage(remaining, 0, page, null);
  for (const [index, one] of snapshots) {
    const isPlaced = index === 0 || (one.isPlaced && !placed?.hasMoved && !isDropped(one));
    snapshots.set(index, { ...one, isPlaced });
  }
  const next = { ...state, version, brokenAt, head, rows: placed?.rows ?? remaining, snapshots };
  return reviewed(next, head, continues ? before : null);
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

function withDeepPage(state: ListState, index: number, page: PageRead): ListState {
  const last = state.snapshots.get(index);
  const isNewer = last === undefined || last.asOf <= page.asOf;
  const read = { ...page, isPlaced: false, isCurrent: true };
  const snapshot = isNewer ? read : { ...last, version: page.version };
  const next = { ...state, snapshots: new Map(state.snapshots).set(index, snapshot) };
  const { head } = state;
  return head && page.asOf >= head.arrivedAt ? placed(next, index, page, head, head.totalCount) : next;
}

/**
 * Puts the rows of a page among those that the head confirms, if it belongs to the head's list.
 *
 * @param shortest the shortest length that the list can have had when the page was read
 */
function placed(state: ListState, index: number, page: PageRead, head: Head, shortest: number): ListState {
  const { value, asOf, version } = page;
  const headIds = new Set(head.ids);
  const belongs =
    isWhole(index, value, state.traits.pageSize) &&
    value.totalCount >= shortest &&
    value.totalCount <= head.totalCount &&
    value.rows.every(({ runId }) => !headIds.has(runId));
  const result = belongs ? withPage(state.rows, index, page, head) : null;
  if (result === null) return state;
  const { rows, hasMoved } = result;
  const snapshots = new Map(state.snapshots);
  if (hasMoved) for (const [at, one] of snapshots) if (at > 0) snapshots.set(at, { ...one, isPlaced: false });
  const own = snapshots.get(index);
  if (own?.asOf === asOf) snapshots.set(index, { ...own, isPlaced: true });
  return { ...state, rows, snapshots, version: hasMoved ? Math.max(state.version, version) : state.version };
}

function withServed(state: ListState, index: number, value: Page<PipelineRun>, asOf: number): ListState {
  const last = state.snapshots.get(index);
  if (last && last.asOf >= asOf) return state;
  const snapshots = new Map(state.snapshots);
  // There is no end of pages behind the end of the list, and they have no rows that could be older than the head.
  if (value.rows.length === 0) snapshots.delete(index);
  else {
    const [row] = state.rows.values();
    const rowBytes = last?.rowBytes ?? row?.bytes ?? 0;
    const version = versionOf(state, index);
    const page = { value, asOf, arrivedAt: asOf, rowBytes, version };
    snapshots.set(index, { ...page, isPlaced: true, isCurrent: false });
  }
  return { ...state, snapshots };
}
