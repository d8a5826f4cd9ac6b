import { Redis } from 'ioredis';
import { setTimeout as pause } from 'node:timers/promises';
import { createDemand } from '../src/cache/demand.ts';
import { createRedisTier, withSharedCache } from '../src/cache/withSharedCache.ts';
import { createSteadyClock, systemClock } from '../src/core/clock.ts';
import { createVirtualClock } from '../test/support/virtualClock.ts';
import { startRedis } from './chaos/redis.ts';
import { freePort } from './load/processes.ts';
import { type FuzzFigures, type FuzzOptions, fuzz } from './truth/fuzz.ts';
import { figuresInWords, sum } from './truth/report.ts';

/*
 * `npm run bench:truth`: gateways in front of an upstream whose lists change and which fails, hangs, caps pages and claims rows that
 * it does not have. SEEDS (default 100) runs of ANSWERS (default 1000) responses each for one gateway in virtual time, and SHARED_SEEDS
 * (default 5) runs for two gateways that share a real Redis, in real time. FIRST_SEED (default 1) continues another run.
 * MONOTONY=0 does not count responses that go back in time as wrong. Exits with 1 if a response was wrong.
 */

const SEEDS = Number(process.env['SEEDS'] ?? 100);
const SHARED_SEEDS = Number(process.env['SHARED_SEEDS'] ?? 5);
const ANSWERS = Number(process.env['ANSWERS'] ?? 1000);
const FIRST_SEED = Number(process.env['FIRST_SEED'] ?? 1);
const checkMonotony = process.env['MONOTONY'] !== '0';
const MAX_SHOWN = 10;

async function run(
  seeds: number,
  optionsOf: (seed: number) => Omit<FuzzOptions, 'seed'>,
): Promise<FuzzFigures> {
  const parts: FuzzFigures[] = [];
  for (let seed = FIRST_SEED; seed < FIRST_SEED + seeds; seed++) {
    const figures = await fuzz({ seed, ...optionsOf(seed) });
    parts.push({ ...figures, wrong: figures.wrong.map((wrong) => `seed ${seed}: ${wrong}`) });
  }
  return sum(parts);
}

function show(name: string, figures: FuzzFigures): void {
  console.log(`${name}: ${figuresInWords(figures)}`);
  for (const wrong of figures.wrong.slice(0, MAX_SHOWN)) console.log(`  - ${wrong}`);
  if (figures.wrong.length > 0) process.exitCode = 1;
}

show(
  'one gateway',
  await run(SEEDS, () => {
    const clock = createVirtualClock();
    const advance = (ms: number) => clock.advance(ms);
    return { answers: ANSWERS, clock, advance, between: [(upstream) => upstream], checkMonotony };
  }),
);

const clock = createSteadyClock(systemClock);
const redis = await startRedis(await freePort());
const tiers: { close(): void }[] = [];
const clients = [new Redis(redis.url), new Redis(redis.url)];
show(
  'two gateways with Redis',
  await run(SHARED_SEEDS, (seed) => ({
    answers: ANSWERS,
    callers: 24,
    clock,
    advance: (ms) => pause(ms),
    between: clients.map((client) => (upstream, freshMs, staleMs) => {
      const demand = createDemand({ clock, freshMs, staleMs, allowances: () => [] });
      const tier = createRedisTier({ redis: client, identity: `seed ${seed}`, clock, demand });
      tiers.push(tier);
      return withSharedCache(upstream, tier);
    }),
    slackMs: 5,
    checkMonotony,
  })),
);
for (const tier of tiers) tier.close();
for (const client of clients) client.disconnect();
await redis.kill();
