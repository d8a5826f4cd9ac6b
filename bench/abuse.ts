import { startSimulator } from '../src/simulator/server.ts';
import { type Figures, leastOf, startMeasuredGateway } from './abuse/gateway.ts';
import { abusiveRequests, abusiveSubscriptions } from './abuse/requests.ts';
import { measureSubscribers } from './abuse/subscribers.ts';

/*
 * What the worst accepted request of every kind costs a gateway in a process of its own: how long its event loop stands still, the
 * CPU time and the growth of its memory. The least stall of some rounds, by graphql-js and compiled.
 */

const ROUNDS = Number(process.env['ROUNDS'] ?? 6);

interface Row extends Figures {
  kind: string;
  name: string;
}

async function measure(compiled: 'on' | 'off'): Promise<Row[]> {
  await using simulator = await startSimulator({ qps: null });
  await using gateway = await startMeasuredGateway(simulator.url, { COMPILED_QUERIES: compiled });
  const rows: Row[] = [];
  for (const { kind, name, body, status } of abusiveRequests) {
    // Fills the cache, and from the third time on the query is compiled.
    for (let n = 0; n < 3; n++) await gateway.post(body);
    const figures = await leastOf(ROUNDS, async () => {
      await gateway.start();
      const got = await gateway.post(body);
      if (got !== status) throw new Error(`${kind}, ${name}: status ${got} in place of ${status}.`);
      return gateway.figures();
    });
    rows.push({ kind, name, ...figures });
  }
  return rows;
}

/** Each in a gateway of its own, whose cache knows nothing of the list. */
async function measureSubscriptions(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const subscribers of abusiveSubscriptions) {
    const figures = await leastOf(2, async () => {
      await using simulator = await startSimulator({ qps: null });
      await using gateway = await startMeasuredGateway(simulator.url, {});
      return await measureSubscribers(gateway, simulator, subscribers);
    });
    rows.push({ kind: 'subscriptions', name: subscribers.name, ...figures });
  }
  return rows;
}

function print(title: string, rows: readonly Row[]): void {
  console.log(`\n${title}\n\n| limit | request | stall, ms | CPU, ms | memory, MB |`);
  console.log('| --- | --- | ---: | ---: | ---: |');
  for (const { kind, name, stallMs, cpuMs, rssGrowthBytes } of rows) {
    const figures = [stallMs, cpuMs, rssGrowthBytes / 1e6].map((value) => value.toFixed(1));
    console.log(`| ${[kind, name, ...figures].join(' | ')} |`);
  }
}

print('By graphql-js', await measure('off'));
print('Compiled', await measure('on'));
print('Subscriptions, the first event of all at once', await measureSubscriptions());
