import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startTestGateway } from '../test/support/gateway.ts';
import { createVirtualClock } from '../test/support/virtualClock.ts';
import type { Order, Report } from './live/listeners.ts';

/*
 * The cost of subscribers. Ten runs go through their stages, with ten subscribers and with thousands, each with its own socket,
 * through the whole gateway in front of a simulator. The gateway's time is virtual, so the calls are the same on every machine. The
 * time to deliver (from the poll until the last subscriber has the event) and the memory depend on this machine.
 */

const RUNS = 10;
const MINUTES = Number(process.env['MINUTES'] ?? 20);
const SUBSCRIBERS = (process.env['SUBSCRIBERS'] ?? '10,500,5000').split(',').map(Number);
const FRESH_MS = 5000;

interface Figures {
  subscribers: number;
  calls: number;
  events: number;
  completed: number;
  /** From the start of a poll to the arrival of each of its events. */
  deliveredMs: number[];
  bytesEach: number;
}

async function measure(subscribers: number): Promise<Figures> {
  const clock = createVirtualClock();
  await using gateway = await startTestGateway({
    clock,
    simulator: { now: () => clock.now() },
    // Virtual time passes faster than HTTP: calls have more of it than they need.
    settings: {
      CACHE_FRESH_MS: String(FRESH_MS),
      UPSTREAM_TRY_TIMEOUT_MS: '60000',
      REQUEST_DEADLINE_MS: '120000',
    },
  });
  const listeners = startListeners();
  const runIds = gateway.simulator.addRuns('10000', RUNS).map(({ id }) => id);
  const emptyBytes = memoryInUse();
  const url = `${gateway.url.replace('http', 'ws')}/graphql`;
  await listeners.order({ do: 'open', url, runIds, count: subscribers });
  const bytesEach = (memoryInUse() - emptyBytes) / subscribers;
  let events = (await listeners.report()).arrivedAtMs.length;
  const deliveredMs: number[] = [];
  let completed = 0;
  for (let passedMs = 0; passedMs < MINUTES * 60_000; passedMs += FRESH_MS) {
    const startedAtMs = Date.now();
    await clock.advance(FRESH_MS);
    const report = await quiet(listeners, gateway.simulator.calls);
    deliveredMs.push(...report.arrivedAtMs.map((arrived) => arrived - startedAtMs));
    events += report.arrivedAtMs.length;
    completed = report.completed;
  }
  await listeners.end();
  return { subscribers, calls: gateway.simulator.calls.length, events, completed, deliveredMs, bytesEach };
}

interface Arrivals {
  arrivedAtMs: number[];
  completed: number;
}

/** Waits until no call and no event has arrived for a while. Returns those before. */
async function quiet(listeners: Listeners, calls: { length: number }): Promise<Arrivals> {
  const arrivedAtMs: number[] = [];
  for (;;) {
    const seen = calls.length;
    for (let turns = 0; turns < 50; turns++) await turn();
    const report = await listeners.report();
    arrivedAtMs.push(...report.arrivedAtMs);
    if (report.arrivedAtMs.length === 0 && calls.length === seen) {
      return { arrivedAtMs, completed: report.completed };
    }
  }
}

type Listeners = ReturnType<typeof startListeners>;

function startListeners() {
  const child = fork(fileURLToPath(new URL('live/listeners.ts', import.meta.url)));
  const order = async (given: Order): Promise<Report> => {
    const answer = once(child, 'message');
    child.send(given);
    const [report] = (await answer) as [Report];
    return report;
  };
  return {
    order,
    report: () => order({ do: 'report' }) as Promise<Arrivals>,
    async end() {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    },
  };
}

/** With `--expose-gc`, after a full collection. */
function memoryInUse(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

const all: Figures[] = [];
for (const subscribers of SUBSCRIBERS) all.push(await measure(subscribers));

console.log(
  `\n${RUNS} runs, ${MINUTES} minutes of virtual time, polls every ${FRESH_MS / 1000} s while a stage runs.\n`,
);
console.log(
  '| subscribers | upstream calls | events reported | completed | to deliver: median | 99 % | last | memory each |',
);
console.log('| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |');
for (const { subscribers, calls, events, completed, deliveredMs, bytesEach } of all) {
  const [median, late, last] = [0.5, 0.99, 1].map((share) => `${percentile(deliveredMs, share)} ms`);
  const cells = [
    subscribers,
    calls,
    events,
    completed,
    median,
    late,
    last,
    `${(bytesEach / 1024).toFixed(1)} KiB`,
  ];
  console.log(`| ${cells.join(' | ')} |`);
}
