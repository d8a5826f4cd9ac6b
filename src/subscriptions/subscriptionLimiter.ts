import { requestError } from '../core/errors.ts';
import { createKeyedCounter } from './keyedCounter.ts';

export interface SubscriptionLimits {
  /** Subscriptions that one caller may have open. */
  perCaller: number;
  /** Subscriptions that may be open in all. */
  inAll: number;
  /** Objects that one event of each of a caller's subscriptions may have together. */
  objectsPerCaller: number;
}

export function createSubscriptionLimiter({ perCaller, inAll, objectsPerCaller }: SubscriptionLimits) {
  const subscriptions = createKeyedCounter();
  const eventObjects = createKeyedCounter();

  return {
    openCount: () => subscriptions.total(),
    /**
     * Counts one more subscription of a caller. Returns an idempotent function that ends it.
     *
     * @param newObjects of one of its events
     * @throws TOO_MANY_SUBSCRIPTIONS at any limit
     */
    open(caller: string, newObjects: number): () => void {
      const count = subscriptions.of(caller);
      const objects = eventObjects.of(caller) + newObjects;
      if (count >= perCaller)
        throw limitError(`You have ${count} subscriptions open, the maximum`, 'LIVE_MAX_PER_CALLER');
      if (subscriptions.total() >= inAll)
        throw limitError(`This gateway has ${inAll} subscriptions open, the maximum`, 'LIVE_MAX');
      if (objects > objectsPerCaller)
        throw limitError(
          `One event of each of your subscriptions would have ${objects} objects together, more than the ${objectsPerCaller}`,
          'LIVE_MAX_OBJECTS_PER_CALLER',
        );
      const closers = [subscriptions.add(caller), eventObjects.add(caller, newObjects)];
      return () => {
        for (const close of closers) close();
      };
    },
  };
}

function limitError(state: string, setting: string): Error {
  const message = `${state} that ${setting} allows: end one, poll with a query, or ask the operator to raise it.`;
  return requestError({ code: 'TOO_MANY_SUBSCRIPTIONS', message, status: 429 });
}
