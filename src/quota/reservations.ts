/** A permit that a refused call can expect. */
interface Reservation {
  key: string;
  callerId: string;
  dueMs: number;
  /** The number of the last turn when it was made. */
  turn: number;
}

/** Beyond it, the oldest is forgotten: its call waits its turn like a new one. */
const maxReservations = 10_000;

/** How long after its time a reservation is kept. Clients that poll at an interval come late. */
const graceMs = 30_000;
const sweepEveryMs = 1_000;

/**
 * Times at which refused calls can expect a permit, which they are told as `retryAfterMs`. Times are `intervalMs` apart. Callers take
 * turns: the first reservation of each comes before the second of any. All times are monotonic.
 */
export function createReservations() {
  const byKey = new Map<string, Reservation>();
  const counts = new Map<string, number>();
  let sweptAtMs = -Infinity;

  function drop({ key, callerId }: Reservation): void {
    byKey.delete(key);
    const left = (counts.get(callerId) ?? 0) - 1;
    if (left > 0) counts.set(callerId, left);
    else counts.delete(callerId);
  }

  function sweep(nowMs: number): void {
    if (nowMs - sweptAtMs < sweepEveryMs) return;
    sweptAtMs = nowMs;
    for (const one of byKey.values()) if (one.dueMs + graceMs < nowMs) drop(one);
  }

  return {
    /** Returns when the call can expect a permit: for one that is refused again before its time, the time that it was told. */
    make(
      { key, callerId, turn }: Omit<Reservation, 'dueMs'>,
      { nowMs, earliestMs, intervalMs }: { nowMs: number; earliestMs: number; intervalMs: number },
    ): number {
      sweep(nowMs);
      const known = byKey.get(key);
      if (known && known.dueMs > nowMs) return known.dueMs;
      if (known) drop(known);
      const own = counts.get(callerId) ?? 0;
      let ahead = 0;
      for (const count of counts.values()) ahead += Math.min(count, own + 1);
      const dueMs = earliestMs + ahead * intervalMs;
      byKey.set(key, { key, callerId, turn, dueMs });
      counts.set(callerId, own + 1);
      const [oldest] = byKey.values();
      if (byKey.size > maxReservations && oldest) drop(oldest);
      return dueMs;
    },
    /** The turn after which the call was promised a permit for now; null if it was not. */
    dueTurn(key: string, nowMs: number): number | null {
      const known = byKey.get(key);
      return known && known.dueMs <= nowMs ? known.turn : null;
    },
    /** Call when the call has its permit. */
    redeem(key: string): void {
      const known = byKey.get(key);
      if (known) drop(known);
    },
  };
}
