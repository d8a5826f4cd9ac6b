/** What the simulator was asked, for tests and demo users to count. */
import type { FaultKind } from './faults.ts';
import type { Parameters } from './parameters.ts';

export interface Call {
  /** Epoch milliseconds by the simulator's clock. */
  at: number;
  /** As on the wire: an old alias stays one. */
  action: string;
  params: Parameters;
  /** `pending`, then `OK`, the error code, or the kind of the fault that spoiled the answer. */
  outcome: string;
  /** In the order in which they were applied. */
  faults: FaultKind[];
  sourcePort: number;
}

/** Every call in the order of arrival, refused ones too. The oldest are dropped when there are `MAX_CALLS`. */
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

/** The most calls that fall into any window of the given length, whose end is not part of it. */
export function maxCallsInAnyWindow(log: readonly Call[], windowMs: number): number {
  let max = 0;
  let first = 0;
  log.forEach((call, last) => {
    while (first < last && (log[first]?.at ?? call.at) <= call.at - windowMs) first++;
    max = Math.max(max, last - first + 1);
  });
  return max;
}
