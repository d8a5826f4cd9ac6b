import type { Clock } from '../core/clock.ts';

/**
 * The wall clock without its jumps. All that the cache knows is dated by it, so that setting the clock neither makes old things
 * look fresh nor fresh ones old; what comes in or goes out is dated by the wall clock and translated.
 */
export interface SteadyClock extends Clock {
  /** Steady time from the wall clock's, as it goes now. Whole milliseconds, as all here. */
  fromWall(time: number): number;
  /** The wall clock's time, as it goes now, from steady time. */
  toWall(time: number): number;
}

/** Less than this between the two clocks is rounding and reading them one after the other, not a jump. */
const TOLERANCE_MS = 100;

export function createSteadyClock(clock: Clock): SteadyClock {
  const zero = clock.now() - clock.monotonic();
  const now = () => Math.round(zero + clock.monotonic());
  let jumpedMs = 0;

  return {
    now,
    monotonic: () => clock.monotonic(),
    after: (delayMs, task) => clock.after(delayMs, task),
    fromWall: (time) => time - jumped(),
    toWall: (time) => time + jumped(),
  };

  function jumped(): number {
    const difference = clock.now() - now();
    if (Math.abs(difference - jumpedMs) > TOLERANCE_MS) jumpedMs = Math.round(difference);
    return jumpedMs;
  }
}
