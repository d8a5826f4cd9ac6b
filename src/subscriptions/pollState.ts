import type { CallContext, UpstreamResult } from '../core/upstream.ts';
import { staleReasonOf, UpstreamError } from '../core/upstreamError.ts';

/** What a poller reads, and which events its listeners receive. */
export interface Topic<Value, Event> {
  read: (context: CallContext) => Promise<UpstreamResult<Value>>;
  hasChanged: (before: Value, after: Value) => boolean;
  /** Whether a change is likely soon. */
  isActive: (value: Value) => boolean;
  /** Whether no change can follow. */
  isFinal: (value: Value) => boolean;
  /** Returns the event after `before`, which is null for a listener's first. Throws if there is nothing to subscribe to. */
  describe: (before: UpstreamResult<Value> | null, after: UpstreamResult<Value>) => Event;
}

export type PollState<Value> =
  | { phase: 'starting'; known: null }
  | { phase: 'polling'; known: Known<Value>; failures: number }
  /** `error` is null if no change can follow or nobody listens. */
  | { phase: 'ended'; known: Known<Value> | null; error: Error | null };

/** The value as of the last successful read. */
export interface Known<Value> {
  result: UpstreamResult<Value>;
  /** Rises with every change that listeners receive. */
  version: number;
  /** When the value changed last, as far as the poller knows. */
  changedAt: number;
}

/** How far the clocks of two replicas may differ. Milliseconds. */
const CLOCK_TOLERANCE_MS = 100;

export function afterRead<Value>(
  { known }: PollState<Value>,
  result: UpstreamResult<Value>,
  topic: Pick<Topic<Value, unknown>, 'hasChanged' | 'isFinal'>,
  now: number,
): PollState<Value> {
  // Another replica's value may be older than what listeners have received.
  if (known !== null && result.asOf < known.result.asOf - CLOCK_TOLERANCE_MS)
    return { phase: 'polling', known, failures: 0 };
  const hasChanged = known === null || topic.hasChanged(known.result.value, result.value);
  const isNew = hasChanged || known.result.staleBecause !== result.staleBecause;
  const version = (known?.version ?? 0) + (isNew ? 1 : 0);
  const changedAt = hasChanged ? now : known.changedAt;
  const updated = { result, version, changedAt };
  if (topic.isFinal(result.value)) return { phase: 'ended', known: updated, error: null };
  return { phase: 'polling', known: updated, failures: 0 };
}

/** A failed read ends the poller if it was the first or if repeating it is useless. Else the value is labelled stale. */
export function afterFailure<Value>(state: PollState<Value>, error: Error): PollState<Value> {
  if (state.phase !== 'polling' || !isTransient(error)) return { phase: 'ended', known: state.known, error };
  const { known } = state;
  const failures = state.failures + 1;
  const staleBecause = staleReasonOf(error);
  if (known.result.staleBecause === staleBecause) return { phase: 'polling', known, failures };
  const result = { ...known.result, staleBecause };
  return { phase: 'polling', known: { ...known, result, version: known.version + 1 }, failures };
}

/** Not if the right to read is lost, and not for a bug. */
function isTransient(error: Error): boolean {
  return error instanceof UpstreamError && error.kind !== 'forbidden' && error.kind !== 'rejected';
}

export interface PollIntervals {
  /** While the value is active, and the age up to which a value counts as current. Milliseconds. */
  fastMs: number;
  /** Otherwise, in milliseconds. */
  slowMs: number;
}

/** Polls stay fast for this long after a change, because changes come in groups. Milliseconds. */
const ACTIVE_AFTER_CHANGE_MS = 60_000;

/** How long to wait before the next read, in milliseconds. */
export function delayMsOf<Value>(
  { known, failures }: PollState<Value> & { phase: 'polling' },
  isActive: boolean,
  { fastMs, slowMs }: PollIntervals,
  now: number,
): number {
  if (failures > 0) return Math.min(slowMs, fastMs * 2 ** (failures - 1));
  const intervalMs = isActive || now - known.changedAt < ACTIVE_AFTER_CHANGE_MS ? fastMs : slowMs;
  // A value that others have read has an age already; with a stretched freshness it can be older than the interval.
  const ageMs = Math.max(0, now - known.result.asOf);
  return ageMs < intervalMs ? intervalMs - ageMs : intervalMs;
}
