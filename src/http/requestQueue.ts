import type { HttpError } from '../core/errors.ts';
import type { Clock } from '../core/clock.ts';

/** Gives requests their turns, so that a process that is asked for more than it can do is late with nothing else. */
export interface RequestQueue {
  /** Calls back when it is the request's turn, which can be now; with why it goes no further where the queue is too long. */
  enter(goOn: (refusal: HttpError | null) => void): void;
  /** To be told of each connection that is taken on: there may be more behind it. */
  newcomer(): void;
}

export interface RequestQueueOptions {
  clock: Clock;
  /** How long a request may wait for its turn before those who come later are refused, in milliseconds. */
  maxWaitMs: number;
  /** Runs a task when what is under way waits for something to come. Default: after Node's next ticks and promises. */
  soon?: (task: () => void) => void;
  /** Runs a task in the next turn of the event loop. Default: `setImmediate`. */
  nextTurn?: (task: () => void) => void;
}

interface Waiting {
  goOn: (refusal: HttpError | null) => void;
  since: number;
}

/** How long requests are begun in one turn of the event loop, at least and at most. Milliseconds. */
const SLICE_MS = 2;
const MAX_SLICE_MS = 50;

/**
 * In one turn, Node takes all requests that have come, and one new connection. With a thousand callers who all ask again as soon
 * as they are answered, a turn is as long as all their answers take: timers, probes and sockets to DataWorks wait for it, and
 * callers whose connection has yet to be taken on wait for as many turns as there are of them. So a turn begins no more than a
 * slice of them, or but one where a connection has been taken on, and the others are next, in the order in which they came. Where
 * that takes too long, those who come are told to come back: that costs little, and who waits already is answered.
 */
export function createRequestQueue(options: RequestQueueOptions): RequestQueue {
  const { clock, maxWaitMs, soon = afterTicksAndPromises, nextTurn = immediate } = options;
  const waiting: Waiting[] = [];
  let sliceBegan: number | null = null;
  let firstCame: number | null = null;
  let sliceMs = SLICE_MS;
  let sawNewcomer = false;

  function beginSlice(now: number, comingMs = 0): void {
    sliceBegan = now;
    // As much as went by for those who came, refusals among them: else a crowd of those would leave nothing for who waits.
    sliceMs = Math.min(Math.max(sawNewcomer ? 0 : SLICE_MS, comingMs), MAX_SLICE_MS);
    sawNewcomer = false;
    nextTurn(endSlice);
  }

  function endSlice(): void {
    const began = firstCame;
    sliceBegan = null;
    firstCame = null;
    if (waiting.length === 0) return;
    const now = clock.monotonic();
    beginSlice(now, now - (began ?? now));
    takeNext();
  }

  /** What a request does, it does in ticks of its own, which come between those that take the next. */
  function takeNext(): void {
    waiting.shift()?.goOn(null);
    if (waiting.length > 0 && !isOver(clock.monotonic())) soon(takeNext);
  }

  function isOver(now: number): boolean {
    return sliceBegan !== null && now - sliceBegan >= sliceMs;
  }

  return {
    enter(goOn) {
      const now = clock.monotonic();
      if (sliceBegan === null) beginSlice(now);
      const [first] = waiting;
      if (first !== undefined) firstCame ??= now;
      if (first === undefined && !isOver(now)) goOn(null);
      else if (first !== undefined && now - first.since > maxWaitMs) goOn(overloaded);
      else waiting.push({ goOn, since: now });
    },
    newcomer() {
      sawNewcomer = true;
    },
  };
}

/** All ticks come before all promises, and either can lead to more of both. */
function afterTicksAndPromises(task: () => void): void {
  process.nextTick(() => queueMicrotask(task));
}

function immediate(task: () => void): void {
  setImmediate(task);
}

const overloaded: HttpError = {
  code: 'OVERLOADED',
  message:
    'This gateway is asked for more than it can answer in time (MAX_QUEUE_MS). Send the request again a little later.',
  status: 503,
  retryAfterMs: 1000,
};
