import { type Action, type CallContext, type Clock, UpstreamError } from '../model.ts';

/** Calls under way, one a key: who asks for the same thing meanwhile waits for the same answer. */
export interface Flights {
  /**
   * Joins the call that is under way for the key, if it began at `context.notBefore` or later, or begins one. A caller whose
   * deadline passes or whose signal fires is let go at once; the call itself is given up only when nobody waits for it.
   *
   * @param begin makes the call with a context of its own, which no single caller can end
   */
  fetch<T>(
    key: string,
    action: Action,
    context: CallContext,
    begin: (context: CallContext) => Promise<T>,
  ): Promise<T>;
  isUnderWay(key: string): boolean;
}

interface Flight {
  startedAt: number;
  result: Promise<unknown>;
  context: CallContext;
  waiting: number;
  abandon: AbortController;
}

/** @param patienceMs how long a call may take that callers share */
export function createFlights(clock: Clock, patienceMs: number): Flights {
  const flights = new Map<string, Flight>();

  return {
    fetch<T>(
      key: string,
      action: Action,
      context: CallContext,
      begin: (context: CallContext) => Promise<T>,
    ): Promise<T> {
      const joined = flights.get(key);
      if (joined && joined.startedAt >= (context.notBefore ?? -Infinity)) {
        context.report({ type: 'shared', action });
        if (context.priority === 'interactive') joined.context.priority = 'interactive';
        return join(joined, action, context) as Promise<T>;
      }
      context.report({ type: 'miss', action });
      return join(start(key, context, begin), action, context) as Promise<T>;
    },
    isUnderWay: (key) => flights.has(key),
  };

  function start<T>(key: string, caller: CallContext, begin: (context: CallContext) => Promise<T>): Flight {
    const abandon = new AbortController();
    const startedAt = clock.now();
    const context: CallContext = {
      priority: caller.priority,
      deadline: Math.max(caller.deadline, startedAt + patienceMs),
      signal: abandon.signal,
      ...(caller.notBefore !== undefined && { notBefore: caller.notBefore }),
      report: (event) => caller.report(event),
    };
    const result = begin(context).finally(() => {
      if (flights.get(key) === flight) flights.delete(key);
    });
    const flight: Flight = { startedAt, result, context, waiting: 0, abandon };
    // Everybody may have left before it fails.
    result.catch(() => undefined);
    flights.set(key, flight);
    abandon.signal.addEventListener('abort', () => {
      if (flights.get(key) === flight) flights.delete(key);
    });
    return flight;
  }

  function join(flight: Flight, action: Action, { deadline, signal }: CallContext): Promise<unknown> {
    flight.waiting += 1;
    return new Promise((resolve, reject) => {
      const leave = (message: string) => () => {
        settle();
        reject(new UpstreamError(message, { kind: 'timeout', action }));
      };
      const late = leave(`${action} was not answered within the time that this operation has.`);
      const gone = leave('The caller went away before the answer was there.');
      const cancelTimer = clock.after(Math.max(0, deadline - clock.now()), late);
      signal?.addEventListener('abort', gone, { once: true });
      if (signal?.aborted) gone();
      flight.result.finally(settle).then(resolve, reject);

      let settled = false;
      function settle(): void {
        if (settled) return;
        settled = true;
        cancelTimer();
        signal?.removeEventListener('abort', gone);
        flight.waiting -= 1;
        if (flight.waiting === 0) flight.abandon.abort();
      }
    });
  }
}
