import type { Clock } from '../../src/core/clock.ts';

export interface VirtualClock extends Clock {
  /**
   * Moves time forward, running each timer when it is due, in order, and letting all that follows from it in promises
   * happen before the next. `advance(0)` only lets promises settle.
   */
  advance(ms: number): Promise<void>;
  /** Sets the wall clock ahead or back, as an operator or NTP does: no time passes and no timer runs. */
  jump(ms: number): void;
  /** The number of pending timers. */
  pendingTimers(): number;
}

/** A clock that moves only by `advance`. The wall clock starts at `startMs`, the monotonic one at 0. */
export function createVirtualClock(startMs = Date.UTC(2026, 0, 1)): VirtualClock {
  const timers = new Set<{ dueMs: number; task: () => void }>();
  let elapsedMs = 0;
  let wallOffsetMs = startMs;

  function nextDueBy(limitMs: number) {
    let next: { dueMs: number; task: () => void } | undefined;
    for (const timer of timers) {
      if (timer.dueMs <= limitMs && (next === undefined || timer.dueMs < next.dueMs)) next = timer;
    }
    return next;
  }

  return {
    now: () => wallOffsetMs + elapsedMs,
    monotonic: () => elapsedMs,
    after(delayMs, task) {
      const timer = { dueMs: elapsedMs + Math.max(0, delayMs), task };
      timers.add(timer);
      return () => {
        timers.delete(timer);
      };
    },
    async advance(ms) {
      const untilMs = elapsedMs + ms;
      await settled();
      for (let timer = nextDueBy(untilMs); timer !== undefined; timer = nextDueBy(untilMs)) {
        timers.delete(timer);
        elapsedMs = timer.dueMs;
        timer.task();
        await settled();
      }
      elapsedMs = untilMs;
    },
    jump(ms) {
      wallOffsetMs += ms;
    },
    pendingTimers: () => timers.size,
  };
}

/** Resolves when no promise reaction is left to run, however long their chain. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
