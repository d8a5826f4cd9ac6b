import { expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FuzzFigures, fuzz } from '../../bench/truth/fuzz.ts';
import { figuresInWords, refusedIn, sum } from '../../bench/truth/report.ts';
import { withSharedCache } from '../../src/cache/withSharedCache.ts';
import { createSteadyClock, systemClock } from '../../src/core/clock.ts';
import { describeWithRedis, startRedisServer } from '../support/redisServer.ts';
import { createVirtualClock } from '../support/virtualClock.ts';

/*
 * Gateways before an upstream whose lists change all the time, that fails, hangs, caps its pages and claims rows that it does not
 * have. Every answer is compared with all that the lists ever were.
 */

/** Each kind of answer is there, and often enough for the comparison to say something. */
function expectSound(figures: FuzzFigures): void {
  const { answers, fresh, stale, refused, wrong, compared } = figures;
  expect(wrong).toEqual([]);
  expect(fresh + stale + refusedIn(refused)).toBe(answers);
  expect({ figures: figuresInWords(figures), isFresh: fresh > answers * 0.3 }).toMatchObject({
    isFresh: true,
  });
  expect(compared).toBeGreaterThan(answers * 0.15);
  expect(stale).toBeGreaterThan(answers * 0.05);
  expect(refusedIn(refused)).toBeGreaterThan(answers * 0.01);
  expect(refusedIn(refused)).toBeLessThan(answers * 0.3);
}

test('each answer of one gateway is what its list was between its asOf and its arrival, or an error', async () => {
  const parts: FuzzFigures[] = [];
  for (let seed = 1; seed <= 3; seed++) {
    const clock = createVirtualClock();
    const advance = (ms: number) => clock.advance(ms);
    parts.push(await fuzz({ seed, answers: 1000, clock, advance, between: [(upstream) => upstream] }));
  }
  expectSound(sum(parts));
}, 120_000);

describeWithRedis('two gateways that share Redis', () => {
  test('each answer is what its list was between its asOf and its arrival, or an error', async () => {
    await using server = await startRedisServer();
    const clock = createSteadyClock(systemClock);
    const clients = [new Redis(server.port), new Redis(server.port)];
    const parts: FuzzFigures[] = [];
    try {
      const between = clients.map(
        (redis): Parameters<typeof fuzz>[0]['between'][number] =>
          (upstream, freshMs, staleMs) =>
            withSharedCache(upstream, {
              redis,
              identity: 'account',
              clock,
              freshMs: () => freshMs,
              staleMs,
              // The machine is busy, and Redis is not what is tested.
              commandTimeoutMs: 5000,
            }),
      );
      parts.push(
        await fuzz({
          seed: 1,
          answers: 600,
          callers: 24,
          clock,
          advance: (ms) => sleep(ms),
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
