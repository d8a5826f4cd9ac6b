import { describe, expect, test } from '@jest/globals';
import { floods, measureFlood } from '../../bench/abuse/floods.ts';
import { leastOf, startMeasuredGateway } from '../../bench/abuse/gateway.ts';
import { abusiveRequests, abusiveSubscriptions, unseen } from '../../bench/abuse/requests.ts';
import { measureSubscribers } from '../../bench/abuse/subscribers.ts';
import { startSimulator } from '../../simulator/server.ts';

/*
 * How long the worst accepted requests block the event loop of a gateway process. Repeats only measurements that are too long,
 * because other load on the machine can only lengthen them.
 */

const MAX_STALL_MS = 100;
const ROUNDS = 40;
const TIMEOUT_MS = 120_000;

/** Off: parsed and validated, then executed again. On: until it is compiled, then executed as compiled code. */
const REQUESTS = { off: 2, on: 4 };

describe('no accepted request', () => {
  test.each(['off', 'on'] as const)(
    'blocks the event loop for 100 ms, cached or not, with COMPILED_QUERIES %s',
    async (compiled) => {
      await using simulator = await startSimulator({ qps: null });
      await using gateway = await startMeasuredGateway(simulator.url, { COMPILED_QUERIES: compiled });
      const tooLong: string[] = [];
      for (const request of abusiveRequests) {
        const { kind, name, body, status } = request;
        // Fills the cache.
        expect([name, await gateway.post(body)]).toEqual([name, status]);
        const measure = async () => {
          await gateway.start();
          const document = unseen(request);
          for (let n = 0; n < REQUESTS[compiled]; n++) await gateway.post(document);
          return gateway.figures();
        };
        const { stallMs } = await leastOf(ROUNDS, measure, MAX_STALL_MS);
        if (stallMs >= MAX_STALL_MS) tooLong.push(`${kind}, ${name}: ${stallMs} ms`);
      }
      expect(tooLong).toEqual([]);
    },
    TIMEOUT_MS,
  );
});

describe('one event', () => {
  test.each(abusiveSubscriptions)(
    'for $name blocks the event loop for less than 100 ms',
    async (subscribers) => {
      const measure = async () => {
        await using simulator = await startSimulator({ qps: null });
        await using gateway = await startMeasuredGateway(simulator.url, {});
        return await measureSubscribers(gateway, simulator, subscribers);
      };
      const { stallMs, cpuMs } = await leastOf(ROUNDS, measure, MAX_STALL_MS);
      // In one turn, they would take longer together.
      expect(cpuMs).toBeGreaterThan(MAX_STALL_MS);
      expect(stallMs).toBeLessThan(MAX_STALL_MS);
    },
    TIMEOUT_MS,
  );
});

describe('20,000 messages at once', () => {
  test(
    'block the event loop for less than 100 ms, and their connections are closed',
    async () => {
      await using simulator = await startSimulator({ qps: null });
      await using gateway = await startMeasuredGateway(simulator.url, {});
      const tooLong: string[] = [];
      for (const flood of floods) {
        const { stallMs } = await leastOf(ROUNDS, () => measureFlood(gateway, flood), MAX_STALL_MS);
        if (stallMs >= MAX_STALL_MS) tooLong.push(`${flood.name}: ${stallMs} ms`);
      }
      expect(tooLong).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
