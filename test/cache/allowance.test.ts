import { describe, expect, test } from '@jest/globals';
import { stretchedFreshMs } from '../../src/cache/demand.ts';
import type { UpstreamResult, Upstream } from '../../src/core/upstream.ts';
import { UpstreamError } from '../../src/core/upstreamError.ts';
import { createCache } from '../support/cache.ts';
import { createFakeUpstream, pageOf, runOf } from '../support/fakeUpstream.ts';
import { createVirtualClock } from '../support/virtualClock.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

interface Account {
  allowance: number;
  dashboards: number;
  pollMs: number;
}

/** A day of an account that may make so many calls in it, with dashboards that each poll a list of their own. */
async function liveThroughDay({ allowance, dashboards, pollMs }: Account) {
  const clock = createVirtualClock();
  const midnight = clock.now() + DAY;
  let left = allowance;
  const madeAt: number[] = [];
  const runs = [runOf('a', 'RUNNING'), runOf('b')];
  const fake = createFakeUpstream(clock, { ListPipelineRuns: (params) => pageOf(runs, params) });
  const limited: Upstream = {
    call(action, params, context) {
      if (left === 0) return Promise.reject(new UpstreamError('Spent.', { kind: 'quotaExhausted', action }));
      left -= 1;
      madeAt.push(DAY - (midnight - clock.now()));
      return fake.call(action, params, context);
    },
  };
  const { upstream: cache } = createCache(limited, {
    clock,
    freshMs: 5_000,
    allowances: () => [{ left, resetsInMs: midnight - clock.now() }],
  });
  const read = (dashboard: number) =>
    cache.call(
      'ListPipelineRuns',
      { projectId: String(dashboard), filter: {}, pageNumber: 1, pageSize: 10 },
      { deadline: clock.now() + 10_000, priority: 'interactive', report: () => undefined },
    );
  let errors = 0;
  let mislabelled = 0;
  let oldestMs = 0;
  const look = ({ asOf, staleBecause }: UpstreamResult<unknown>) => {
    const ageMs = clock.now() - asOf;
    oldestMs = Math.max(oldestMs, ageMs);
    if (ageMs >= 5_000 === (staleBecause === null)) mislabelled += 1;
  };
  for (let ms = 0; ms < DAY; ms += pollMs) {
    for (let dashboard = 0; dashboard < dashboards; dashboard++) {
      await read(dashboard).then(look, () => (errors += 1));
    }
    await clock.advance(pollMs);
  }
  return {
    errors,
    mislabelled,
    oldestMs,
    calls: madeAt.length,
    /** Calls made by a time of the day. */
    by: (ms: number) => madeAt.filter((at) => at <= ms).length,
  };
}

describe('a day of 100 calls', () => {
  test.each([1, 5, 20])(
    'lasts to its end with %d dashboards that poll',
    async (dashboards) => {
      const day = await liveThroughDay({
        allowance: 100,
        dashboards,
        pollMs: dashboards > 5 ? 20_000 : 5_000,
      });
      expect(day.errors).toBe(0);
      expect(day.mislabelled).toBe(0);
      expect(day.calls).toBeLessThanOrEqual(100);
      expect(day.by(6 * HOUR)).toBeLessThan(50);
      expect(day.by(12 * HOUR)).toBeLessThan(75);
      expect(day.by(18 * HOUR)).toBeLessThan(95);
      expect(day.by(DAY) - day.by(12 * HOUR)).toBeGreaterThan(20);
    },
    120_000,
  );

  test('that is too small for its dashboards serves what was read once, labelled with its age', async () => {
    const day = await liveThroughDay({ allowance: 30, dashboards: 29, pollMs: 60_000 });
    expect(day).toMatchObject({ errors: 0, mislabelled: 0 });
    expect(day.oldestMs).toBeLessThanOrEqual(DAY);
  });
});

describe('freshness under an allowance', () => {
  test.each([
    ['no allowance', [], 5_000],
    ['many calls left', [{ left: 1_000_000, resetsInMs: DAY }], 5_000],
    ['100 left at the beginning of a day', [{ left: 100, resetsInMs: DAY }], (10 * DAY) / 80],
    ['no calls left', [{ left: 0, resetsInMs: HOUR }], DAY],
    ['a reset in the past', [{ left: 3, resetsInMs: -HOUR }], 5_000],
    ['one call left of a month', [{ left: 1, resetsInMs: 20 * DAY }], DAY],
  ])('with %s', (_, allowances, expected) => {
    expect(stretchedFreshMs(5_000, 10, allowances)).toBeCloseTo(expected);
  });
});
