import type { Clock } from '../core/clock.ts';

/*
 * What bounds the work that sockets can cause with what they send: a token bucket for each socket, and a number of messages that
 * all of them together have handled in one turn of the event loop.
 */

export interface TokenBucket {
  /** Takes the tokens, or returns false and takes none where there are too few. */
  take(tokens: number): boolean;
}

export interface BucketSize {
  /** Tokens that a full bucket holds. */
  burst: number;
  perSecond: number;
}

export function createTokenBucket(clock: Clock, { burst, perSecond }: BucketSize): TokenBucket {
  let tokens = burst;
  let filledAtMs = clock.monotonic();
  return {
    take(wanted) {
      const nowMs = clock.monotonic();
      tokens = Math.min(burst, tokens + ((nowMs - filledAtMs) / 1000) * perSecond);
      filledAtMs = nowMs;
      if (wanted > tokens) return false;
      tokens -= wanted;
      return true;
    },
  };
}

/** Tasks that wait for a turn of the event loop, each at most once, first come first served. */
export interface Turns {
  add(task: () => void): void;
  delete(task: () => void): void;
}

/** How long messages are handled in one turn of the event loop before the others wait for the next, in milliseconds. */
const TURN_MS = 5;

export function createTurns(perTurn: number, now: () => number = () => performance.now()): Turns {
  const waiting = new Set<() => void>();
  let isScheduled = false;

  function schedule(): void {
    if (isScheduled || waiting.size === 0) return;
    isScheduled = true;
    setImmediate(run);
  }

  function run(): void {
    isScheduled = false;
    let left = Math.min(perTurn, waiting.size);
    const endMs = now() + TURN_MS;
    for (const task of waiting) {
      // A task that adds itself again comes last, and so waits for the next turn.
      if (left === 0) break;
      left -= 1;
      waiting.delete(task);
      task();
      if (now() >= endMs) break;
    }
    schedule();
  }

  return {
    add(task) {
      waiting.add(task);
      schedule();
    },
    delete: (task) => void waiting.delete(task),
  };
}
