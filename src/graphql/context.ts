import type { GraphQLResolveInfo } from 'graphql';
import type { Clock } from '../core/clock.ts';
import type { QuotaSnapshot } from '../core/observation.ts';
import { createReadSet, type ReadSet } from '../core/readSet.ts';
import type { CacheView, CallContext, CallEvent, Priority, StaleReason, Upstream } from '../core/upstream.ts';
import type { Viewer } from '../core/viewer.ts';
import type { ListMemory } from '../loaders/list.ts';
import { createLoaders, type Loaders } from '../loaders/loaders.ts';
import type { SubscriptionSource } from './updates.ts';

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

/** What an operation may cost, in upstream calls. */
export interface OperationCost {
  /** How many calls the operation could have needed at worst, given what was cached before it ran. */
  atWorst: number;
  /** The most that one of the caller's operations may need. */
  ceiling: number;
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

export interface ContextOptions {
  upstream: Upstream;
  view: CacheView;
  memory: ListMemory;
  subscriptions: SubscriptionSource;
  quota: () => QuotaSnapshot;
  clock: Clock;
  /** How long an operation may take, in milliseconds. */
  deadlineMs: number;
  /** The most upstream calls that an operation may need, unless its viewer has a limit of its own. */
  maxOperationCalls: number;
  /** The most objects that a response may have. */
  maxObjects: number;
}

/** Creates the context of one operation. */
export function createRequestContext(options: ContextOptions, start: OperationStart): GatewayContext {
  const { view, memory, subscriptions, quota, clock, deadlineMs, maxOperationCalls, maxObjects } = options;
  const { requestId, viewer, signal, report, traceparent, priority = 'interactive', turn } = start;
  const cost: OperationCost = {
    atWorst: 0,
    ceiling: viewer.maxOperationCalls ?? maxOperationCalls,
    budgetLeft() {
      if (!viewer.may('budget')) return null;
      const { second, day, month } = quota();
      return { second: second.left, day: day.left, month: month.left };
    },
  };
  const reads = createReadSet();
  const call: CallContext = {
    reads,
    deadline: clock.now() + deadlineMs,
    priority,
    caller: {
      id: viewer.callerId,
      maxCallsPerSecond: viewer.maxCallsPerSecond,
      maxCallsPerDay: viewer.maxCallsPerDay,
    },
    signal,
    traceparent: traceparent ?? undefined,
    report,
  };
  const upstream = turn ? inTurns(options.upstream, turn) : options.upstream;
  const loaders = createLoaders(upstream, { view, memory, mayRead: viewer.mayRead }, call);
  const output = { countedObjects: 0, objectsLeft: maxObjects };
  return { requestId, viewer, loaders, subscriptions, cost, output, reads, staleParts: [] };
}

/** Delivers each result in a turn of its own, so that many operations that end at once do not block the event loop. */
function inTurns(upstream: Upstream, turn: () => Promise<void>): Upstream {
  return {
    async call(...args) {
      const result = await upstream.call(...args);
      await turn();
      return result;
    },
  };
}
