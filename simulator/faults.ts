import type { ListView } from './actions.ts';
import type { FailureResponse, FailureFault } from './failureResponses.ts';
import { failureResponseOf } from './failureResponses.ts';
import type { Parameters } from './parameters.ts';
import { createStream } from './random.ts';
import type { ReshapingFault } from './reshape.ts';
import { reshape } from './reshape.ts';
import type { WireObject } from './wire.ts';

/** The effect of a fault. Kinds of different families combine on one call; of the failure responses the first to match wins. */
export type FaultEffect = DelayFault | ListFault | ReshapingFault | FailureFault;

export type DelayFault =
  | { kind: 'latency'; delayMs: number }
  /** Until `release()`. The response is made at the release, or at the arrival: then it is outdated when it is sent. */
  | { kind: 'hold'; answerFrom?: 'release' | 'arrival' };

export type ListFault =
  | { kind: 'reorder'; order?: 'oldestFirst' | 'byId' }
  /** Default 50. The response states the capped size or, if `silent`, the requested size. */
  | { kind: 'capPageSize'; pageSize?: number; silent?: boolean }
  /** How many rows the total is too large by; default 300. */
  | { kind: 'inflateTotal'; rows?: number }
  /** The page has no rows; the total is unchanged. */
  | { kind: 'emptyPage' };

export type FaultKind = FaultEffect['kind'];

/** Selects the calls that a fault hits: those that match every given field. */
export interface FaultScope {
  /** As on the wire, so an old alias is not hit by a fault on the new name. */
  action?: string;
  /** Parameters that must have these values, as text. */
  params?: Parameters;
  /** How many calls it hits before it ends; default: all. */
  times?: number;
  /** Probability of hitting a matching call, 0 to 1; default 1. */
  probability?: number;
  /** Seed for `probability`; default 1. */
  seed?: number;
}

export type Fault = FaultEffect & FaultScope;

/** Calling it removes the fault and releases the calls that it holds. */
export interface FaultHandle {
  (): void;
  /** How many calls it has hit. */
  readonly hits: number;
  /** Resolves when it has hit `count` calls in all. */
  hit(count: number): Promise<void>;
  /** Releases the calls that a `hold` holds now. It continues to hold later ones. */
  release(): void;
}

/** The effect of all faults on one call. */
export interface AppliedFaults {
  kinds: FaultKind[];
  view: ListView;
  /** Null for a normal response. */
  failureResponse: FailureResponse | null;
  /** Resolves when the response may be made; null for immediately, in the tick of the hit. */
  beforeAnswer: Promise<unknown> | null;
  /** Resolves when it may be sent; null for immediately. */
  afterAnswer: Promise<unknown> | null;
  reshape: (body: WireObject) => WireObject;
}

export interface Faults {
  add(fault: Fault): FaultHandle;
  list(): Fault[];
  /** The faults that hit this call. Each uses one of its `times`. */
  take(action: string, params: Parameters): AppliedFaults;
  /** Removes all faults and releases all waiting calls. */
  clear(): void;
}

/** Runs a task later, and returns a function that cancels it. */
export type After = (delayMs: number, task: () => void) => () => void;

interface ActiveFault {
  fault: Fault;
  hits: number;
  next: () => number;
  waiting: Set<() => void>;
  watchers: Map<() => void, number>;
}

export function createFaults(after: After): Faults {
  const active = new Set<ActiveFault>();

  return {
    add(fault) {
      const entry: ActiveFault = {
        fault,
        hits: 0,
        next: createStream(fault.seed ?? 1),
        waiting: new Set(),
        watchers: new Map(),
      };
      active.add(entry);
      return createHandle(entry, () => active.delete(entry));
    },
    list: () => [...active].filter(isUnspent).map(({ fault }) => fault),
    take(action, params) {
      const hit = choose(active, action, params);
      hit.forEach(countHit);
      return apply(hit, after);
    },
    clear() {
      for (const entry of active) wake(entry);
      active.clear();
    },
  };
}

function createHandle(entry: ActiveFault, remove: () => void): FaultHandle {
  const handle = () => {
    remove();
    wake(entry);
  };
  const hit = (count: number) =>
    entry.hits >= count
      ? Promise.resolve()
      : new Promise<void>((resolve) => {
          entry.watchers.set(resolve, count);
        });
  Object.defineProperty(handle, 'hits', { get: () => entry.hits });
  return Object.assign(handle, { hit, release: () => wake(entry) }) as FaultHandle;
}

function choose(active: Iterable<ActiveFault>, action: string, params: Parameters): ActiveFault[] {
  const chosen: ActiveFault[] = [];
  let hasFailure = false;
  for (const entry of active) {
    const isFailure = failureResponseOf(entry.fault) !== null;
    // A later failure waits for a later call, so that faults with `times` form a queue.
    if ((isFailure && hasFailure) || !isUnspent(entry) || !fits(entry.fault, action, params)) continue;
    if (entry.next() >= (entry.fault.probability ?? 1)) continue;
    hasFailure ||= isFailure;
    chosen.push(entry);
  }
  return chosen;
}

function isUnspent({ fault, hits }: ActiveFault): boolean {
  return hits < (fault.times ?? Infinity);
}

function fits(fault: Fault, action: string, params: Parameters): boolean {
  return (
    (fault.action === undefined || fault.action === action) &&
    Object.entries(fault.params ?? {}).every(([name, value]) => params[name] === value)
  );
}

function countHit(entry: ActiveFault): void {
  entry.hits++;
  for (const [notify, count] of entry.watchers) {
    if (entry.hits >= count) {
      entry.watchers.delete(notify);
      notify();
    }
  }
}

function apply(entries: readonly ActiveFault[], after: After): AppliedFaults {
  const [late, early] = partition(
    entries,
    ({ fault }) => fault.kind === 'hold' && fault.answerFrom === 'arrival',
  );
  return {
    kinds: entries.map(({ fault }) => fault.kind),
    view: viewOf(entries.map(({ fault }) => fault)),
    failureResponse:
      entries
        .map(({ fault }) => failureResponseOf(fault))
        .find((failureResponse) => failureResponse !== null) ?? null,
    beforeAnswer: waitAll(early, after),
    afterAnswer: waitAll(late, after),
    reshape: (body) => entries.reduce((shaped, { fault }) => reshape(shaped, fault), body),
  };
}

function viewOf(faults: readonly Fault[]): ListView {
  const view: ListView = {
    order: 'newestFirst',
    maxPageSize: Infinity,
    statesCap: true,
    extraTotal: 0,
    isEmpty: false,
  };
  for (const fault of faults) {
    if (fault.kind === 'reorder') view.order = fault.order ?? 'oldestFirst';
    if (fault.kind === 'capPageSize') {
      view.maxPageSize = fault.pageSize ?? 50;
      view.statesCap = fault.silent !== true;
    }
    if (fault.kind === 'inflateTotal') view.extraTotal = fault.rows ?? 300;
    if (fault.kind === 'emptyPage') view.isEmpty = true;
  }
  return view;
}

/** Every wait begins at the hit, before `hit()` resolves: a caller that sees the hit may release at once. */
function waitAll(entries: readonly ActiveFault[], after: After): Promise<unknown> | null {
  const waits = entries.map((entry) => wait(entry, after)).filter((waiting) => waiting !== null);
  return waits.length > 0 ? Promise.all(waits) : null;
}

function wait(entry: ActiveFault, after: After): Promise<void> | null {
  const { fault, waiting } = entry;
  if (fault.kind !== 'hold' && fault.kind !== 'latency') return null;
  return new Promise((resolve) => {
    const cancel = fault.kind === 'latency' ? after(fault.delayMs, finish) : null;
    waiting.add(finish);

    function finish(): void {
      cancel?.();
      waiting.delete(finish);
      resolve();
    }
  });
}

function wake({ waiting }: ActiveFault): void {
  for (const finish of waiting) finish();
}

function partition<Entry>(entries: readonly Entry[], test: (entry: Entry) => boolean): [Entry[], Entry[]] {
  return [entries.filter(test), entries.filter((entry) => !test(entry))];
}
