import { refusedRequest } from '../core/errors.ts';

export interface SeatLimits {
  /** Subscriptions that one caller may have open. */
  perCaller: number;
  /** Subscriptions that may be open in all. */
  inAll: number;
  /** Objects that one event of each of a caller's subscriptions may have together. Default: any number. */
  objectsPerCaller?: number;
}

export interface Seats {
  /**
   * Counts one more subscription of the caller's; the returned function ends it, once.
   *
   * @param objects of one of its events
   * @throws TOO_MANY_SUBSCRIPTIONS at any limit
   */
  take(caller: string, objects?: number): () => void;
  /** How many are taken. */
  readonly taken: number;
}

export function createSeats({ perCaller, inAll, objectsPerCaller = Infinity }: SeatLimits): Seats {
  const byCaller = new Map<string, { count: number; objects: number }>();
  let taken = 0;

  return {
    take(caller, objects = 0) {
      const own = byCaller.get(caller) ?? { count: 0, objects: 0 };
      if (own.count >= perCaller)
        throw refusal(`You have ${own.count} subscriptions open, as many as`, 'LIVE_MAX_PER_CALLER');
      if (taken >= inAll)
        throw refusal(`All ${inAll} subscriptions of this gateway are taken, as many as`, 'LIVE_MAX');
      if (own.objects + objects > objectsPerCaller)
        throw refusal(
          `One event of each of your subscriptions would have ${own.objects + objects} objects together, more than the ${objectsPerCaller} that`,
          'LIVE_MAX_OBJECTS_PER_CALLER',
        );
      byCaller.set(caller, { count: own.count + 1, objects: own.objects + objects });
      taken += 1;
      let isTaken = true;
      return () => {
        if (!isTaken) return;
        isTaken = false;
        taken -= 1;
        const held = byCaller.get(caller) ?? { count: 1, objects };
        const left = { count: held.count - 1, objects: held.objects - objects };
        if (left.count > 0) byCaller.set(caller, left);
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
  const message = `${state} ${setting} allows: end one, poll with a query, or have the operator raise it.`;
  return refusedRequest({ code: 'TOO_MANY_SUBSCRIPTIONS', message, status: 429 });
}
