import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { QuotaSnapshot, SubscriptionCounts } from '../core/observation.ts';
import type { Action } from '../core/upstream.ts';
import { type MetricName, metricsTable, PREFIX } from './metricsTable.ts';

/** State of the gateway that is read at each scrape. */
export interface Levels {
  quota: () => QuotaSnapshot;
  live: () => SubscriptionCounts;
}

export type BreakerState = 'closed' | 'open' | 'halfOpen';

/** Seconds: from a cached response to the longest deadline. */
const BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** An object, so that the type check reports a missing action. */
const ACTIONS: Readonly<Record<Action, true>> = {
  ListPipelineRuns: true,
  GetPipelineRun: true,
  ListPipelineRunItems: true,
  ListProjects: true,
};

export type Metrics = ReturnType<typeof createMetrics>;

/** One set per gateway. A series is never removed, so labels take only codes, actions and the like, never texts of callers. */
export function createMetrics({ quota, live }: Levels) {
  const registry = new Registry();
  const options = (name: MetricName) => ({
    name: PREFIX + name,
    help: metricsTable[name].help,
    labelNames: metricsTable[name].labels as readonly string[],
    registers: [registry],
  });
  const addLevel = (name: MetricName, read: (gauge: Gauge) => void) =>
    new Gauge({
      ...options(name),
      collect() {
        read(this);
      },
    });
  addLevel('budget_left_calls', (gauge) => {
    const { second, day, month } = quota();
    for (const [window, { left }] of Object.entries({ second, day, month }))
      if (left !== null) gauge.set({ window }, left);
  });
  addLevel('budget_waiting_calls', (gauge) => {
    for (const [priority, count] of Object.entries(quota().waiting)) gauge.set({ priority }, count);
  });
  addLevel('quota_exhausted', (gauge) => gauge.set(quota().nextProbeAt === null ? 0 : 1));
  addLevel('subscriptions', (gauge) => gauge.set(live().subscriptions));
  addLevel('pollers', (gauge) => gauge.set(live().pollers));
  const breakerState = new Gauge(options('breaker_state'));
  for (const action of Object.keys(ACTIONS)) setBreaker(action as Action, 'closed');

  return {
    operations: new Histogram({ ...options('operation_duration_seconds'), buckets: BUCKETS_S }),
    upstreamCalls: new Histogram({ ...options('upstream_call_duration_seconds'), buckets: BUCKETS_S }),
    cacheResults: new Counter(options('cache_results_total')),
    retries: new Counter(options('upstream_retries_total')),
    undecodable: new Counter(options('upstream_undecodable_total')),
    setBreaker,
    /** In Prometheus' text format, the figures of the process included. */
    scrape: async () => {
      const all = Registry.merge([registry, processRegistry()]);
      return { contentType: all.contentType, body: await all.metrics() };
    },
  };

  function setBreaker(action: Action, state: BreakerState): void {
    for (const one of ['closed', 'open', 'halfOpen'])
      breakerState.set({ action, state: one }, one === state ? 1 : 0);
  }
}

let processMetrics: Registry | null = null;

/** Memory, CPU, event loop and garbage collection of the process: one set, created at the first scrape. */
function processRegistry(): Registry {
  if (processMetrics === null) {
    processMetrics = new Registry();
    collectDefaultMetrics({ register: processMetrics });
  }
  return processMetrics;
}
