import { startRedis } from '../chaos/redis.ts';
import { freePort } from '../load/processes.ts';
import { measure, medianOf, type Sample, warmUp } from './measure.ts';
import { type ServerProcess, startServer } from './processes.ts';
import { manyPages } from './workload.ts';

const ROUNDS = 5;
const CALLS_PER_SECOND = 5;

/**
 * One process, and two that share cache and quota through Redis, each with load of its own. The process that sends the load runs on
 * the same two cores, so the figure is the number of responses for a second of CPU time in each process.
 */
export async function pair(): Promise<void> {
  const redis = await startRedis(await freePort());
  try {
    await using simulator = await startServer({ kind: 'simulator', qps: CALLS_PER_SECOND });
    const settings = {
      REDIS_URL: redis.url,
      REPLICAS: '2',
      DATAWORKS_ACCOUNT: 'pair',
      DATAWORKS_MAX_QPS: String(CALLS_PER_SECOND),
    };
    const start = () => startServer({ kind: 'gateway', simulator: simulator.url, settings });
    await using first = await start();
    const alone = await rounds([first]);
    await using second = await start();
    const together = await rounds([first, second]);
    const { mostCallsInASecond } = await simulator.usage();
    console.log('\n## Two processes on one quota\n');
    console.log('| processes | responses for a second of CPU in each | most upstream calls in any second |');
    console.log('| ---: | ---: | ---: |');
    console.log(`| 1 | ${Math.round(alone).toLocaleString('en')} | |`);
    console.log(`| 2 | ${Math.round(together).toLocaleString('en')} | ${mostCallsInASecond} |`);
    console.log(`\nTwo processes: ${(together / alone).toFixed(2)} times the responses of one.`);
  } finally {
    await redis.kill();
  }
}

async function rounds(servers: readonly ServerProcess[]): Promise<number> {
  const samples = servers.map((): Sample[] => []);
  for (const server of servers) await warmUp(server, manyPages);
  for (let round = 0; round < ROUNDS; round++) {
    await Promise.all(
      servers.map(async (server, n) => {
        samples[n]?.push(await measure(server, manyPages, { connections: 10, seconds: 2 }));
      }),
    );
  }
  return samples.reduce((sum, ofOne) => sum + 1e6 / medianOf(ofOne).usEach, 0);
}
