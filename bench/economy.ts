import type { Upstream } from '../src/core/upstream.ts';
import { type Simulator, startSimulator } from '../simulator/server.ts';
import { createClient } from '../src/upstream/client.ts';
import { createCredentialSource } from '../src/upstream/credentials.ts';
import { createVirtualClock, type VirtualClock } from '../test/support/virtualClock.ts';
import { FRESH_MS, PAGE_SIZE, type Strategy, strategies } from './economy/strategies.ts';
import { createManyLists, manyListsRows, manyProjects } from './economy/manyLists.ts';
import { type Client, createClients, newRunEveryMs } from './economy/workload.ts';

/*
 * The upstream calls of a thousand dashboards. The same workload (economy/workload.ts) runs with four strategies of calling DataWorks,
 * each with the real SDK over real HTTP, against a simulator that allows five calls per second, as DataWorks does. Time is virtual:
 * ten minutes pass in about one, and the figures do not depend on the machine.
 */

const MINUTES = Number(process.env['MINUTES'] ?? 10);
const TICK_MS = 50;

interface Figures {
  name: string;
  served: number;
  errors: number;
  calls: number;
  leastCalls: number;
  mostInASecond: number;
  agesMs: number[];
}

async function measure(strategy: Strategy): Promise<Figures> {
  const clock = createVirtualClock();
  await using simulator = await startSimulator({ now: () => clock.now(), newRunEveryMs, qps: 5 });
  const { client, isQuiet } = counted(clientOf(simulator, clock));
  const ask = strategy.createAsk(client, clock);
  const least = createLeast();
  const figures = { name: strategy.name, served: 0, errors: 0, agesMs: [] as number[] };
  const clients = createClients().map((asking) => ({ asking, nextMs: asking.firstMs, isBusy: false }));
  for (let nowMs = 0; nowMs < MINUTES * 60_000; nowMs += TICK_MS) {
    for (const entry of clients) {
      if (entry.isBusy || entry.nextMs > nowMs) continue;
      entry.nextMs = nowMs + entry.asking.everyMs;
      entry.isBusy = true;
      least.note(entry.asking, nowMs);
      void entry.asking
        .ask(ask)
        .then(
          ({ asOf }) => {
            figures.served += 1;
            figures.agesMs.push(clock.now() - asOf);
          },
          () => (figures.errors += 1),
        )
        .finally(() => (entry.isBusy = false));
    }
    await pass(clock, isQuiet);
  }
  return {
    ...figures,
    calls: simulator.calls.length,
    leastCalls: least.calls(),
    mostInASecond: simulator.maxCallsInAnySecond(),
  };
}

/** Advances virtual time by one tick when no HTTP request is pending. */
async function pass(clock: VirtualClock, isQuiet: () => boolean): Promise<void> {
  do {
    await clock.advance(0);
  } while (!isQuiet());
  await clock.advance(TICK_MS);
}

function clientOf(simulator: Simulator, clock: VirtualClock): Upstream {
  return createClient({
    endpoint: simulator.host,
    protocol: 'http',
    credential: createCredentialSource(() => ({ getCredential: () => Promise.resolve(simulator) })),
    clock,
  });
}

function counted(upstream: Upstream): { client: Upstream; isQuiet: () => boolean } {
  let underWay = 0;
  return {
    isQuiet: () => underWay === 0,
    client: {
      call(...call) {
        underWay += 1;
        return upstream.call(...call).finally(() => (underWay -= 1));
      },
    },
  };
}

/**
 * The fewest calls of the workload if nothing shown may be older than its freshness: one call for a list whenever it is requested
 * and its last call is older than that, and one for each deeper canonical page when it is first requested.
 */
function createLeast() {
  const lastMs = new Map<string, number>();
  const deepPages = new Set<string>();
  let calls = 0;
  return {
    calls: () => calls,
    note(client: Client, nowMs: number) {
      const { list, offset, rows } = client.next();
      const key = JSON.stringify(list);
      if (nowMs - (lastMs.get(key) ?? -Infinity) >= FRESH_MS) {
        lastMs.set(key, nowMs);
        calls += 1;
      }
      const first = Math.max(1, Math.floor(offset / PAGE_SIZE));
      for (let page = first; page <= Math.floor((offset + rows - 1) / PAGE_SIZE); page++) {
        if (deepPages.has(`${key}/${page}`)) continue;
        deepPages.add(`${key}/${page}`);
        calls += 1;
      }
    },
  };
}

function rowOf(figures: Figures, least: number): string {
  const { name, served, errors, calls, mostInASecond, agesMs } = figures;
  const sorted = agesMs.sort((a, b) => a - b);
  const at = (share: number) =>
    `${((sorted[Math.floor(share * (sorted.length - 1))] ?? 0) / 1000).toFixed(1)} s`;
  const cells = [name, served, errors, calls, (calls / least).toFixed(2), mostInASecond, at(0.5), at(0.99)];
  return `| ${cells.map((cell) => (typeof cell === 'number' ? cell.toLocaleString('en') : cell)).join(' | ')} |`;
}

/** Runs the workload of `economy/manyLists.ts`, with clients that obey `retryAfterMs` or do not. */
async function measureManyLists(isObedient: boolean): Promise<[string, string][]> {
  const clock = createVirtualClock();
  await using simulator = await startSimulator({ now: () => clock.now(), projects: manyProjects, qps: 5 });
  const { client, isQuiet } = counted(clientOf(simulator, clock));
  const { figures, tick } = createManyLists(client, clock, isObedient);
  for (let nowMs = 0; nowMs < MINUTES * 60_000; nowMs += TICK_MS) {
    tick(nowMs);
    await pass(clock, isQuiet);
  }
  const calls = simulator.calls.length.toLocaleString('en');
  return [
    ['upstream calls', calls],
    ['most calls in any second', String(simulator.maxCallsInAnySecond())],
    ...manyListsRows(figures),
  ];
}

const all: Figures[] = [];
for (const strategy of process.env['ONLY'] === 'many' ? [] : strategies) all.push(await measure(strategy));
const least = all.at(-1)?.leastCalls ?? 1;
console.log(`${MINUTES} virtual minutes; the least possible: ${least.toLocaleString('en')} calls.\n`);
console.log(
  '| strategy | operations served | errors | upstream calls | calls / least | most calls in any second | age, median | age, 99th |',
);
console.log('| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |');
for (const figures of all) console.log(rowOf(figures, least));

const obedient = await measureManyLists(true);
const others = await measureManyLists(false);
console.log('\nMany lists on a small quota (economy/manyLists.ts):\n');
console.log('| figure | clients wait for `retryAfterMs` | clients keep their interval |');
console.log('| --- | ---: | ---: |');
for (const [at, [name, value]] of obedient.entries())
  console.log(`| ${name} | ${value} | ${others[at]?.[1]} |`);
