import type { CallEvent, Priority } from './upstream.ts';

/** Called for every request to /graphql when its headers have arrived. Must not throw. */
export type Observe = (start: RequestStart) => RequestObservation;

export interface RequestStart {
  requestId: string;
  /** All headers of the request. Use only those of the trace context. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface RequestObservation {
  /** The W3C trace context to pass on with upstream calls; null without tracing. */
  traceparent: string | null;
  /** What the operation's calls needed so far. */
  readonly counts: CallCounts;
  /** Reports an event of one of the operation's calls. */
  report: (event: CallEvent) => void;
  /** Call once, when the response is sent or the caller has disconnected. */
  ended(end: RequestEnd): void;
}

export interface CallCounts {
  /** Including retries, but not background refreshes. */
  upstreamCalls: number;
  retries: number;
  /** Look-ups by their result: fresh, not cached, shared with a call in flight, stale. */
  cache: { hit: number; miss: number; shared: number; stale: number };
}

/** Contains only names and codes, which cannot hold a caller's secrets. */
export interface RequestEnd {
  /** Null for an anonymous operation, and for a request that failed before it was known. */
  operationName: string | null;
  operationType: string | null;
  /** The viewer's name; null for an unauthenticated caller. */
  caller: string | null;
  httpStatus: number;
  /** The codes of the response's errors, in their order. */
  codes: readonly string[];
  /** Whether the caller disconnected before the response was sent. */
  aborted: boolean;
}

export interface SubscriptionCounts {
  subscriptions: number;
  pollers: number;
}

export type WindowName = 'second' | 'day' | 'month';

/** Usage of a quota window. `limit` and `left` are null without a limit; `resetsAt` is epoch milliseconds. */
export interface WindowSnapshot {
  limit: number | null;
  used: number;
  left: number | null;
  resetsAt: number;
}

export interface QuotaSnapshot extends Record<WindowName, WindowSnapshot> {
  /** Calls that wait, by priority. */
  waiting: Record<Priority, number>;
  /** Where calls are counted: in this process, in Redis, or in this process because Redis is unavailable. */
  shared: 'memory' | 'redis' | 'fallback';
  /** Calls left today, within the limit of the month; null without limits. */
  dayLeft: number | null;
  /** Epoch milliseconds of the next probe while the upstream reports a used up daily quota; else null. */
  nextProbeAt: number | null;
}
