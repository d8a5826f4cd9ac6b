import type { Clock } from '../core/clock.ts';
import type { HttpError } from '../core/errors.ts';

/** Spreads requests over turns of the event loop, so that timers, probes and upstream sockets run in between under overload. */
export interface RequestScheduler {
  /** Calls back when the request may start, which can be now, or with an error if the gateway is overloaded. */
  schedule(start: Start): void;
  /** Call for each accepted connection: more can be in the backlog. */
  connectionOpened: () => void;
}

export interface RequestSchedulerOptions {
  clock: Clock;
  /** The longest wait of the first request in the queue. While it is exceeded, new requests are rejected. */
  maxWaitMs: number;
  /** Runs a task after all pending ticks and promise callbacks. Default: the system's. */
  afterPending?: (task: () => void) => void;
  /** Runs a task in the next turn of the event loop. Default: `setImmediate`. */
  nextTurn?: (task: () => void) => void;
}

type Start = (overloaded: HttpError | null) => void;

/** How long one turn starts requests, in milliseconds. */
const MIN_SLICE_MS = 2;
const MAX_SLICE_MS = 50;

/**
 * In one turn, Node handles all requests that have arrived and accepts one connection. With a thousand clients that repeat their
 * request at once, a turn takes as long as all their responses. So a turn starts requests for one slice of time only, or a single
 * request if it accepted a connection; the others follow in the order of arrival. Rejecting is cheap, so waiting requests still
 * proceed under overload.
 *
 * @fastify/under-pressure, which rejects while the event loop is late, does not bound the turns of the requests that it accepts.
 */
export function createRequestScheduler(options: RequestSchedulerOptions): RequestScheduler {
  const { clock, maxWaitMs, afterPending = afterTicksAndPromises, nextTurn = setImmediate } = options;
  const queue: { start: Start; since: number }[] = [];
  /** Whether a slice of this turn has started, and when it ends. */
  let hasSlice = false;
  let sliceEndsAt = 0;
  /** When the first request arrived in this turn while others were waiting. */
  let arrivalsStartedAt: number | null = null;
  let hasNewConnection = false;

  return {
    schedule(start) {
      const now = clock.monotonic();
      if (!hasSlice) startSlice(now, 0);
      const [first] = queue;
      if (first !== undefined) arrivalsStartedAt ??= now;
      if (first === undefined && now < sliceEndsAt) start(null);
      else if (first !== undefined && now - first.since > maxWaitMs) start(overloaded);
      else queue.push({ start, since: now });
    },
    connectionOpened: () => (hasNewConnection = true),
  };

  /** @param arrivalsMs how long this turn took to receive requests: an equal share, or a flood would starve the queue */
  function startSlice(now: number, arrivalsMs: number): void {
    hasSlice = true;
    sliceEndsAt = now + Math.min(Math.max(hasNewConnection ? 0 : MIN_SLICE_MS, arrivalsMs), MAX_SLICE_MS);
    hasNewConnection = false;
    nextTurn(endSlice);
  }

  function endSlice(): void {
    const arrivedFrom = arrivalsStartedAt;
    hasSlice = false;
    arrivalsStartedAt = null;
    if (queue.length === 0) return;
    const now = clock.monotonic();
    startSlice(now, now - (arrivedFrom ?? now));
    startNext();
  }

  /** A request's work runs in ticks and promises, so the next request starts after them. */
  function startNext(): void {
    queue.shift()?.start(null);
    if (queue.length > 0 && clock.monotonic() < sliceEndsAt) afterPending(startNext);
  }
}

/** All ticks run before all promise callbacks, and each can add more of both. */
function afterTicksAndPromises(task: () => void): void {
  process.nextTick(() => queueMicrotask(task));
}

const overloaded: HttpError = {
  code: 'OVERLOADED',
  message:
    'The gateway receives more requests than it can answer in time (MAX_QUEUE_MS). Retry after the given delay.',
  status: 503,
  retryAfterMs: 1000,
};
