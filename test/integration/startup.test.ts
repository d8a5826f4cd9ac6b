import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { loadConfig } from '../../src/config/config.ts';
import { startGateway } from '../../src/gateway.ts';
import { startSimulator } from '../../simulator/server.ts';
import { createCredentialSource } from '../../src/upstream/credentials.ts';
import { describeWithRedis, startRedisServer } from '../support/redisServer.ts';
import { createVirtualClock } from '../support/virtualClock.ts';

describeWithRedis('a gateway that can not listen', () => {
  test('stops everything that it started', async () => {
    await using redisServer = await startRedisServer();
    const simulator = await startSimulator({ qps: null });
    const occupant = createServer().listen(0, '127.0.0.1');
    await once(occupant, 'listening');
    const clock = createVirtualClock();
    const loaded = loadConfig({
      PORT: String((occupant.address() as AddressInfo).port),
      DATAWORKS_ENDPOINT: simulator.url,
      DATAWORKS_ACCOUNT: 'startup',
      REDIS_URL: `redis://127.0.0.1:${redisServer.port}`,
    });
    if ('problems' in loaded) throw new Error(loaded.problems.join('\n'));
    const credential = createCredentialSource(() => ({ getCredential: () => Promise.resolve(simulator) }));
    await expect(startGateway(loaded.config, { credential, clock, checkCredentials: true })).rejects.toThrow(
      'EADDRINUSE',
    );
    const own = new Redis(redisServer.port);
    while ((await clientsOf(own)) > 1) await new Promise((resolve) => setImmediate(resolve));
    const calls = simulator.calls.length;
    // Past the next attempt of the credential check.
    for (let step = 0; step < 10; step++) await clock.advance(30_000);
    expect(simulator.calls.length).toBe(calls);
    expect(clock.pendingTimers()).toBe(0);
    own.disconnect();
    occupant.close();
    await simulator.close();
  });
});

async function clientsOf(redis: Redis): Promise<number> {
  const list = (await redis.client('LIST')) as string;
  return list.trim().split('\n').length;
}
