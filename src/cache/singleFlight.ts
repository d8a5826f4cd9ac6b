import type { Clock } from '../core/clock.ts';
import { within } from '../core/deadline.ts';
import { type Action, type CallContext, hasLimits, type UpstreamResult } from '../core/upstream.ts';
import { UpstreamError } from '../core/upstreamError.ts';

type Start<Value> = (context: CallContext, keys: readonly string[]) => Promise<UpstreamResult<Value>>;

interface Flight {
  keys: readonly string[];
  startedBy: CallContext;
  startedAt: number;
  context: CallContext;
  result: Promise<UpstreamResult<unknown>>;
  waiting: number;
  /** Whether callers without limits of their own can join. */
  isOpen: boolean;
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
 * Shares calls in flight: while a call for a key runs, other callers of the key wait for the same answer.
 *
 * @param patienceMs how long a shared call may take
 */
export function createSingleFlight(clock: Clock, patienceMs: number) {
  const flights = new Map<string, Flight>();
  /** Those started by callers with limits of their own: others may not join them, and must not replace them either. */
  const limitedFlights = new Map<string, Flight>();
  return { fetch };

  /**
   * Joins the call in flight for the key, if its answer can be as new as `context.notBefore`, or starts one. A caller whose deadline
   * passes or whose signal fires is released at once. The call itself is cancelled when nobody waits for it, unless an attempt is on
   * the wire: that one is paid for, so it ends in the cache, and later callers join it. It is not retried for nobody.
   *
   * @param start makes the call with a context that no single caller can end. Its priority rises when a more urgent caller joins, so it
   *   must be read when it matters and not be copied.
   * @param keys all that the call can answer if it starts here, the key included. It is started for those that are not in flight yet.
   *   Default: the key alone.
   */
  async function fetch<Value>(
    key: string,
    action: Action,
    context: CallContext,
    start: Start<Value>,
    keys: readonly string[] = [key],
  ): Promise<UpstreamResult<Value>> {
    const { notBefore = -Infinity, caller } = context;
    for (;;) {
      const flight = joinable(key, context) ?? startFlight(keys, context, start);
      const startedHere = flight.startedBy === context;
      context.report({ type: startedHere ? 'miss' : 'shared', action });
      if (context.priority === 'interactive') flight.context.priority = 'interactive';
      flight.waiting += 1;
      try {
        const answer = await within(flight.result as Promise<UpstreamResult<Value>>, {
          clock,
          timeoutMs: Math.max(0, context.deadline - clock.now()),
          signal: context.signal,
          giveUp: (reason) => leave(flight, action, reason),
        });
        // The answer may be one that another replica read before this flight started.
        if (startedHere || answer.asOf >= notBefore) return answer;
      } catch (error) {
        // The limit of the caller that started the flight is not the limit of this one.
        if (!isCallerLimit(error) || flight.startedBy.caller?.id === caller?.id) throw error;
      }
    }
  }

  function joinable(key: string, { caller, notBefore = -Infinity }: CallContext): Flight | null {
    for (const flight of [flights.get(key), limitedFlights.get(key)]) {
      if (flight && flight.startedAt >= notBefore && (flight.isOpen || hasLimits(caller))) return flight;
    }
    return null;
  }

  function startFlight(requested: readonly string[], first: CallContext, start: Start<unknown>): Flight {
    const keys = requested.filter((key) => joinable(key, first) === null);
    const { priority, caller, notBefore, traceparent } = first;
    const startedAt = clock.now();
    const cancellation = new AbortController();
    const context: CallContext = {
      priority,
      caller,
      key: keys[0],
      get urgency() {
        return first.urgency ?? 0;
      },
      deadline: Math.max(first.deadline, startedAt + patienceMs),
      signal: cancellation.signal,
      notBefore,
      traceparent,
      report(event) {
        if (event.type === 'attempt') flight.isOpen = flight.isOnWire = true;
        if (event.type === 'outcome' && event.error !== null) flight.isOnWire = false;
        // Without a reason: the failed attempt does say something about the upstream.
        if (event.type === 'retry' && flight.waiting === 0) cancel(flight);
        first.report(event);
      },
    };
    const flight: Flight = {
      keys,
      startedBy: first,
      startedAt,
      context,
      waiting: 0,
      // The call of a caller with limits of its own may wait for these and be refused by them until it is on the wire.
      isOpen: !hasLimits(caller),
      isOnWire: false,
      cancellation,
      result: run(),
    };
    // Every caller may have left before it fails.
    flight.result.catch(() => undefined);
    for (const key of keys) flightsLike(flight).set(key, flight);
    return flight;

    async function run(): Promise<UpstreamResult<unknown>> {
      // The call reports to this flight, so the flight must exist first.
      await Promise.resolve();
      try {
        return await start(context, keys);
      } finally {
        forget(flight);
      }
    }
  }

  function cancel(flight: Flight, reason?: string): void {
    // Later callers start a new call.
    forget(flight);
    flight.cancellation.abort(reason);
  }

  function forget(flight: Flight): void {
    const running = flightsLike(flight);
    for (const key of flight.keys) if (running.get(key) === flight) running.delete(key);
  }

  function flightsLike({ startedBy }: Flight): Map<string, Flight> {
    return hasLimits(startedBy.caller) ? limitedFlights : flights;
  }

  /** Returns the error of a caller that stops waiting. */
  function leave(flight: Flight, action: Action, reason: 'expired' | 'aborted'): UpstreamError {
    const isTimeout = reason === 'expired';
    flight.waiting -= 1;
    if (flight.waiting === 0 && !flight.isOnWire) cancel(flight, isTimeout ? undefined : ALL_CALLERS_LEFT);
    const message = isTimeout
      ? `${action} was not answered within the time that this operation has.`
      : 'The caller left before the answer arrived.';
    return new UpstreamError(message, { kind: 'timeout', action });
  }
}

function isCallerLimit(error: unknown): boolean {
  return error instanceof UpstreamError && error.isCallerLimit;
}
