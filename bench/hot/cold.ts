import { loadavg } from 'node:os';
import { measure } from './measure.ts';
import { type ServerProcess, startServer } from './processes.ts';
import { samePage } from './workload.ts';

const CALLS = 1000;
const CONNECTIONS = 10;

/**
 * A query of a gateway without a cache, each of which makes a call. Beside it, without a server: the SDK's call for as many rows with the
 * same concurrency, and the same call of a minimal client, which shows what the SDK adds to signature, HTTP and JSON.
 */
export async function cold(upstream: ServerProcess, rounds: number): Promise<void> {
  console.log('\n## A cold query, beside the call alone. CPU ms, median (least)\n');
  console.log(
    '| rows a call | minimal client over undici | SDK | this gateway | added to the SDK | load average |',
  );
  console.log('| ---: | ---: | ---: | ---: | ---: | ---: |');
  for (const pageSize of [10, 100]) {
    const settings = { DATAWORKS_PAGE_SIZE: String(pageSize), CACHE_FRESH_MS: '0', CACHE_STALE_MS: '0' };
    await using minimal = await startServer({ kind: 'client', name: 'undici', simulator: upstream.url });
    await using sdk = await startServer({ kind: 'client', name: 'sdk', simulator: upstream.url });
    await using gateway = await startServer({ kind: 'gateway', simulator: upstream.url, settings });
    const costs = { minimal: [] as number[], sdk: [] as number[], gateway: [] as number[] };
    for (let round = 0; round <= rounds; round++) {
      const minimalMs = (await minimal.calls(CALLS, pageSize, CONNECTIONS)).cpuUs / CALLS / 1000;
      const sdkMs = (await sdk.calls(CALLS, pageSize, CONNECTIONS)).cpuUs / CALLS / 1000;
      const { cpuUs, requests } = await measure(gateway, samePage, { connections: CONNECTIONS, seconds: 1 });
      // Functions are compiled in the first round.
      if (round === 0) continue;
      costs.minimal.push(minimalMs);
      costs.sdk.push(sdkMs);
      costs.gateway.push(cpuUs / requests / 1000);
    }
    const added = middle(costs.gateway) - middle(costs.sdk);
    const cells = [
      pageSize,
      ...[costs.minimal, costs.sdk, costs.gateway].map(medianAndLeast),
      added.toFixed(2),
    ];
    console.log(`| ${[...cells, (loadavg()[0] ?? 0).toFixed(1)].join(' | ')} |`);
  }
}

function medianAndLeast(values: readonly number[]): string {
  return `${middle(values).toFixed(2)} (${Math.min(...values).toFixed(2)})`;
}

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
