import type { Clock } from '../core/clock.ts';
import { within } from '../core/deadline.ts';
import type { Action, CallContext, Caller, CallEvent, UpstreamResult } from '../core/upstream.ts';
import { UpstreamError } from '../core/upstreamError.ts';

type Result = UpstreamResult<unknown>;

/** Shares calls in flight: while a call for a key runs, other callers of the key wait for the same answer. */
export interface SingleFlight {
  /**
   * Joins the call in flight for the key, if its answer can be as new as `context.notBefore`, or starts one. A caller whose deadline
   * passes or whose signal fires is released at once. The call itself is cancelled when nobody waits for it, unless an attempt is on
   * the wire: that one is paid for, so it ends in the cache, and later callers join it. It is not retried for nobody.
   *
   * @param start makes the call with a context that no single caller can end. Its priority rises when a more urgent caller joins, so it
   *   must be read when it matters and not be copied.
   */
  fetch<Value>(
    key: string,
    action: Action,
    context: CallContext,
    start: (context: FlightContext) => Promise<UpstreamResult<Value>>,
  ): Promise<UpstreamResult<Value>>;
}

/** The context of a call in flight. */
export interface FlightContext extends CallContext {
  /** Notes an event of the call when it is part of another call in flight, which reports the event. */
  follow(event: CallEvent): void;
}

interface Flight {
  /** Its keys: the one for callers like its first, and the one for all callers once it is on the wire. */
  keys: string[];
  callerId: string | undefined;
  startedAt: number;
  result: Promise<Result>;
  priority: CallContext['priority'];
  waiting: number;
  /** Whether an attempt is paid for and has not failed. */
  isOnWire: boolean;
  cancellation: AbortController;
}

/** The abort reason when every waiting caller left before its deadline. */
const ALL_CALLERS_LEFT = 'all callers left';

/** Whether a failure says nothing about the upstream: the callers ended the call, or their own limit refused it. */
export function isOfItsCaller(error: unknown, { signal }: CallContext): boolean {
  return signal?.reason === ALL_CALLERS_LEFT || isCallerLimit(error);
}

/**
 * The call of a caller with limits of its own may wait for these and be refused by them. Until it is on the wire, only callers with
 * limits join it.
 */
export function keyFor(key: string, caller: Caller | undefined): string {
  const isLimited = caller?.maxCallsPerSecond != null || caller?.maxCallsPerDay != null;
  return isLimited ? `${key}\nlimited` : key;
}

/** @param patienceMs how long a shared call may take */
export function createSingleFlight(clock: Clock, patienceMs: number): SingleFlight {
  const flights = new Map<string, Flight>();
  return { fetch: fetch as SingleFlight['fetch'] };

  async function fetch(
    key: string,
    action: Action,
    context: CallContext,
    start: (context: FlightContext) => Promise<Result>,
  ): Promise<Result> {
    const { notBefore = -Infinity } = context;
    for (;;) {
      const flight = flights.get(key) ?? flights.get(keyFor(key, context.caller));
      if (!flight || flight.startedAt < notBefore) {
        context.report({ type: 'miss', action });
        return wait(takeOff(key, context, start), action, context);
      }
      context.report({ type: 'shared', action });
      if (context.priority === 'interactive') flight.priority = 'interactive';
      try {
        const answer = await wait(flight, action, context);
        // The answer may be one that another replica read before this flight started.
        if (answer.asOf >= notBefore) return answer;
      } catch (error) {
        // The limit of the caller that started the flight is not the limit of this one.
        if (!isCallerLimit(error) || flight.callerId === context.caller?.id) throw error;
      }
    }
  }

  function takeOff(
    key: string,
    first: CallContext,
    start: (context: FlightContext) => Promise<Result>,
  ): Flight {
    const startedAt = clock.now();
    const cancellation = new AbortController();
    const context: FlightContext = {
      get priority() {
        return flight.priority;
      },
      caller: first.caller,
      deadline: Math.max(first.deadline, startedAt + patienceMs),
      signal: cancellation.signal,
      notBefore: first.notBefore,
      traceparent: first.traceparent,
      follow: (event) => follow(flight, key, event),
      report(event) {
        follow(flight, key, event);
        first.report(event);
      },
    };
    const flight: Flight = {
      keys: [keyFor(key, first.caller)],
      callerId: first.caller?.id,
      startedAt,
      priority: first.priority,
      waiting: 0,
      isOnWire: false,
      cancellation,
      // Started in a microtask, since the call reads the context and the context reads this flight.
      result: Promise.resolve()
        .then(() => start(context))
        .finally(() => forget(flight)),
    };
    // Every caller may have left before it fails.
    flight.result.catch(() => undefined);
    for (const own of flight.keys) flights.set(own, flight);
    return flight;
  }

  function follow(flight: Flight, sharedKey: string, event: CallEvent): void {
    if (event.type === 'attempt') {
      flight.isOnWire = true;
      if (!flights.has(sharedKey)) {
        flight.keys.push(sharedKey);
        flights.set(sharedKey, flight);
      }
    }
    if (event.type === 'outcome' && event.error !== null) flight.isOnWire = false;
    // Without a reason: the failed attempt does say something about the upstream.
    if (event.type === 'retry' && flight.waiting === 0) cancel(flight);
  }

  function cancel(flight: Flight, reason?: string): void {
    // Later callers start a new call.
    forget(flight);
    flight.cancellation.abort(reason);
  }

  function forget(flight: Flight): void {
    for (const key of flight.keys) if (flights.get(key) === flight) flights.delete(key);
  }

  function wait(flight: Flight, action: Action, { deadline, signal }: CallContext): Promise<Result> {
    flight.waiting += 1;
    return within(flight.result, {
      clock,
      timeoutMs: Math.max(0, deadline - clock.now()),
      signal,
      giveUp(reason) {
        const isTimeout = reason === 'expired';
        flight.waiting -= 1;
        if (flight.waiting === 0 && !flight.isOnWire)
          cancel(flight, isTimeout ? undefined : ALL_CALLERS_LEFT);
        const message = isTimeout
          ? `${action} was not answered within the time that this operation has.`
          : 'The caller left before the answer arrived.';
        return new UpstreamError(message, { kind: 'timeout', action });
      },
    });
  }
}

function isCallerLimit(error: unknown): boolean {
  return error instanceof UpstreamError && error.isCallerLimit;
}
