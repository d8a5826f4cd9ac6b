/** The last calls on monotonic time: what a strict sliding window needs to know, and no more. */
export interface SlidingLog {
  /** A call goes out now. Returns what is to be told when its outcome came; once is enough, and more does nothing. */
  record(nowMs: number): (endedAtMs: number) => void;
  /** Counts as if every place had been used just now: somebody else's calls have filled the window. */
  fill(nowMs: number): void;
  /**
   * How long the call that is `ahead` places behind the next one has to wait at least, when each goes as early as it may
   * and no span holds more than `limit` (default: the capacity). Exact where no call is under way; one that is could end
   * right now.
   */
  waitMs(nowMs: number, ahead?: number, limit?: number): number;
  used(nowMs: number): number;
}

/**
 * A window that is strict at every alignment, and strict where calls arrive and not only where they leave. A call arrives
 * at some time between its permit and its outcome, which a busy process, a slow network or a new connection can pull
 * apart; so it has its place until a span after the outcome, and two calls of one place arrive more than a span apart.
 * Fixed windows let through twice the limit around their edge; a span counted from the permit, whatever bunches up later.
 */
export function createSlidingLog(capacity: number, spanMs: number): SlidingLog {
  let calls: { endedAtMs: number | null }[] = [];

  function endsInOrder(nowMs: number): number[] {
    return calls.map(({ endedAtMs }) => endedAtMs ?? nowMs).sort((one, other) => one - other);
  }

  function forgetOld(nowMs: number): void {
    calls = calls.filter(({ endedAtMs }) => endedAtMs === null || endedAtMs + spanMs > nowMs);
  }

  return {
    record(nowMs) {
      forgetOld(nowMs);
      const call: (typeof calls)[number] = { endedAtMs: null };
      calls.push(call);
      return (endedAtMs) => {
        call.endedAtMs ??= endedAtMs;
      };
    },
    fill(nowMs) {
      const underWay = calls.filter(({ endedAtMs }) => endedAtMs === null);
      calls = [...underWay, ...Array.from({ length: capacity }, () => ({ endedAtMs: nowMs }))];
    },
    waitMs(nowMs, ahead = 0, limit = capacity) {
      const ends = endsInOrder(nowMs);
      const freeAt = (ends[ends.length - limit + (ahead % limit)] ?? -Infinity) + spanMs;
      return Math.max(0, freeAt - nowMs) + Math.floor(ahead / limit) * spanMs;
    },
    used: (nowMs) => endsInOrder(nowMs).filter((endMs) => endMs > nowMs - spanMs).length,
  };
}
