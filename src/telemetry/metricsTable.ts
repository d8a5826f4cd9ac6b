export interface MetricInfo {
  type: 'counter' | 'gauge' | 'histogram';
  labels: readonly string[];
  help: string;
}

/** Every metric of the gateway by its name without the prefix. Labels take few values: codes, actions and outcomes. */
export const metricsTable = {
  operation_duration_seconds: {
    type: 'histogram',
    labels: ['code'],
    help: 'Requests to /graphql by the first error code of their response, or OK.',
  },
  cache_results_total: {
    type: 'counter',
    labels: ['action', 'result'],
    help: 'Cache results of calls: hit, stale, shared (joined a call in flight) or miss.',
  },
  upstream_call_duration_seconds: {
    type: 'histogram',
    labels: ['action', 'outcome'],
    help: 'Finished calls to DataWorks: ok, or the kind of failure.',
  },
  upstream_retries_total: {
    type: 'counter',
    labels: ['action', 'kind'],
    help: 'Retried calls to DataWorks by action and the kind of the failure before.',
  },
  upstream_undecodable_total: {
    type: 'counter',
    labels: ['action', 'what'],
    help: 'Unusable data of DataWorks: omitted fields, placeholder rows, foreign runs.',
  },
  breaker_state: {
    type: 'gauge',
    labels: ['action', 'state'],
    help: '1 for the current state of the circuit breaker of an action.',
  },
  budget_left_calls: {
    type: 'gauge',
    labels: ['window'],
    help: 'Calls to DataWorks left in a quota window that has a limit.',
  },
  budget_waiting_calls: {
    type: 'gauge',
    labels: ['priority'],
    help: 'Calls to DataWorks in the queue, by priority.',
  },
  quota_exhausted: {
    type: 'gauge',
    labels: [],
    help: '1 while DataWorks reports that the daily quota of the account is used up.',
  },
  subscriptions: { type: 'gauge', labels: [], help: 'Open subscriptions.' },
  pollers: {
    type: 'gauge',
    labels: [],
    help: 'Runs and lists that are polled for subscriptions: one poller each for all subscribers.',
  },
} as const satisfies Readonly<Record<string, MetricInfo>>;

export type MetricName = keyof typeof metricsTable;

export const PREFIX = 'dataworks_gateway_';

/** The table of metrics in docs/metrics.md. */
export function renderMetricsDoc(): string {
  const rows = Object.entries<MetricInfo>(metricsTable).map(
    ([name, { type, labels, help }]) =>
      `| \`${PREFIX}${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`,
  );
  return ['| metric | type | labels | meaning |', '| --- | --- | --- | --- |', ...rows, ''].join('\n');
}
