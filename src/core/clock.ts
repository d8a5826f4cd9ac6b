/** Time as a value, so that a test can hold it still. */
export interface Clock {
  /** Epoch milliseconds by the wall clock, which can jump. */
  now(): number;
  /** Milliseconds that only ever go forward; the zero is arbitrary. */
  monotonic(): number;
  /** Runs `task` after `delayMs` milliseconds; the returned function calls it off. */
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
