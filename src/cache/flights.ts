import type { Clock } from '../core/clock.ts';
import type { Action, UpstreamResult, CallContext, Caller, CallEvent } from '../core/upstream.ts';
import { UpstreamError } from '../core/upstreamError.ts';

/** Calls under way, one a key: who asks for the same thing meanwhile waits for the same answer. */
export interface Flights {
  /**
   * Joins the call that is under way for the key, if its answer can be as new as `context.notBefore`, or begins one. A caller
   * whose deadline passes or whose signal fires is let go at once. The call itself is cancelled when nobody waits for it, unless an
   * attempt is on the wire: that is paid for, so it ends in the cache, and later callers join it. It is not retried for nobody.
   *
   * @param begin makes the call with a context of its own, which no single caller can end. Its priority rises when somebody
   *   more urgent joins, so it is to be read when it matters and not copied.
   */
  fetch<Value>(
    key: string,
    action: Action,
    context: CallContext,
    begin: (context: FlightContext) => Promise<UpstreamResult<Value>>,
  ): Promise<UpstreamResult<Value>>;
}

/** The context of a flight's own call. */
export interface FlightContext extends CallContext {
  /** Notes what happens to the flight's call when it is part of another flight's call, which reports the event. */
  follow(event: CallEvent): void;
}

interface Flight {
  /** Under which others find it: those of its own kind of callers, and all once it is on the wire. */
  keys: string[];
  callerId: string | undefined;
  startedAt: number;
  result: Promise<UpstreamResult<unknown>>;
  priority: CallContext['priority'];
  waiting: number;
  /** Whether an attempt is paid for and has not failed. */
  isOnWire: boolean;
  abandon: AbortController;
}

/** The abort reason when every waiting caller left before its deadline. */
const ALL_CALLERS_LEFT = 'all callers left';

/** Whether a failed flight says nothing to others: its callers ended it, or a limit of the caller's own refused it. */
export function isOfItsCaller(error: unknown, { signal }: CallContext): boolean {
  return signal?.reason === ALL_CALLERS_LEFT || (error instanceof UpstreamError && error.isCallerLimit);
}

/**
 * A call for a caller with a limit of its own may wait for that limit and fail by it. Until it is on the wire, only callers with
 * limits join it.
 */
export function keyFor(key: string, caller: Caller | undefined): string {
  const isLimited = caller?.maxCallsPerSecond != null || caller?.maxCallsPerDay != null;
  return isLimited ? `${key}\nlimited` : key;
}

/** Whether a flight failed by the limit of the caller who began it, which is not that of this one. */
function isLimitOfOther(error: unknown, flight: Flight, { caller }: CallContext): boolean {
  return error instanceof UpstreamError && error.isCallerLimit && flight.callerId !== caller?.id;
}

/** @param patienceMs how long a call may take that callers share */
export function createFlights(clock: Clock, patienceMs: number): Flights {
  const flights = new Map<string, Flight>();

  return { fetch };

  async function fetch<Value>(
    key: string,
    action: Action,
    context: CallContext,
    begin: (context: FlightContext) => Promise<UpstreamResult<Value>>,
  ): Promise<UpstreamResult<Value>> {
    const { notBefore = -Infinity } = context;
    const ownKey = keyFor(key, context.caller);
    const joined = flights.get(key) ?? flights.get(ownKey);
    if (!joined || joined.startedAt < notBefore) {
      context.report({ type: 'miss', action });
      return join(start(key, context, begin), action, context) as Promise<UpstreamResult<Value>>;
    }
    context.report({ type: 'shared', action });
    if (context.priority === 'interactive') joined.priority = 'interactive';
    const answer = (await join(joined, action, context).catch((error: unknown) => {
      if (isLimitOfOther(error, joined, context)) return null;
      throw error;
    })) as UpstreamResult<Value> | null;
    if (answer === null) return fetch(key, action, context, begin);
    // Another replica may have read what this flight brought, and before the flight began.
    return answer.asOf >= notBefore ? answer : fetch(key, action, context, begin);
  }

  function start(
    key: string,
    caller: CallContext,
    begin: (context: FlightContext) => Promise<UpstreamResult<unknown>>,
  ): Flight {
    const abandon = new AbortController();
    const startedAt = clock.now();
    const context: FlightContext = {
      get priority() {
        return flight.priority;
      },
      caller: caller.caller,
      deadline: Math.max(caller.deadline, startedAt + patienceMs),
      signal: abandon.signal,
      notBefore: caller.notBefore,
      traceparent: caller.traceparent,
      follow: (event) => follow(flight, key, event),
      report(event) {
        follow(flight, key, event);
        caller.report(event);
      },
    };
    const flight: Flight = {
      keys: [keyFor(key, caller.caller)],
      callerId: caller.caller?.id,
      startedAt,
      priority: caller.priority,
      waiting: 0,
      isOnWire: false,
      abandon,
      // Begun in a microtask, since `begin` reads the context and the context this flight.
      result: Promise.resolve()
        .then(() => begin(context))
        .finally(() => forget(flight)),
    };
    // Everybody may have left before it fails.
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
    // Without a reason: that the attempt failed says something of the upstream.
    if (event.type === 'retry' && flight.waiting === 0) cancel(flight);
  }

  function cancel(flight: Flight, reason?: string): void {
    // Callers that come from now on begin anew.
    forget(flight);
    flight.abandon.abort(reason);
  }

  function forget(flight: Flight): void {
    for (const key of flight.keys) if (flights.get(key) === flight) flights.delete(key);
  }

  function join(
    flight: Flight,
    action: Action,
    { deadline, signal }: CallContext,
  ): Promise<UpstreamResult<unknown>> {
    flight.waiting += 1;
    return new Promise((resolve, reject) => {
      const late = () => leave(`${action} was not answered within the time that this operation has.`);
      const gone = () => leave('The caller left before the answer arrived.', ALL_CALLERS_LEFT);
      const cancelTimer = clock.after(Math.max(0, deadline - clock.now()), late);
      signal?.addEventListener('abort', gone, { once: true });
      flight.result.then(resolve, reject).finally(letGo);
      if (signal?.aborted) gone();

      function leave(message: string, reason?: string): void {
        letGo();
        flight.waiting -= 1;
        if (flight.waiting === 0 && !flight.isOnWire) cancel(flight, reason);
        reject(new UpstreamError(message, { kind: 'timeout', action }));
      }
      function letGo(): void {
        cancelTimer();
        signal?.removeEventListener('abort', gone);
      }
    });
  }
}
