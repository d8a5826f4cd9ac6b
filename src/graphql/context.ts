import type { GraphQLResolveInfo } from 'graphql';
import type { CallEvent, Priority, StaleReason } from '../core/upstream.ts';
import type { Viewer } from '../core/viewer.ts';
import type { SubscriptionSource } from './subscriptionSource.ts';
import type { Loaders } from '../loaders/loaders.ts';
import type { ReadSet } from '../core/readSet.ts';

/** The context of resolvers. Each operation and each event of a subscription has its own. */
export interface GatewayContext {
  requestId: string;
  viewer: Viewer;
  loaders: Loaders;
  subscriptions: SubscriptionSource;
  cost: OperationCost;
  output: OutputSize;
  /** The cache entries that the operation has read so far. */
  reads: ReadSet;
  staleParts: StalePart[];
}

/** A part of the response that is older than its freshness allows. */
export interface StalePart {
  path: ResponsePath;
  reason: StaleReason;
}

/** A position in the response, from the inside out, as graphql-js passes it to resolvers. */
export type ResponsePath = GraphQLResolveInfo['path'];

/** What an operation costs, in upstream calls. As `extensions.cost` for callers that send the header `gateway-cost: 1`. */
export interface OperationCost {
  /** How many calls the operation could have needed at worst, given what was cached before it ran. */
  atWorst: number;
  /** The most that one of the caller's operations may need. */
  ceiling: number;
  /** Calls that it made, including retries but not background refreshes. */
  used: number;
  /** Look-ups that needed no call of their own: fresh, stale, or shared with a call in flight. */
  fromCache: { fresh: number; stale: number; shared: number };
  /**
   * The calls that the account has left in each window; null for a window without a limit. Null as a whole for viewers without the
   * capability `budget`, because it shows the usage of all callers.
   */
  budgetLeft(): { second: number | null; day: number | null; month: number | null } | null;
}

/** The size of the operation's response. */
export interface OutputSize {
  /** Objects as counted before execution; of a subscription, those of one event. */
  countedObjects: number;
  /** How many more objects the lists may contain whose length DataWorks sets. Below zero, the whole response is replaced by an error. */
  objectsLeft: number;
}

/** The request that an operation's context is created for. */
export interface OperationStart {
  requestId: string;
  viewer: Viewer;
  /** Aborts when the caller disconnects or the operation times out. */
  signal: AbortSignal;
  /** Receives the events of the operation's upstream calls. */
  report: (event: CallEvent) => void;
  /** The trace context of its upstream calls. Default: none. */
  traceparent?: string | null;
  /** The priority of its upstream calls. Default: interactive. */
  priority?: Priority;
  /** Awaited after each upstream call, so that many operations do not continue at once. Default: no wait. */
  turn?: () => Promise<void>;
}
