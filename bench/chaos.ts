import { cpus, loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { startTrickle, type TrickleFigures, areWell, warmUp } from './chaos/trickle.ts';
import { type Scenario, scenarios } from './chaos/scenarios.ts';
import { startWorld, type World } from './chaos/world.ts';

/*
 * `npm run bench:chaos`: two gateways that share a real Redis and a simulated DataWorks of five calls a second, with queries
 * arriving all the time, while upstream, Redis and clocks fail in turn for SECONDS each (default 12). Exits with 1 if a response was
 * wrong, the upstream received too many calls or the gateways did not recover.
 */

const SECONDS = Number(process.env['SECONDS'] ?? 12);
const PATIENCE_SECONDS = 30;
const CALLS_PER_SECOND = 5;

interface Figures extends TrickleFigures {
  name: string;
  mostCallsInASecond: number;
  /** From the end of the scenario until all responses are fresh again; null if they never are. */
  recoveryMs: number | null;
}

async function goThrough(scenario: Scenario, world: World): Promise<Figures> {
  world.simulator.calls.clear();
  const trickle = startTrickle(world);
  const end = await scenario.begin(world);
  await pause(SECONDS * 1000);
  await end();
  const recoveryMs = await recovery(world);
  const figures = await trickle.stop();
  return {
    ...figures,
    name: scenario.name,
    mostCallsInASecond: world.simulator.maxCallsInAnySecond(),
    recoveryMs,
  };
}

async function recovery(world: World): Promise<number | null> {
  const [endedAt, endedMs] = [Date.now(), performance.now()];
  for (;;) {
    const isWell = await areWell(world, endedAt);
    const tookMs = performance.now() - endedMs;
    if (isWell) return tookMs;
    if (tookMs > PATIENCE_SECONDS * 1000) return null;
    await pause(100);
  }
}

function rowOf({ name, queries, verdicts, ...figures }: Figures): string {
  const { longestWaitMs, recoveryMs, rejectedKnown, mostCallsInASecond } = figures;
  const rejected = Object.entries(verdicts.rejected).map(([code, times]) => `${times} \`${code}\``);
  const cells = [
    name,
    queries,
    verdicts.fresh,
    verdicts.stale,
    rejected.join(', ') || 'none',
    rejectedKnown,
    verdicts.wrong.length,
    `${Math.round(longestWaitMs.known)} ms`,
    `${(longestWaitMs.unknown / 1000).toFixed(1)} s`,
    waitsBehindBreaker(figures),
    mostCallsInASecond,
    recoveryMs === null ? 'never' : `${(recoveryMs / 1000).toFixed(1)} s`,
  ];
  return `| ${cells.join(' | ')} |`;
}

function waitsBehindBreaker({ staleBehindBreakerMs: waits }: Pick<Figures, 'staleBehindBreakerMs'>): string {
  const inOrder = [...waits].sort((one, other) => one - other);
  const [median, highest] = [inOrder[Math.floor(waits.length / 2)], inOrder.at(-1)];
  if (median === undefined || highest === undefined) return '–';
  return `${median.toFixed(1)}, ${highest.toFixed(1)} ms of ${waits.length}`;
}

function problemsOf({ name, verdicts, mostCallsInASecond, recoveryMs }: Figures): string[] {
  return [
    ...verdicts.wrong.map((wrong) => `${name}: ${wrong}`),
    ...(mostCallsInASecond > CALLS_PER_SECOND ? [`${name}: ${mostCallsInASecond} calls in a second`] : []),
    ...(recoveryMs === null ? [`${name}: not well again after ${PATIENCE_SECONDS} s`] : []),
  ];
}

await using world = await startWorld();
await warmUp(world);
const machine = `Node ${process.version}, ${cpus().length} cores, load average ${loadavg()[0]?.toFixed(1) ?? '?'}`;
console.log(`${new Date().toISOString().slice(0, 10)}, ${machine}; each scenario for ${SECONDS} s.\n`);
console.log(
  '| scenario | queries | fresh | stale and labelled | rejected | of them for cached results | wrong | longest wait for cached results | for new ones | stale, breaker open: median, longest | most upstream calls in any second | all well again after |',
);
console.log('| --- | ---: | ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |');
const problems: string[] = [];
for (const scenario of scenarios) {
  const figures = await goThrough(scenario, world);
  console.log(rowOf(figures));
  problems.push(...problemsOf(figures));
}
if (problems.length > 0) {
  console.error(['', 'Not as it must be:', ...problems.map((problem) => `  - ${problem}`)].join('\n'));
  process.exitCode = 1;
}
