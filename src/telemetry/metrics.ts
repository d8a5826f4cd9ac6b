import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { SubscriptionCounts } from '../core/observation.ts';
import type { QuotaSnapshot } from '../core/quotaSnapshot.ts';
import type { Action, CallEvent } from '../core/upstream.ts';
import { type MetricName, metricsTable, PREFIX } from './metricsTable.ts';

/** State of the gateway that is read at each scrape. */
export interface Levels {
  quota: () => QuotaSnapshot;
  live: () => SubscriptionCounts;
}

export type BreakerState = 'closed' | 'open' | 'halfOpen';

export interface Metrics {
  call(event: CallEvent): void;
  operation(code: string, durationMs: number): void;
  breaker(action: Action, state: BreakerState): void;
  /** In Prometheus' text format, the figures of the process included. */
  scrape(): Promise<{ contentType: string; body: string }>;
}

/** Seconds: from a cached response to the longest deadline. */
const BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** An object, so that the type check reports a missing action. */
const ACTIONS: Readonly<Record<Action, true>> = {
  ListPipelineRuns: true,
  GetPipelineRun: true,
  ListPipelineRunItems: true,
  ListProjects: true,
};

/** One set per gateway. */
export function createMetrics(levels: Levels): Metrics {
  const registry = new Registry();
  const options = (name: MetricName) => ({
    name: PREFIX + name,
    help: metricsTable[name].help,
    labelNames: metricsTable[name].labels as readonly string[],
    registers: [registry],
  });
  const operations = new Histogram({ ...options('operation_duration_seconds'), buckets: BUCKETS_S });
  const upstreamCalls = new Histogram({ ...options('upstream_call_duration_seconds'), buckets: BUCKETS_S });
  const cacheResults = new Counter(options('cache_results_total'));
  const retries = new Counter(options('upstream_retries_total'));
  const undecodable = new Counter(options('upstream_undecodable_total'));
  const breakerState = new Gauge(options('breaker_state'));
  addLevels(options, levels);
  // Series are looked up once: a lookup by labels costs more than counting.
  const operationsBy = byLabel((code) => operations.labels({ code }));
  const cacheResultsBy = byLabel((action) => byLabel((result) => cacheResults.labels({ action, result })));

  function breaker(action: Action, state: BreakerState): void {
    for (const one of ['closed', 'open', 'halfOpen'])
      breakerState.set({ action, state: one }, one === state ? 1 : 0);
  }
  for (const action of Object.keys(ACTIONS)) breaker(action as Action, 'closed');

  return {
    call(event) {
      const { action } = event;
      if (event.type === 'retry') retries.inc({ action, kind: event.kind });
      else if (event.type === 'outcome') {
        const outcome = event.error?.kind ?? 'ok';
        upstreamCalls.observe({ action, outcome }, event.durationMs / 1000);
      } else if (event.type === 'undecodable') undecodable.inc({ action, what: event.what }, event.count);
      else if (event.type !== 'attempt') cacheResultsBy(action)(event.type).inc();
    },
    operation: (code, durationMs) => operationsBy(code).observe(durationMs / 1000),
    breaker,
    async scrape() {
      const all = Registry.merge([registry, processRegistry()]);
      return { contentType: all.contentType, body: await all.metrics() };
    },
  };
}

/** Limits of the values of one label. Values beyond them are counted as `OTHER`. */
const MAX_LABEL_VALUES = 64;
const LABEL_VALUE = /^\w{1,64}$/;

/** Creates a value for each label once. A series is never removed, so labels take a bounded number of short values. */
export function byLabel<Made>(make: (label: string) => Made): (label: string) => Made {
  const made = new Map<string, Made>();
  return (label) => {
    const known = made.get(label);
    if (known !== undefined) return known;
    const isUsable = made.size < MAX_LABEL_VALUES && LABEL_VALUE.test(label);
    const value = isUsable ? label : 'OTHER';
    const fresh = made.get(value) ?? make(value);
    made.set(value, fresh);
    return fresh;
  };
}

type MetricOptions = (
  name: MetricName,
) => ConstructorParameters<typeof Gauge>[0] & { labelNames: readonly string[] };

function addLevels(options: MetricOptions, { quota, live }: Levels): void {
  const collect = (name: MetricName, read: (gauge: Gauge) => void) =>
    new Gauge({
      ...options(name),
      collect() {
        read(this);
      },
    });
  collect('budget_left_calls', (gauge) => {
    const { second, day, month } = quota();
    for (const [window, { left }] of Object.entries({ second, day, month }))
      if (left !== null) gauge.set({ window }, left);
  });
  collect('budget_waiting_calls', (gauge) => {
    for (const [priority, count] of Object.entries(quota().waiting)) gauge.set({ priority }, count);
  });
  collect('quota_exhausted', (gauge) => gauge.set(quota().nextProbeAt === null ? 0 : 1));
  collect('subscriptions', (gauge) => gauge.set(live().subscriptions));
  collect('pollers', (gauge) => gauge.set(live().pollers));
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
