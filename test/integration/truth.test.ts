import { expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FuzzFigures, fuzz } from '../../bench/truth/fuzz.ts';
import { figuresInWords, rejectedIn, sum } from '../../bench/truth/report.ts';
import { createDemand } from '../../src/cache/demand.ts';
import { createRedisTier, withSharedCache } from '../../src/cache/withSharedCache.ts';
import { type Clock, createSteadyClock, systemClock } from '../../src/core/clock.ts';
import { describeWithRedis, startRedisServer } from '../support/redisServer.ts';
import { createVirtualClock } from '../support/virtualClock.ts';

/*
 * Gateways with an upstream whose lists change all the time, that fails, hangs, caps its pages and claims rows that it does not
 * have. Every response is compared with the whole history of the lists.
 */

/** How much faster than real time the gateways with a real Redis live. */
const SPEED = 3;

/** Checks that each kind of response occurs often enough for the comparison to be significant. */
function expectSound(figures: FuzzFigures): void {
  const { answers, fresh, stale, rejected, wrong, compared } = figures;
  expect(wrong).toEqual([]);
  expect(fresh + stale + rejectedIn(rejected)).toBe(answers);
  expect({ figures: figuresInWords(figures), isFresh: fresh > answers * 0.3 }).toMatchObject({
    isFresh: true,
  });
  expect(compared).toBeGreaterThan(answers * 0.15);
  expect(stale).toBeGreaterThan(answers * 0.05);
  expect(rejectedIn(rejected)).toBeGreaterThan(answers * 0.01);
  expect(rejectedIn(rejected)).toBeLessThan(answers * 0.3);
}

test('each response of one gateway matches its list at a time between its asOf and its arrival, or is an error', async () => {
  const parts: FuzzFigures[] = [];
  for (let seed = 1; seed <= 3; seed++) {
    const clock = createVirtualClock();
    const advance = (ms: number) => clock.advance(ms);
    parts.push(await fuzz({ seed, answers: 1000, clock, advance, between: [(upstream) => upstream] }));
  }
  expectSound(sum(parts));
}, 120_000);

describeWithRedis('two gateways that share Redis', () => {
  test('each response matches its list at a time between its asOf and its arrival, or is an error', async () => {
    await using server = await startRedisServer();
    const clock = createSteadyClock(hastened(systemClock));
    const clients = [new Redis(server.port), new Redis(server.port)];
    const parts: FuzzFigures[] = [];
    try {
      const between = clients.map(
        (redis): Parameters<typeof fuzz>[0]['between'][number] =>
          (upstream, freshMs, staleMs) =>
            withSharedCache(
              upstream,
              createRedisTier({
                redis,
                identity: 'account',
                clock,
                demand: createDemand({ clock, freshMs, staleMs, allowances: () => [] }),
                // Generous, because the machine may be busy and Redis is not under test.
                commandTimeoutMs: 5000 * SPEED,
              }),
            ),
      );
      parts.push(
        await fuzz({
          seed: 1,
          answers: 600,
          callers: 24,
          clock,
          advance: (ms) => sleep(ms / SPEED),
          between,
          slackMs: 5,
        }),
      );
    } finally {
      for (const client of clients) client.disconnect();
    }
    expectSound(sum(parts));
  }, 120_000);
});

function hastened(clock: Clock): Clock {
  const start = clock.now();
  const monotonic = () => clock.monotonic() * SPEED;
  const zero = monotonic();
  return {
    now: () => Math.round(start + monotonic() - zero),
    monotonic,
    after: (delayMs, task) => clock.after(delayMs / SPEED, task),
  };
}
