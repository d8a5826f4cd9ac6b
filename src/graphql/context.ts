import type { Priority } from '../core/upstream.ts';
import type { CallEvent } from '../core/upstream.ts';
import type { GraphQLResolveInfo } from 'graphql';
import type { Viewer } from '../core/viewer.ts';
import type { SubscriptionSource } from './subscriptionSource.ts';
import type { Loaders } from '../loaders/loaders.ts';
import type { ReadSet } from '../core/readSet.ts';
import type { StaleReason } from '../core/upstream.ts';

/** What resolvers get besides their arguments: made anew for every operation. */
export interface GatewayContext {
  requestId: string;
  viewer: Viewer;
  loaders: Loaders;
  subscriptions: SubscriptionSource;
  cost: OperationCost;
  output: OutputSize;
  /** What has been read for it so far. */
  reads: ReadSet;
  /** Which parts of its answer are stale. */
  staleParts: StalePart[];
}

/** A part of the response that is older than its freshness allows. */
export interface StalePart {
  path: ResponsePath;
  reason: StaleReason;
}

/** A position in the response, from the inside out, as graphql-js passes it to resolvers. */
export type ResponsePath = GraphQLResolveInfo['path'];

/** What an operation costs, in upstream calls. */
export interface OperationCost {
  /** The most that one of the caller's operations may need. */
  ceiling: number;
  /** How many calls the operation could have needed at worst, given what was cached before it ran. */
  atWorst: number;
  note(event: CallEvent): void;
  report(): CostReport;
}

/** The size of the operation's response. */
export interface OutputSize {
  /** Objects as counted before execution; of a subscription, those of one event. */
  countedObjects: number;
  /** How many more objects the lists may contain whose length DataWorks sets. Below zero, the whole response is replaced by an error. */
  objectsLeft: number;
}

/** `extensions.cost`, for callers that send the header `gateway-cost: 1`. */
export interface CostReport {
  /** Upstream calls that the operation could have needed at worst, when it came. */
  atWorst: number;
  /** The most that it may need. */
  ceiling: number;
  /** Upstream calls that it made, retries included. Refreshes in the background are nobody's. */
  used: number;
  /** Look-ups that needed no call of their own: fresh, stale, or part of a call that was under way. */
  fromCache: { fresh: number; stale: number; shared: number };
  /**
   * What the account may still spend in each window; null where it has no limit. Null as a whole for viewers without the
   * capability `budget`: it shows what all callers together have spent.
   */
  budgetLeft: { second: number | null; day: number | null; month: number | null } | null;
}

/** What an operation's context is made from. */
export interface OperationStart {
  requestId: string;
  viewer: Viewer;
  /** Fires when the caller goes away before it has its answer, or when its time is up. */
  signal: AbortSignal;
  /** For what happens to the calls that the operation makes. */
  report: (event: CallEvent) => void;
  /** The trace context that its calls pass on; default: none. */
  traceparent?: string | null;
  /** Of those calls. Default: interactive. */
  priority?: Priority;
  /** Awaited after each of its calls, where many operations go on at once. Default: they go on at once. */
  turn?: () => Promise<void>;
}
