import type { Clock } from '../core/clock.ts';
import type { QuotaSnapshot } from '../core/quotaSnapshot.ts';
import { createReadSet } from '../core/readSet.ts';
import type { CacheView, CallContext, Upstream } from '../core/upstream.ts';
import { createLoaders } from '../loaders/loaders.ts';
import type { ListMemory } from '../loaders/list.ts';
import type { GatewayContext, OperationCost, OperationStart } from './context.ts';
import type { SubscriptionSource } from './subscriptionSource.ts';

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
  const { requestId, viewer, signal, report, traceparent = null, priority = 'interactive', turn } = start;
  const cost: OperationCost = {
    atWorst: 0,
    ceiling: viewer.maxOperationCalls ?? maxOperationCalls,
    used: 0,
    fromCache: { fresh: 0, stale: 0, shared: 0 },
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
    report(event) {
      if (event.type === 'attempt') cost.used += 1;
      if (event.type === 'hit') cost.fromCache.fresh += 1;
      if (event.type === 'stale') cost.fromCache.stale += 1;
      if (event.type === 'shared') cost.fromCache.shared += 1;
      report(event);
    },
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
