import { describe, expect, test } from '@jest/globals';
import { floods, measureFlood } from '../../bench/abuse/floods.ts';
import { leastOf, startMeasuredGateway } from '../../bench/abuse/gateway.ts';
import { abusiveRequests, abusiveSubscriptions, unseen } from '../../bench/abuse/requests.ts';
import { measureSubscribers } from '../../bench/abuse/subscribers.ts';
import { startSimulator } from '../../simulator/server.ts';

/*
 * How long the worst accepted requests keep the event loop of a gateway process from turning. Further rounds follow only where one
 * took too long: what else the machine does only adds to a stall.
 */

const MAX_STALL_MS = 100;
const ROUNDS = 10;
const TIMEOUT_MS = 120_000;

/** Read and validated, run by graphql-js, compiled, and run as compiled code. */
const REQUESTS_UNTIL_COMPILED = 4;

describe('no accepted request', () => {
  test.each(['off', 'on'])(
    'stalls the event loop for 100 ms, seen or unseen, COMPILED_QUERIES %s',
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
          for (let n = 0; n < REQUESTS_UNTIL_COMPILED; n++) await gateway.post(document);
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
    'for $name stalls the event loop for less than 100 ms',
    async (subscribers) => {
      const measure = async () => {
        await using simulator = await startSimulator({ qps: null });
        await using gateway = await startMeasuredGateway(simulator.url, {});
        return await measureSubscribers(gateway, simulator, subscribers);
      };
      const { stallMs, cpuMs } = await leastOf(ROUNDS, measure, MAX_STALL_MS);
      // All of them in one turn would take longer.
      expect(cpuMs).toBeGreaterThan(MAX_STALL_MS);
      expect(stallMs).toBeLessThan(MAX_STALL_MS);
    },
    TIMEOUT_MS,
  );
});

describe('20,000 messages at once', () => {
  test(
    'stall the event loop for less than 100 ms, and their connections are closed',
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
