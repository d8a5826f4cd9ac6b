import type { Fault } from '../../simulator/faults.ts';
import type { Replica, World } from './world.ts';

/** A failure scenario. */
export interface Scenario {
  name: string;
  /** Starts the failure and returns the function that ends it. */
  begin(world: World): Ending | Promise<Ending>;
}

type Ending = () => void | Promise<void>;

const HOUR_MS = 3_600_000;

export const scenarios: readonly Scenario[] = [
  { name: 'none', begin: () => () => undefined },
  upstream('upstream answers 500', { kind: 'http5xx' }),
  upstream('upstream hangs', { kind: 'hangBeforeHeaders' }),
  upstream('upstream drops connections', { kind: 'dropMidBody' }),
  upstream('upstream throttles', { kind: 'throttle', guise: 'Throttling' }),
  upstream('upstream slow by 2 s', { kind: 'latency', delayMs: 2000 }),
  upstream('upstream fails every other time', { kind: 'html502', probability: 0.5, seed: 3 }),
  flapping(1000, upstream('upstream up and down every second', { kind: 'dropBeforeHeaders' })),
  {
    name: "one replica's clock an hour ahead",
    begin: ({ replicas }) => setAhead(replicas.slice(0, 1), HOUR_MS),
  },
  { name: "both replicas' clocks an hour back", begin: ({ replicas }) => setAhead(replicas, -HOUR_MS) },
  flapping(1000, {
    name: 'clocks half an hour to and fro every second',
    begin: ({ replicas }) => setAhead(replicas, HOUR_MS / 2),
  }),
  { name: 'Redis killed, and started again empty', begin: killRedis },
  {
    name: 'Redis hangs',
    begin({ redis }) {
      redis.pause();
      return () => redis.resume();
    },
  },
  flapping(1500, { name: 'Redis killed and started every 1.5 s', begin: killRedis }),
  {
    name: 'Redis killed and upstream answers 500',
    async begin(world) {
      const endFault = world.simulator.fault({ kind: 'http5xx' });
      const restart = await killRedis(world);
      return () => {
        endFault();
        return restart();
      };
    },
  },
];

function upstream(name: string, fault: Fault): Scenario {
  return { name, begin: ({ simulator }) => simulator.fault(fault) };
}

async function killRedis({ redis }: World): Promise<() => Promise<void>> {
  await redis.kill();
  return () => redis.restart();
}

function setAhead(replicas: readonly Replica[], aheadMs: number): Ending {
  for (const replica of replicas) replica.clockAheadMs = aheadMs;
  return () => {
    for (const replica of replicas) replica.clockAheadMs = 0;
  };
}

/** Starts and ends the scenario repeatedly. */
function flapping(everyMs: number, scenario: Scenario): Scenario {
  return {
    name: scenario.name,
    async begin(world) {
      let end: Ending | null = await scenario.begin(world);
      let turning = Promise.resolve();
      const turn = async () => {
        const ending = end;
        end = null;
        if (ending) await ending();
        else end = await scenario.begin(world);
      };
      const timer = setInterval(() => void (turning = turning.then(turn)), everyMs);
      return async () => {
        clearInterval(timer);
        await turning;
        await end?.();
      };
    },
  };
}
