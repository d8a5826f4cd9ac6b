import type { GatewayProcess } from './processes.ts';

/** The gateway's own figures at one moment. Counts are since its start. */
export interface Sample {
  /** Seconds since the first sample. */
  atS: number;
  operationsByCode: Record<string, number>;
  /** Operations that took at most so many seconds, by the bound. */
  operationsUpToS: Record<string, number>;
  cacheResults: Record<string, number>;
  upstreamCalls: Record<string, number>;
  /** The 99th percentile since the sample before, in seconds. */
  eventLoopP99S: number;
  residentBytes: number;
  heapUsedBytes: number;
  cpuS: number;
}

export interface Sampling {
  /** The samples so far, and no more of them. */
  stop(): Sample[];
}

const PREFIX = 'dataworks_gateway_';

/** Scrapes /metrics as Prometheus does. The first sample is taken at once, so that the next begin with it. */
export async function startSampling(gateway: GatewayProcess, everyMs: number): Promise<Sampling> {
  const startedMs = performance.now();
  const samples: Sample[] = [];
  let isUnderWay = false;
  const take = async () => {
    // Else a slow scrape would end after the next, and time go backwards.
    if (isUnderWay) return;
    isUnderWay = true;
    try {
      const figures = figuresIn(await gateway.scrape());
      samples.push({ atS: (performance.now() - startedMs) / 1000, ...figures });
    } finally {
      isUnderWay = false;
    }
  };
  await take();
  // A scrape that fails leaves a gap.
  const timer = setInterval(() => void take().catch(() => undefined), everyMs);
  return {
    stop() {
      clearInterval(timer);
      return samples;
    },
  };
}

interface Line {
  name: string;
  labels: Record<string, string>;
  value: number;
}

function figuresIn(text: string): Omit<Sample, 'atS'> {
  const lines = text
    .split('\n')
    .map(lineOf)
    .filter((line) => line !== null);
  const sumBy = (name: string, label: string) => {
    const sums: Record<string, number> = {};
    for (const line of lines.filter((one) => one.name === PREFIX + name)) {
      const key = line.labels[label] ?? '';
      sums[key] = (sums[key] ?? 0) + line.value;
    }
    return sums;
  };
  const of = (name: string) => lines.find((line) => line.name === name)?.value ?? 0;
  return {
    operationsByCode: sumBy('operation_duration_seconds_count', 'code'),
    operationsUpToS: sumBy('operation_duration_seconds_bucket', 'le'),
    cacheResults: sumBy('cache_results_total', 'result'),
    upstreamCalls: sumBy('upstream_call_duration_seconds_count', 'outcome'),
    eventLoopP99S: of('nodejs_eventloop_lag_p99_seconds'),
    residentBytes: of('process_resident_memory_bytes'),
    heapUsedBytes: of('nodejs_heap_size_used_bytes'),
    cpuS: of('process_cpu_seconds_total'),
  };
}

function lineOf(text: string): Line | null {
  const [, name, labels = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(text) ?? [];
  if (name === undefined) return null;
  const pairs = [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', word = '']) => [key, word]);
  return { name, labels: Object.fromEntries(pairs) as Record<string, string>, value: Number(value) };
}
