import type { Action } from '../core/upstream.ts';

export type Departure = ReturnType<ReturnType<typeof createSecondWindow>['depart']>;

interface Call {
  departedAtMs: number;
  /** Null until the outcome is known. */
  freeAtMs: number | null;
}

/** A minimum of fewer round trips says little about the true minimum. */
const minSamples = 20;
const maxSamples = 100;
/** The share of the shortest recent round trip that every later one is assumed to take. */
const assuredShare = 0.9;

/**
 * A sliding window over the arrivals of calls at the upstream, of which only departures and outcomes can be seen. All times are
 * monotonic milliseconds.
 *
 * Two calls of one place must arrive at least `spanMs` apart. Call i departs at d, takes x to arrive and y from there to its
 * outcome, so it ends at e = d + x + y. Call j takes the place at d'. It arrives in time if
 *
 *     d' + x' >= d + x + spanMs,  which is  d' >= e + spanMs - (x' + y).
 *
 * x' + y is unknown, but at least the shortest possible round trip, since delays only add to both ways. The shortest recent round
 * trip of the same action estimates it from above, hence the reserve of 10 %. So the place is free at
 *
 *     d + spanMs + max(marginMs, (e - d) - 0.9 * shortest),
 *
 * which is the departure, plus the span, plus what this call took longer than the fastest one. Without enough samples, and after a
 * call that failed, the bound is 0: the place is free at e + spanMs + marginMs. A call without outcome keeps its place. So an
 * outlier never lets two arrivals come too close, however long it takes.
 */
export function createSecondWindow(capacity: number, spanMs: number, marginMs: number) {
  const lengthMs = spanMs + marginMs;
  const roundTrips = new Map<Action, { samplesMs: number[]; assuredMs: number }>();
  let calls: Call[] = [];
  let othersFreeAtMs: number[] = [];

  /** For a call under way, the earliest time at which its place can be free. */
  function freeTimes(nowMs: number): number[] {
    calls = calls.filter(({ freeAtMs }) => freeAtMs === null || freeAtMs > nowMs);
    const mostAssuredMs = Math.max(0, ...[...roundTrips.values()].map(({ assuredMs }) => assuredMs));
    const own = calls.map(
      ({ freeAtMs, departedAtMs }) =>
        freeAtMs ?? lengthMs + Math.max(departedAtMs, nowMs - mostAssuredMs, nowMs + 1 - lengthMs),
    );
    return [...own, ...othersFreeAtMs]
      .filter((freeAtMs) => freeAtMs > nowMs)
      .sort((one, other) => one - other);
  }

  return {
    /** Records a call that departs now. */
    depart(nowMs: number) {
      const call: Call = { departedAtMs: nowMs, freeAtMs: null };
      calls.push(call);
      return {
        /** Records the outcome. Returns when the place of the call is free. Must be called once. */
        ended(endedAtMs: number, answered?: Action): number {
          const durationMs = endedAtMs - nowMs;
          const known = answered && roundTrips.get(answered);
          if (answered !== undefined) {
            const samplesMs = [...(known?.samplesMs ?? []), durationMs].slice(-maxSamples);
            const isEnough = samplesMs.length >= minSamples;
            const assuredMs = isEnough ? assuredShare * Math.min(...samplesMs) + marginMs : 0;
            roundTrips.set(answered, { samplesMs, assuredMs });
          }
          return (call.freeAtMs = nowMs + lengthMs + Math.max(0, durationMs - (known?.assuredMs ?? 0)));
        },
        /** Forgets the call, because it was not sent. */
        cancel() {
          calls = calls.filter((other) => other !== call);
        },
      };
    },
    /** Counts the whole window as used at this time. */
    fill(nowMs: number) {
      const full = { departedAtMs: nowMs, freeAtMs: nowMs + lengthMs };
      calls = [
        ...calls.filter(({ freeAtMs }) => freeAtMs === null),
        ...Array.from({ length: capacity }, () => full),
      ];
    },
    /** Replaces the calls of other processes, each by the time at which its place is free. */
    setOthers(freeAtMs: number[]) {
      othersFreeAtMs = freeAtMs;
    },
    /**
     * How long the call `ahead` places behind the next one waits at least, if every call departs as early as possible and no span
     * holds more than `limit`. A call without an outcome counts as one that ends now.
     */
    waitMs(nowMs: number, ahead: number, limit: number): number {
      if (calls.length + othersFreeAtMs.length + ahead < limit) return 0;
      const times = freeTimes(nowMs);
      const freeAtMs = times[times.length - limit + (ahead % limit)] ?? nowMs;
      return freeAtMs - nowMs + Math.floor(ahead / limit) * lengthMs;
    },
    used: (nowMs: number) => freeTimes(nowMs).length,
  };
}
