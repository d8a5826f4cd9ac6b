import type { Refusal } from '../errors.ts';
import type { Clock } from '../model.ts';

/** Keeps a process that is asked for more than it can do from being late with everything. */
export interface OverloadGuard {
  /** To be asked by each request: why it goes no further, or null. */
  refusal(): Refusal | null;
}

export interface OverloadOptions {
  clock: Clock;
  /** How long one turn of the event loop may take before what is left of it is refused, in milliseconds. */
  maxTurnMs: number;
  /** Runs a task when the turn of the event loop ends. Default: `setImmediate`. */
  atTurnsEnd?: (task: () => void) => void;
}

function nextTurn(task: () => void): void {
  setImmediate(task);
}

/** A turn can be long for once: compiling what is new, a large answer, a collection of garbage. Milliseconds. */
const PATIENCE_MS = 500;

/**
 * In one turn, Node takes all requests that have come: with a thousand callers who all ask again as soon as they are answered, the
 * last one waits for all others, and so do timers, probes and the sockets to DataWorks. So where one turn after the other is long,
 * those who come late in one are told to come back: that costs little, and all else stays on time.
 */
export function createOverloadGuard(options: OverloadOptions): OverloadGuard {
  const { clock, maxTurnMs, atTurnsEnd = nextTurn } = options;
  let turnBegan: number | null = null;
  /** What turns that took more than half of what they may have taken, one after the other. */
  let busyMs = 0;

  function endTurn(): void {
    const tookMs = turnBegan === null ? 0 : clock.monotonic() - turnBegan;
    busyMs = tookMs > maxTurnMs / 2 ? busyMs + tookMs : 0;
    turnBegan = null;
  }

  return {
    refusal() {
      const now = clock.monotonic();
      if (turnBegan === null) {
        turnBegan = now;
        atTurnsEnd(endTurn);
      }
      return busyMs > PATIENCE_MS && now - turnBegan > maxTurnMs ? overloaded : null;
    },
  };
}

const overloaded: Refusal = {
  code: 'OVERLOADED',
  message:
    'This gateway is asked for more than it can answer in time (MAX_TURN_MS). Send the request again a little later.',
  status: 503,
  retryAfterMs: 1000,
};
