/** The log of calls to the simulator, for tests and demo users. */
import type { FaultKind } from './faults.ts';
import type { Parameters } from './parameters.ts';

export interface Call {
  /** Epoch milliseconds by the simulator's clock. */
  at: number;
  /** As on the wire: an old alias stays one. */
  action: string;
  params: Parameters;
  /** `pending`, then `OK`, the error code, or the kind of the fault that replaced the response. */
  outcome: string;
  /** In the order in which they were applied. */
  faults: FaultKind[];
  sourcePort: number;
}

/** Every call in order of arrival, including rejected ones. Beyond `MAX_CALLS`, the oldest are dropped. */
export type CallLog = Call[] & { clear(): void };

const MAX_CALLS = 100_000;

export function createCallLog(): CallLog {
  const log: Call[] = [];
  const clear = () => {
    log.length = 0;
  };
  // Not enumerable, so that a log equals the plain array that a test expects.
  return Object.defineProperty(log, 'clear', { value: clear }) as CallLog;
}

export function record(log: CallLog, call: Call): Call {
  if (log.length >= MAX_CALLS) log.splice(0, MAX_CALLS / 10);
  log.push(call);
  return call;
}

/** The most calls in any half-open window of the given length. */
export function maxCallsInAnyWindow(log: readonly Call[], windowMs: number): number {
  let max = 0;
  let first = 0;
  log.forEach((call, last) => {
    while (first < last && (log[first]?.at ?? call.at) <= call.at - windowMs) first++;
    max = Math.max(max, last - first + 1);
  });
  return max;
}
