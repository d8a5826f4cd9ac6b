import { asError } from '../core/errors.ts';
import type { Clock } from '../core/clock.ts';
import type { CallEvent, Caller } from '../core/upstream.ts';
import {
  afterFailure,
  afterRead,
  delayMsOf,
  type Known,
  type PollIntervals,
  type PollState,
  type Topic,
} from './pollState.ts';

interface PollerOptions extends PollIntervals {
  clock: Pick<Clock, 'now' | 'after'>;
  /** On whose behalf it polls: the first listener. */
  caller: Caller;
  /** How long one read may take, in milliseconds. */
  deadlineMs: number;
  report: (event: CallEvent) => void;
  /** Called once, when the last listener has left or no change can follow. */
  onEnd: () => void;
}

export interface Poller<Event> {
  /**
   * Yields the current value first, then every change; changes before the listener's next request are merged into one event.
   * Ends when no change can follow. Rejects if the first value is unavailable or the right to read it is lost. Supports one
   * pending `next` at a time.
   *
   * @param onLeave called once, when the listener has left or received its last event
   */
  listen(onLeave: () => void): AsyncIterableIterator<Event, undefined>;
}

/** Holds the last received value instead of a queue of events. */
interface Listener<Value> {
  received: Known<Value> | null;
  /** Whether the known value is recent enough to be the first event. */
  isCurrent: boolean;
  wake: () => void;
  onLeave: () => void;
}

/** Polls one value for all of its listeners, from the first to the last. */
export function createPoller<Value, Event>(
  topic: Topic<Value, Event>,
  options: PollerOptions,
): Poller<Event> {
  const { clock, caller, deadlineMs, report, onEnd } = options;
  const listeners = new Set<Listener<Value>>();
  const describe = memoizeLast(topic.describe);
  const ending = new AbortController();
  let state: PollState<Value> = { phase: 'starting', known: null };
  let isReading = false;
  let cancelTimer = (): void => undefined;

  return {
    listen(onLeave) {
      const isCurrent = state.known !== null && clock.now() - state.known.result.asOf < options.fastMs;
      const listener = { received: null, isCurrent, wake: () => undefined, onLeave };
      listeners.add(listener);
      if (!isCurrent) void poll();
      return {
        next: () => next(listener),
        return: () => Promise.resolve(leave(listener)),
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
      return leave(listener);
    } catch (error) {
      leave(listener);
      throw error;
    }
  }

  function leave(listener: Listener<Value>): { done: true; value: undefined } {
    if (listeners.delete(listener)) {
      listener.onLeave();
      listener.wake();
      if (listeners.size === 0) become({ phase: 'ended', known: state.known, error: null });
    }
    return { done: true, value: undefined };
  }

  /** Nothing changes the state after the end, so that whatever arrives then has no effect. */
  function become(next: PollState<Value>): void {
    if (state.phase === 'ended') return;
    state = next;
    if (next.phase !== 'ended') return;
    cancelTimer();
    ending.abort();
    onEnd();
  }

  async function poll(): Promise<void> {
    if (isReading || state.phase === 'ended') return;
    isReading = true;
    cancelTimer();
    try {
      const result = await topic.read({
        priority: 'polling',
        caller,
        deadline: clock.now() + deadlineMs,
        signal: ending.signal,
        report,
        // Returns a cached value only while it is fresh. A stale one would be refreshed at a higher priority.
        freshOnly: true,
      });
      become(afterRead(state, result, topic, clock.now()));
    } catch (error) {
      become(afterFailure(state, asError(error)));
    }
    isReading = false;
    if (state.phase === 'polling') {
      const isActive = topic.isActive(state.known.result.value);
      cancelTimer = clock.after(delayMsOf(state, isActive, options, clock.now()), () => void poll());
    }
    for (const listener of listeners) {
      listener.isCurrent = true;
      listener.wake();
    }
  }
}

/** Thousands of listeners receive the same event: it is made once. */
function memoizeLast<From, To, Result>(make: (from: From, to: To) => Result): typeof make {
  let last: { from: From; to: To; result: Result } | null = null;
  return (from, to) => {
    if (last?.from !== from || last.to !== to) last = { from, to, result: make(from, to) };
    return last.result;
  };
}
