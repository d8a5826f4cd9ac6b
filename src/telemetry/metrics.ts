import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Action, CallEvent } from '../core/upstream.ts';

/** What of the gateway's state is read at the moment of a scrape. */
export interface Levels {
  /** Calls left in each window, for windows that have a limit. */
  budgetLeft: Readonly<Record<string, number>>;
  /** Calls that wait for their turn with the budget, by priority. */
  waiting: Readonly<Record<string, number>>;
  /** Whether DataWorks says that the day's quota is used up. */
  isQuotaExhausted: boolean;
  /** Subscriptions that are open, and what is polled for them. */
  live: { subscriptions: number; pollers: number };
}

export type BreakerState = 'closed' | 'open' | 'halfOpen';

export interface Metrics {
  call(event: CallEvent): void;
  operation(end: { code: string; durationMs: number }): void;
  breaker(action: Action, state: BreakerState): void;
  /** In Prometheus' text format, the process's own figures included. */
  scrape(): Promise<{ contentType: string; body: string }>;
}

const PREFIX = 'dataworks_gateway_';

/** Seconds: from an answer out of the cache to the longest deadline. */
const BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** One set a gateway. Labels take few values each: codes, actions and outcomes, never names that callers choose. */
export function createMetrics(levels: () => Levels): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const operations = new Histogram({
    name: `${PREFIX}operation_duration_seconds`,
    help: 'Requests to /graphql by the first error code of their answer, or OK.',
    labelNames: ['code'],
    buckets: BUCKETS_S,
    registers,
  });
  const cacheResults = new Counter({
    name: `${PREFIX}cache_results_total`,
    help: 'What the cache had for a call: hit, stale, shared (another call for it was under way) or miss.',
    labelNames: ['action', 'result'],
    registers,
  });
  const upstreamCalls = new Histogram({
    name: `${PREFIX}upstream_call_duration_seconds`,
    help: 'Calls to DataWorks that ended, by action and outcome: ok, or the kind of failure.',
    labelNames: ['action', 'outcome'],
    buckets: BUCKETS_S,
    registers,
  });
  const retries = new Counter({
    name: `${PREFIX}upstream_retries_total`,
    help: 'Calls to DataWorks that were tried again, by action and the kind of failure before.',
    labelNames: ['action', 'kind'],
    registers,
  });
  const undecodable = new Counter({
    name: `${PREFIX}upstream_undecodable_total`,
    help: 'What of the answers of DataWorks could not be used: fields left out, rows replaced by placeholders, and answers with a run of another project.',
    labelNames: ['action', 'what'],
    registers,
  });
  const breakerState = new Gauge({
    name: `${PREFIX}breaker_state`,
    help: '1 for the state that the circuit breaker of an action is in.',
    labelNames: ['action', 'state'],
    registers,
  });
  addLevels(registers, levels);
  // To find the place of labels anew for each event costs more than to count it.
  const operationsBy = byLabel((code) => operations.labels({ code }));
  const cacheResultsBy = byLabel((action) => byLabel((result) => cacheResults.labels({ action, result })));

  const metrics: Metrics = {
    call(event) {
      const { action } = event;
      if (event.type === 'retry') retries.inc({ action, kind: event.kind });
      else if (event.type === 'outcome') {
        const outcome = event.error?.kind ?? 'ok';
        upstreamCalls.observe({ action, outcome }, event.durationMs / 1000);
      } else if (event.type === 'undecodable') undecodable.inc({ action, what: event.what }, event.count);
      else if (event.type !== 'attempt') cacheResultsBy(action)(event.type).inc();
    },
    operation: ({ code, durationMs }) => operationsBy(code).observe(durationMs / 1000),
    breaker(action, state) {
      for (const one of ['closed', 'open', 'halfOpen'])
        breakerState.set({ action, state: one }, one === state ? 1 : 0);
    },
    async scrape() {
      const all = Registry.merge([registry, processRegistry()]);
      return { contentType: all.contentType, body: await all.metrics() };
    },
  };
  for (const action of ACTIONS) metrics.breaker(action, 'closed');
  return metrics;
}

const ACTIONS: readonly Action[] = [
  'ListPipelineRuns',
  'GetPipelineRun',
  'ListPipelineRunItems',
  'ListProjects',
];

/** More label values than any label of ours has, and characters of one. What goes beyond is counted as `OTHER`. */
const MAX_LABEL_VALUES = 64;
const LABEL_VALUE = /^\w{1,64}$/;

/** What is made for a label once. A series is kept for ever, so labels take a bounded number of short values. */
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

function addLevels(registers: Registry[], levels: () => Levels): void {
  new Gauge({
    name: `${PREFIX}budget_left_calls`,
    help: 'Calls to DataWorks that the account has left in a window, where the window has a limit.',
    labelNames: ['window'],
    registers,
    collect() {
      for (const [window, left] of Object.entries(levels().budgetLeft)) this.set({ window }, left);
    },
  });
  new Gauge({
    name: `${PREFIX}budget_waiting_calls`,
    help: 'Calls to DataWorks that wait for their turn, by priority.',
    labelNames: ['priority'],
    registers,
    collect() {
      for (const [priority, count] of Object.entries(levels().waiting)) this.set({ priority }, count);
    },
  });
  new Gauge({
    name: `${PREFIX}quota_exhausted`,
    help: '1 while DataWorks reports that the daily quota of the account is used up.',
    registers,
    collect() {
      this.set(levels().isQuotaExhausted ? 1 : 0);
    },
  });
  new Gauge({
    name: `${PREFIX}subscriptions`,
    help: 'Subscriptions that are open.',
    registers,
    collect() {
      this.set(levels().live.subscriptions);
    },
  });
  new Gauge({
    name: `${PREFIX}pollers`,
    help: 'Runs and lists that are polled for subscriptions: one each, however many listen.',
    registers,
    collect() {
      this.set(levels().live.pollers);
    },
  });
}

let ofProcess: Registry | null = null;

/** Memory, CPU, event loop and collector: figures of the process, so there is one set, begun with the first scrape. */
function processRegistry(): Registry {
  if (ofProcess === null) {
    ofProcess = new Registry();
    collectDefaultMetrics({ register: ofProcess });
  }
  return ofProcess;
}
