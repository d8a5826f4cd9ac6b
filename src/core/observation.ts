import type { CallEvent } from './upstream.ts';

/** Told of every request to /graphql, from the moment that its headers are there. Must not throw. */
export type Observe = (start: RequestStart) => RequestWatch;

export interface RequestStart {
  requestId: string;
  /** All as they came; only those of trace context are for use. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface RequestWatch {
  /** The trace context to pass on with the calls that the operation makes. */
  traceparent: string | null;
  /** For what happens to the calls that the operation makes. */
  report(event: CallEvent): void;
  /** Once, when the answer is out or its caller gone. */
  ended(end: RequestEnd): void;
}

/** Names and codes only: nothing that a caller can put a secret in. */
export interface RequestEnd {
  /** As the document names it; null for none, and where the request did not come so far. */
  operationName: string | null;
  operationType: string | null;
  /** The viewer's name, or null for a caller that proved nothing. */
  caller: string | null;
  httpStatus: number;
  /** The codes of the answer's errors, in their order. */
  codes: readonly string[];
  /** Whether the caller went away before the answer was out. */
  aborted: boolean;
}

export interface SubscriptionCounts {
  subscriptions: number;
  pollers: number;
}
