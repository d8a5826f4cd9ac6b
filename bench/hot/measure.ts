import { loadavg } from 'node:os';
import autocannon from 'autocannon';
import type { ServerProcess } from './processes.ts';
import { bodyOf, type Page, TOKEN } from './workload.ts';

/** A server, and the headers of the caller that measures it. */
export interface Target extends Pick<ServerProcess, 'url' | 'usage'> {
  headers?: Readonly<Record<string, string>>;
}

export interface Sample {
  cpuUs: number;
  requests: number;
  /** Sent in all, with headers. */
  bytes: number;
  latencyMs: { p50: number; p99: number };
  load: number;
}

/** Node has compiled all hot functions only after some thousand requests. */
const WARM_REQUESTS = 5000;

/** A server that was idle while others were measured has cold CPU caches, and its cache is stale. */
const WAKING_REQUESTS = 300;

export async function warmUp(server: Target, pages: readonly Page[]): Promise<void> {
  await load(server, pages, { amount: WARM_REQUESTS, connections: 10 });
}

export interface Load {
  seconds: number;
  connections: number;
  /** Requests per second of all connections together. Default: each connection sends a request as soon as it has a response. */
  perSecond?: number;
}

export async function measure(server: Target, pages: readonly Page[], rate: Load): Promise<Sample> {
  const { seconds, connections, perSecond } = rate;
  await load(server, pages, { amount: Math.max(WAKING_REQUESTS, 2 * pages.length), connections });
  const before = await server.usage();
  const { requests, latency, throughput } = await load(server, pages, {
    duration: seconds,
    connections,
    ...(perSecond !== undefined && { overallRate: perSecond }),
  });
  const after = await server.usage();
  return {
    cpuUs: after.cpuUs - before.cpuUs,
    requests: requests.total,
    bytes: throughput.total,
    latencyMs: { p50: latency.p50, p99: latency.p99 },
    load: loadavg()[0] ?? 0,
  };
}

/**
 * Keeps this process awake until the returned function is called. On a virtual machine, waking a client costs more than everything
 * else about a response, and the server pays for it: a fast server, whose client is always busy, rarely; a slow one each time.
 */
function stayAwake(): () => void {
  let isAwake = true;
  const turn = () => {
    if (isAwake) setImmediate(turn);
  };
  turn();
  return () => (isAwake = false);
}

const REQUEST = {
  method: 'POST' as const,
  headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
};

export async function load(
  server: Target,
  pages: readonly Page[],
  much: Pick<autocannon.Options, 'amount' | 'duration' | 'connections' | 'overallRate'>,
  { mayFail = false } = {},
): Promise<autocannon.Result> {
  const fallAsleep = stayAwake();
  const { connections = 1 } = much;
  const headers = { ...REQUEST.headers, ...server.headers };
  const requests = pages.map((page) => ({ ...REQUEST, headers, body: bodyOf(page) }));
  let connection = 0;
  const result = await autocannon({
    url: server.url,
    ...REQUEST,
    ...much,
    // Requests all pages: each over one connection, or over several if there are more connections than pages.
    setupClient(client) {
      const offset = connection++ % Math.min(connections, requests.length);
      client.setRequests(requests.filter((_, n) => n % connections === offset));
    },
  });
  fallAsleep();
  if (!mayFail && result.non2xx + result.errors > 0) {
    throw new Error(
      `${server.url}: ${result.non2xx} responses were not successful, ${result.errors} requests failed.`,
    );
  }
  return result;
}

/** CPU microseconds per request: the median of the rounds, since another process can distort a single one. */
export function medianOf(samples: readonly Sample[]): Sample & { usEach: number } {
  const byCost = [...samples].sort((a, b) => a.cpuUs / a.requests - b.cpuUs / b.requests);
  const middle = byCost[Math.floor(byCost.length / 2)];
  if (!middle) throw new Error('Nothing was measured.');
  return { ...middle, usEach: middle.cpuUs / middle.requests };
}
