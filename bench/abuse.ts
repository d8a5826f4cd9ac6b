import { startSimulator } from '../simulator/server.ts';
import { floods, measureFlood } from './abuse/floods.ts';
import { type Figures, leastOf, startMeasuredGateway } from './abuse/gateway.ts';
import { abusiveRequests, abusiveSubscriptions, unseen } from './abuse/requests.ts';
import { measureSubscribers } from './abuse/subscribers.ts';

/*
 * The cost of the worst accepted request of every kind, for a gateway in a process of its own: how long it blocks the event loop, the
 * CPU time and the memory growth. The least stall of several rounds, by graphql-js and compiled. An unseen document is parsed and
 * validated first; its figures are those of its first three requests, the third of which compiles it.
 */

const ROUNDS = Number(process.env['ROUNDS'] ?? 6);

const REQUESTS_UNTIL_COMPILED = 3;

interface Row extends Figures {
  kind: string;
  name: string;
  /** Of the first requests for a document. Only for requests. */
  unseenStallMs?: number;
}

async function measure(compiled: 'on' | 'off'): Promise<Row[]> {
  await using simulator = await startSimulator({ qps: null });
  await using gateway = await startMeasuredGateway(simulator.url, { COMPILED_QUERIES: compiled });
  const rows: Row[] = [];
  for (const request of abusiveRequests) {
    const { kind, name, body, status } = request;
    // Fills the cache, and from the third time on the query is compiled.
    for (let n = 0; n < REQUESTS_UNTIL_COMPILED; n++) await gateway.post(body);
    const first = await leastOf(ROUNDS, async () => {
      await gateway.start();
      const document = unseen(request);
      for (let n = 0; n < REQUESTS_UNTIL_COMPILED; n++) await gateway.post(document);
      return gateway.figures();
    });
    const figures = await leastOf(ROUNDS, async () => {
      await gateway.start();
      const got = await gateway.post(body);
      if (got !== status) throw new Error(`${kind}, ${name}: status ${got}, expected ${status}.`);
      return gateway.figures();
    });
    rows.push({ kind, name, ...figures, unseenStallMs: first.stallMs });
  }
  return rows;
}

/** Each in a gateway of its own, whose cache does not have the list. */
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

async function measureFloods(): Promise<Row[]> {
  await using simulator = await startSimulator({ qps: null });
  await using gateway = await startMeasuredGateway(simulator.url, {});
  const rows: Row[] = [];
  for (const flood of floods) {
    const figures = await leastOf(2, () => measureFlood(gateway, flood));
    rows.push({ kind: 'connections', name: flood.name, ...figures });
  }
  return rows;
}

function print(title: string, rows: readonly Row[]): void {
  console.log(`\n${title}\n\n| limit | request | stall, ms | unseen, ms | CPU, ms | memory, MB |`);
  console.log('| --- | --- | ---: | ---: | ---: | ---: |');
  for (const { kind, name, stallMs, unseenStallMs, cpuMs, rssGrowthBytes } of rows) {
    const figures = [stallMs, unseenStallMs, cpuMs, rssGrowthBytes / 1e6].map(
      (value) => value?.toFixed(1) ?? '',
    );
    console.log(`| ${[kind, name, ...figures].join(' | ')} |`);
  }
}

print('By graphql-js', await measure('off'));
print('Compiled', await measure('on'));
print('Subscriptions, the first event of all at once', await measureSubscriptions());
print('20,000 messages at once', await measureFloods());
