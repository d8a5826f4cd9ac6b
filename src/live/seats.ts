import { refusedRequest } from '../errors.ts';

export interface SeatLimits {
  /** Subscriptions that one caller may have open. */
  perCaller: number;
  /** Subscriptions that may be open in all. */
  inAll: number;
}

export interface Seats {
  /**
   * Counts one more subscription of the caller's; the returned function ends it, once.
   *
   * @throws TOO_MANY_SUBSCRIPTIONS at either limit
   */
  take(caller: string): () => void;
  /** How many are taken. */
  readonly taken: number;
}

export function createSeats({ perCaller, inAll }: SeatLimits): Seats {
  const byCaller = new Map<string, number>();
  let taken = 0;

  return {
    take(caller) {
      const own = byCaller.get(caller) ?? 0;
      if (own >= perCaller) throw refusal(`You have ${own} subscriptions open`, 'LIVE_MAX_PER_CALLER');
      if (taken >= inAll) throw refusal(`All ${inAll} subscriptions of this gateway are taken`, 'LIVE_MAX');
      byCaller.set(caller, own + 1);
      taken += 1;
      let isTaken = true;
      return () => {
        if (!isTaken) return;
        isTaken = false;
        taken -= 1;
        const left = (byCaller.get(caller) ?? 1) - 1;
        if (left > 0) byCaller.set(caller, left);
        // Names of callers who are gone would add up.
        else byCaller.delete(caller);
      };
    },
    get taken() {
      return taken;
    },
  };
}

function refusal(state: string, setting: string): Error {
  const message = `${state}, as many as ${setting} allows: end one, poll with a query, or have the operator raise it.`;
  return refusedRequest({ code: 'TOO_MANY_SUBSCRIPTIONS', message, status: 429 });
}
