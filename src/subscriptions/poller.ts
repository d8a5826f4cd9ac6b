import { asError } from '../core/asError.ts';
import type { Clock } from '../core/clock.ts';
import type { CallContext, CallEvent, Caller, UpstreamResult } from '../core/upstream.ts';
import { staleReasonOf, UpstreamError } from '../core/upstreamError.ts';

/** What a poller reads, and what its listeners receive. */
export interface Topic<Value, Event> {
  read(context: CallContext): Promise<UpstreamResult<Value>>;
  /** Whether listeners receive an event for the difference. */
  hasChanged(before: Value, after: Value): boolean;
  /** Whether a change is likely soon. */
  isActive(value: Value): boolean;
  /** Whether no change can follow. */
  isFinal(value: Value): boolean;
  /**
   * Returns the event for a listener that received `before` last; null for its first event. Throws if there is nothing to
   * subscribe to.
   */
  describe: (before: UpstreamResult<Value> | null, after: UpstreamResult<Value>) => Event;
}

export interface PollerOptions {
  clock: Clock;
  /** The caller of the calls: that of the first listener. */
  caller: Caller;
  /** Interval while the value is active, and the age up to which a value counts as current. Milliseconds. */
  fastMs: number;
  /** Interval otherwise, in milliseconds. */
  slowMs: number;
  /** How long one read may take, in milliseconds. */
  deadlineMs: number;
  /** Receives the events of the calls. */
  report: (event: CallEvent) => void;
  /** Called once, when the last listener has left or no change can follow. Call `listen` no more. */
  onEnd: () => void;
}

export interface Poller<Event> {
  /**
   * Yields the current value first, then every change; changes before the next request of the listener are merged into one event.
   * Ends when no change can follow. Rejects, and ends, if the first value is unavailable or the right to read it is lost. Supports
   * one pending `next` at a time.
   *
   * @param onLeave called once, when the listener has left or received its last event
   */
  listen(onLeave: () => void): AsyncIterableIterator<Event, undefined>;
}

/** The value as of the last read. */
interface Known<Value> {
  result: UpstreamResult<Value>;
  /** When the value was last known true, on the monotonic clock. */
  atMs: number;
  /** Rises with every change that listeners receive. */
  version: number;
  changedAtMs: number;
}

type State<Value> =
  | { phase: 'starting'; known: null }
  | { phase: 'polling'; known: Known<Value> }
  /** `error` is null if no change can follow or nobody listens. */
  | { phase: 'ended'; known: Known<Value> | null; error: Error | null };

/** Holds the last received value instead of a queue of events. */
interface Listener<Value> {
  received: Known<Value> | null;
  /** Whether the known value is recent enough to be this listener's first. */
  isCurrent: boolean;
  wake: () => void;
  onLeave: () => void;
}

/** Polls stay fast for this long after a change, because changes come in groups. Milliseconds. */
const ACTIVE_AFTER_CHANGE_MS = 60_000;

/** How far two ages of the same value can differ, because two clocks are read one after the other. Milliseconds. */
const CLOCK_TOLERANCE_MS = 100;

/**
 * Polls one value for all of its listeners, from the first to the last. A failed poll leaves the value as it is, labelled stale.
 */
export function createPoller<Value, Event>(
  topic: Topic<Value, Event>,
  { clock, caller, fastMs, slowMs, deadlineMs, report, onEnd }: PollerOptions,
): Poller<Event> {
  const listeners = new Set<Listener<Value>>();
  const describe = memoizeLast(topic.describe);
  const ending = new AbortController();
  let state: State<Value> = { phase: 'starting', known: null };
  let failures = 0;
  let isReading = false;
  let cancelTimer = (): void => undefined;

  return {
    listen(onLeave) {
      const isCurrent = state.known !== null && clock.monotonic() - state.known.atMs < fastMs;
      const listener = { received: null, isCurrent, wake: () => undefined, onLeave };
      listeners.add(listener);
      if (!isCurrent) void poll();
      return {
        next: () => next(listener),
        return() {
          leave(listener);
          return Promise.resolve({ done: true, value: undefined });
        },
        [Symbol.asyncIterator]() {
          return this;
        },
      };
    },
  };

  async function next(listener: Listener<Value>): Promise<IteratorResult<Event, undefined>> {
    try {
      while (listeners.has(listener)) {
        const { known } = state;
        const { received } = listener;
        if (listener.isCurrent && known !== null && known.version !== received?.version) {
          listener.received = known;
          return { done: false, value: describe(received?.result ?? null, known.result) };
        }
        if (state.phase === 'ended') {
          if (state.error) throw state.error;
          break;
        }
        await new Promise<void>((resolve) => (listener.wake = resolve));
      }
    } catch (error) {
      leave(listener);
      throw error;
    }
    leave(listener);
    return { done: true, value: undefined };
  }

  function leave(listener: Listener<Value>): void {
    if (!listeners.delete(listener)) return;
    listener.onLeave();
    listener.wake();
    if (listeners.size === 0) end(null);
  }

  async function poll(): Promise<void> {
    if (isReading || hasEnded()) return;
    isReading = true;
    cancelTimer();
    const deadline = clock.now() + deadlineMs;
    try {
      const context = { priority: 'polling', caller, deadline, signal: ending.signal, report } as const;
      const result = await topic.read(context);
      if (hasEnded()) return;
      update(result);
    } catch (error) {
      if (hasEnded()) return;
      fail(asError(error));
    }
    isReading = false;
    if (state.phase === 'polling') cancelTimer = clock.after(delayMs(state.known), () => void poll());
    for (const listener of listeners) {
      listener.isCurrent = true;
      listener.wake();
    }
  }

  function update(result: UpstreamResult<Value>): void {
    failures = 0;
    const { known } = state;
    const nowMs = clock.monotonic();
    const atMs = nowMs - Math.max(0, clock.now() - result.asOf);
    // Another replica's value may be older than what listeners have received.
    if (known !== null && atMs < known.atMs - CLOCK_TOLERANCE_MS) return;
    const hasChanged = known === null || topic.hasChanged(known.result.value, result.value);
    const isNew = hasChanged || known.result.staleBecause !== result.staleBecause;
    const version = (known?.version ?? 0) + (isNew ? 1 : 0);
    const changedAtMs = hasChanged ? nowMs : known.changedAtMs;
    state = { phase: 'polling', known: { result, atMs, version, changedAtMs } };
    if (topic.isFinal(result.value)) end(null);
  }

  function fail(error: Error): void {
    failures += 1;
    const { known } = state;
    if (known === null || !canRecover(error)) {
      end(error);
      return;
    }
    const staleBecause = staleReasonOf(error);
    if (known.result.staleBecause === staleBecause) return;
    const result = { ...known.result, staleBecause };
    state = { phase: 'polling', known: { ...known, result, version: known.version + 1 } };
  }

  /** Idempotent. Nothing that arrives afterwards has an effect. */
  function end(error: Error | null): void {
    if (hasEnded()) return;
    state = { phase: 'ended', known: state.known, error };
    cancelTimer();
    ending.abort();
    onEnd();
  }

  function hasEnded(): boolean {
    return state.phase === 'ended';
  }

  function delayMs({ result, atMs, changedAtMs }: Known<Value>): number {
    if (failures > 0) return Math.min(slowMs, fastMs * 2 ** (failures - 1));
    const nowMs = clock.monotonic();
    const isActive = topic.isActive(result.value) || nowMs - changedAtMs < ACTIVE_AFTER_CHANGE_MS;
    const intervalMs = isActive ? fastMs : slowMs;
    // A value that others have read has an age already. With a stretched freshness it can be older than the interval.
    const ageMs = nowMs - atMs;
    return ageMs < intervalMs ? intervalMs - ageMs : intervalMs;
  }
}

/** Whether the next poll may succeed: not if the right to read is lost or for a bug. */
function canRecover(error: Error): boolean {
  return error instanceof UpstreamError && error.kind !== 'forbidden' && error.kind !== 'rejected';
}

/** Thousands of listeners receive the same event: it is made once. */
function memoizeLast<From, To, Result>(make: (from: From, to: To) => Result): typeof make {
  let last: { from: From; to: To; result: Result } | null = null;
  return (from, to) => {
    if (last?.from !== from || last.to !== to) last = { from, to, result: make(from, to) };
    return last.result;
  };
}
