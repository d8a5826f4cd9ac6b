/** The last admissions on monotonic time: what a strict sliding window needs to know, and no more. */
export interface SlidingLog {
  record(nowMs: number): void;
  /** Counts as if every place had been taken just now: somebody else's calls have filled the window. */
  fill(nowMs: number): void;
  /**
   * How long the call that is `ahead` places behind the next one has to wait, when each goes as early as it may and no
   * span holds more than `limit` (default: the capacity).
   */
  waitMs(nowMs: number, ahead?: number, limit?: number): number;
  used(nowMs: number): number;
}

/**
 * A window that is strict at every alignment: an admission is at least `spanMs` after the one `capacity` places before
 * it, so any `capacity + 1` neighbours reach over more than a span. Fixed windows let through twice the limit around
 * their edge.
 */
export function createSlidingLog(capacity: number, spanMs: number): SlidingLog {
  const times: number[] = [];
  return {
    record(nowMs) {
      times.push(nowMs);
      if (times.length > capacity) times.shift();
    },
    fill(nowMs) {
      times.splice(0, times.length, ...Array<number>(capacity).fill(nowMs));
    },
    waitMs(nowMs, ahead = 0, limit = capacity) {
      const place = times.length - limit + (ahead % limit);
      const freeAt = (times[place] ?? -Infinity) + spanMs;
      return Math.max(0, freeAt - nowMs) + Math.floor(ahead / limit) * spanMs;
    },
    used: (nowMs) => times.filter((time) => time > nowMs - spanMs).length,
  };
}
