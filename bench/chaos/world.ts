import { setTimeout as pause } from 'node:timers/promises';
import { loadConfig } from '../../src/config/config.ts';
import { startGateway } from '../../src/gateway.ts';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { type Simulator, startSimulator } from '../../simulator/server.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { createCredentialSource } from '../../src/upstream/credentials.ts';
import { freePort } from '../load/processes.ts';
import { type Redis, startRedis } from './redis.ts';

/** One of the gateways that share a Redis and an upstream. */
export interface Replica {
  url: string;
  /** How far its wall clock is ahead of the machine's, in milliseconds. To be set at will. */
  clockAheadMs: number;
  /** Whether the circuit breaker of any action is open. */
  isBreakerOpen(): boolean;
  isReady(): Promise<boolean>;
}

export interface World extends AsyncDisposable {
  simulator: Simulator;
  redis: Redis;
  replicas: readonly Replica[];
}

/** A new run every 4 s in the big project, so that an old response is rarely correct. */
const newRunEveryMs = { '10000': 4000, '20000': 15_000 };

export async function startWorld(): Promise<World> {
  const redis = await startRedis(await freePort());
  const simulator = await startSimulator({ qps: 5, newRunEveryMs });
  const replicas = [await startReplica(simulator, redis), await startReplica(simulator, redis)];
  return {
    simulator,
    redis,
    replicas,
    async [Symbol.asyncDispose]() {
      simulator.clearFaults();
      redis.resume();
      await Promise.all(replicas.map((replica) => replica.close()));
      await simulator.close();
      await redis.kill();
    },
  };
}

async function startReplica(
  simulator: Simulator,
  redis: Redis,
): Promise<Replica & { close(): Promise<void> }> {
  const result = loadConfig({
    PORT: '0',
    DATAWORKS_ENDPOINT: simulator.url,
    REDIS_URL: redis.url,
    REPLICAS: '2',
    DATAWORKS_ACCOUNT: 'chaos',
  });
  if ('problems' in result) throw new Error(result.problems.join('\n'));
  const own = { clockAheadMs: 0 };
  const openBreakers = new Set<string>();
  const clock: Clock = { ...systemClock, now: () => Date.now() + own.clockAheadMs };
  const credential = createCredentialSource(() => ({ getCredential: () => Promise.resolve(simulator) }));
  const logger = createLogger('warn', {
    write(line: string) {
      const { action, state } = JSON.parse(line) as { action?: string; state?: string };
      if (action === undefined || state === undefined) return;
      if (state === 'open') openBreakers.add(action);
      else openBreakers.delete(action);
    },
  });
  const gateway = await startGateway(result.config, { credential, clock, logger });
  const health = async () => {
    const answer = await fetch(`${gateway.url}/health/ready`);
    return ((await answer.json()) as { status: string }).status;
  };
  const replica = Object.assign(own, {
    url: gateway.url,
    isBreakerOpen: () => openBreakers.size > 0,
    isReady: async () => (await health()) === 'ok',
    close: () => gateway.close(),
  });
  while (!(await replica.isReady())) await pause(20);
  return replica;
}
