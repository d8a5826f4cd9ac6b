import { describe, expect, test } from '@jest/globals';
import { leastOf, startMeasuredGateway } from '../bench/abuse/gateway.ts';
import { abusiveRequests, abusiveSubscriptions } from '../bench/abuse/requests.ts';
import { measureSubscribers } from '../bench/abuse/subscribers.ts';
import { startSimulator } from '../src/simulator/server.ts';

/*
 * How long the worst accepted requests keep the event loop of a gateway process from turning. The least of several rounds: what
 * else the machine does only adds to it.
 */

const MAX_STALL_MS = 100;
const ROUNDS = 6;
const TIMEOUT_MS = 120_000;

describe('no accepted request', () => {
  test.each(['off', 'on'])(
    'stalls the event loop for 100 ms, COMPILED_QUERIES %s',
    async (compiled) => {
      await using simulator = await startSimulator({ qps: null });
      await using gateway = await startMeasuredGateway(simulator.url, { COMPILED_QUERIES: compiled });
      const tooLong: string[] = [];
      for (const { kind, name, body, status } of abusiveRequests) {
        // Fills the cache, and from the third time on the query is compiled.
        for (let n = 0; n < 3; n++) expect([name, await gateway.post(body)]).toEqual([name, status]);
        const { stallMs } = await leastOf(ROUNDS, async () => {
          await gateway.start();
          await gateway.post(body);
          return gateway.figures();
        });
        if (stallMs > MAX_STALL_MS) tooLong.push(`${kind}, ${name}: ${stallMs} ms`);
      }
      expect(tooLong).toEqual([]);
    },
    TIMEOUT_MS,
  );
});

describe('one event', () => {
  test.each(abusiveSubscriptions)(
    'for $name stalls the event loop for less than 100 ms',
    async (subscribers) => {
      const { stallMs, cpuMs } = await leastOf(3, async () => {
        await using simulator = await startSimulator({ qps: null });
        await using gateway = await startMeasuredGateway(simulator.url, {});
        return await measureSubscribers(gateway, simulator, subscribers);
      });
      // All of them in one turn would take longer.
      expect(cpuMs).toBeGreaterThan(MAX_STALL_MS);
      expect(stallMs).toBeLessThan(MAX_STALL_MS);
    },
    TIMEOUT_MS,
  );
});
