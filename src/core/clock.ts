/** Time as a value, so that a test can control it. */
export interface Clock {
  /** Epoch milliseconds. The system's clock can jump; a `SteadyClock` does not. */
  now(): number;
  /** Milliseconds that never go back; the zero is arbitrary. */
  monotonic(): number;
  /** Runs `task` after `delayMs` milliseconds. The returned function cancels it. */
  after(delayMs: number, task: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, task) {
    const timer = setTimeout(task, delayMs);
    return () => {
      clearTimeout(timer);
    };
  },
};

/**
 * A clock that ignores jumps of the wall clock: `now` starts at the wall time and then advances with monotonic time, in whole
 * milliseconds. Deadlines, `asOf` and every other time inside the gateway use it. Wall time appears only where a time is
 * shown, shared between replicas or tied to the calendar.
 */
export interface SteadyClock extends Clock {
  /** Converts a time of this clock to the wall clock as it runs now. */
  toWall: (time: number) => number;
  /** Converts a wall clock time to this clock. */
  fromWall(time: number): number;
}

/** A smaller difference between the two clocks comes from rounding and from reading them one after the other. */
const JUMP_TOLERANCE_MS = 100;

export function createSteadyClock(wall: Clock): SteadyClock {
  const zero = wall.now() - wall.monotonic();
  const now = () => Math.round(zero + wall.monotonic());
  let jumpedMs = 0;

  function toWall(time: number): number {
    const difference = wall.now() - now();
    if (Math.abs(difference - jumpedMs) > JUMP_TOLERANCE_MS) jumpedMs = Math.round(difference);
    return time + jumpedMs;
  }

  return { ...wall, now, toWall, fromWall: (time) => time - toWall(0) };
}
