import type { Clock } from '../core/clock.ts';
import type { UpstreamResult, CallContext, CallEvent, Caller, StaleReason } from '../core/upstream.ts';
import { UpstreamError } from '../core/upstreamError.ts';

/** What is watched: how it is read, and what there is to tell of it. */
export interface Topic<State, News> {
  read(context: CallContext): Promise<UpstreamResult<State>>;
  /** Whether there is anything to tell of the step from one to the other. */
  hasChanged(before: State, after: State): boolean;
  /** Whether something is under way that may end soon. */
  isUnderWay(state: State): boolean;
  /** Whether nothing more can happen. */
  isOver(state: State): boolean;
  /**
   * What a listener is told that was told of `before` last; null for one that has been told nothing. Throws where there is
   * nothing to listen to.
   */
  tell(before: UpstreamResult<State> | null, now: UpstreamResult<State>): News;
}

export interface WatchOptions {
  clock: Clock;
  /** On whose behalf it polls: the first listener. */
  caller?: Caller;
  /** Between polls while something is under way, and how old an answer counts as the present. Milliseconds. */
  fastMs: number;
  /** Between polls while nothing is. Milliseconds. */
  slowMs: number;
  /** How long one poll may take, in milliseconds. */
  deadlineMs: number;
  /** Told of what happens to the calls. */
  report: (event: CallEvent) => void;
  /** Called once, when the last listener has gone or nothing more can happen. */
  onEnd: () => void;
}

export interface Watch<News> {
  /**
   * Told of the present state first, and then of every change; what happens before the listener asks again is told as one. Ends
   * when nothing more can happen. Rejects, and ends, where the first state can't be had or the right to it is gone. To be asked
   * for one thing at a time.
   *
   * @param onLeave called once, when the listener has gone or been told the last
   */
  listen(onLeave: () => void): AsyncIterableIterator<News, undefined>;
}

/** One that has asked and waits, or has yet to ask again. Keeps what it was told last, and so never a queue. */
interface Listener<State> {
  told: UpstreamResult<State> | null;
  toldVersion: number;
  /** Whether what is known is new enough for a first look. */
  isReady: boolean;
  wake: () => void;
  leave: () => void;
}

/** One change seldom comes alone. Milliseconds for which polls stay fast after one. */
const LIVELY_MS = 60_000;

/** Between two looks at two clocks, one age can come out this far from another. Milliseconds. */
const CLOCKS_APART_MS = 100;

/**
 * One poller, however many listen. Polls when the first listener comes, for as long as one is there. A poll that fails leaves what
 * is known as it is, labelled stale.
 */
export function createWatch<State, News>(
  topic: Topic<State, News>,
  { clock, caller, fastMs, slowMs, deadlineMs, report, onEnd }: WatchOptions,
): Watch<News> {
  const listeners = new Set<Listener<State>>();
  const tell = rememberLast((before: UpstreamResult<State> | null, now: UpstreamResult<State>) =>
    topic.tell(before, now),
  );
  let latest: UpstreamResult<State> | null = null;
  /** When `latest` was last known true, on the monotonic clock: the wall clock can jump. */
  let latestAtMs = -Infinity;
  /** Counts what is worth telling. */
  let version = 0;
  let changedAtMs = -Infinity;
  let failures = 0;
  let end: { error: unknown } | null = null;
  let underWay: AbortController | null = null;
  let callOffPoll = (): void => undefined;

  return {
    listen(onLeave) {
      const listener = createListener(onLeave);
      listeners.add(listener);
      if (!listener.isReady) void poll();
      return iteratorOf(listener);
    },
  };

  function createListener(onLeave: () => void): Listener<State> {
    const listener: Listener<State> = {
      told: null,
      toldVersion: -1,
      isReady: clock.monotonic() - latestAtMs < fastMs,
      wake: () => undefined,
      leave() {
        if (!listeners.delete(listener)) return;
        onLeave();
        listener.wake();
        if (listeners.size === 0) stop();
      },
    };
    return listener;
  }

  function iteratorOf(listener: Listener<State>): AsyncIterableIterator<News, undefined> {
    return {
      async next() {
        try {
          while (listeners.has(listener)) {
            if (listener.isReady && latest !== null && listener.toldVersion < version) {
              return { done: false, value: tellOfLatest(listener, latest) };
            }
            if (end) throw end.error;
            if (latest !== null && topic.isOver(latest.value)) break;
            await new Promise<void>((resolve) => (listener.wake = resolve));
          }
        } catch (error) {
          listener.leave();
          throw error;
        }
        listener.leave();
        return { done: true, value: undefined };
      },
      return() {
        listener.leave();
        return Promise.resolve({ done: true, value: undefined });
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  function tellOfLatest(listener: Listener<State>, latest: UpstreamResult<State>): News {
    const before = listener.told;
    listener.told = latest;
    listener.toldVersion = version;
    return tell(before, latest);
  }

  async function poll(): Promise<void> {
    if (underWay !== null) return;
    callOffPoll();
    const { signal } = (underWay = new AbortController());
    try {
      const deadline = clock.now() + deadlineMs;
      learn(await topic.read({ priority: 'polling', caller, deadline, signal, report }));
    } catch (error) {
      if (!signal.aborted) fail(error);
    }
    underWay = null;
    if (signal.aborted) return;
    if (end === null && latest !== null && !topic.isOver(latest.value)) {
      callOffPoll = clock.after(delayMs(latest.value), () => void poll());
    } else {
      onEnd();
    }
    for (const listener of listeners) {
      listener.isReady = true;
      listener.wake();
    }
  }

  function learn(answer: UpstreamResult<State>): void {
    failures = 0;
    const now = clock.monotonic();
    const atMs = now - Math.max(0, clock.now() - answer.asOf);
    // What another replica knew may be older than what has been told already.
    if (latest !== null && atMs < latestAtMs - CLOCKS_APART_MS) return;
    const hasChanged = latest === null || topic.hasChanged(latest.value, answer.value);
    if (hasChanged) changedAtMs = now;
    if (hasChanged || latest?.staleBecause !== answer.staleBecause) version += 1;
    latest = answer;
    latestAtMs = atMs;
  }

  function fail(error: unknown): void {
    failures += 1;
    const because = latest === null ? null : staleReasonOf(error);
    if (latest === null || because === null) end = { error };
    else if (latest.staleBecause !== because) {
      version += 1;
      latest = { ...latest, staleBecause: because };
    }
  }

  function delayMs(state: State): number {
    if (failures > 0) return Math.min(slowMs, fastMs * 2 ** (failures - 1));
    const now = clock.monotonic();
    const everyMs = topic.isUnderWay(state) || now - changedAtMs < LIVELY_MS ? fastMs : slowMs;
    // What others have read meanwhile is some time old already; what an allowance stretches can be older than that.
    const ageMs = now - latestAtMs;
    return ageMs < everyMs ? everyMs - ageMs : everyMs;
  }

  function stop(): void {
    callOffPoll();
    const wasEnded = end !== null || (latest !== null && topic.isOver(latest.value));
    underWay?.abort();
    if (!wasEnded) onEnd();
  }
}

/** Null where waiting does not help: nothing more will be told, for the right to it is gone, or there is a bug. */
function staleReasonOf(error: unknown): StaleReason | null {
  if (!(error instanceof UpstreamError) || error.kind === 'forbidden' || error.kind === 'rejected')
    return null;
  return error.kind === 'throttled' || error.kind === 'quotaExhausted' ? 'BUDGET' : 'UPSTREAM_ERROR';
}

/** Thousands of listeners are told of the same step: it is put in words once. */
function rememberLast<From, To, Result>(tell: (from: From, to: To) => Result): typeof tell {
  let last: { from: From; to: To; result: Result } | null = null;
  return (from, to) => {
    if (last?.from !== from || last.to !== to) last = { from, to, result: tell(from, to) };
    return last.result;
  };
}
