import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { createQuota } from '../../src/quota/quota.ts';
import { periodAt } from '../../src/quota/calendar.ts';
import type { Priority } from '../../src/core/upstream.ts';
import { UpstreamError } from '../../src/core/upstreamError.ts';
import { createVirtualClock } from '../support/virtualClock.ts';

const spanMs = 1_000;
const ranks: Record<Priority, number> = { interactive: 0, refresh: 1, polling: 2 };

/** One thing that happens after a pause: a call asks for a permit, or the world changes around those who wait. */
type Step = { pauseMs: number } & (
  | { kind: 'ask'; priority: Priority; withinMs: number; leavesAfterMs: number | null }
  | { kind: 'jump'; byMs: number }
  | { kind: 'throttled' | 'exhausted'; retryAfterMs: number }
  | { kind: 'succeeded' }
);

interface Outcome {
  /** Its place among all that asked. */
  number: number;
  priority: Priority;
  isAdmitted: boolean;
  askedAtMs: number;
  settledAtMs: number;
  withinMs: number;
  /** The day, by the wall clock, in which the call was admitted. */
  day: string;
}

/** Many things happen in the same instant. */
const pauseMs = fc.oneof(fc.constant(0), fc.nat({ max: 400 }));
const asks = fc.record({
  kind: fc.constant('ask' as const),
  pauseMs,
  priority: fc.constantFrom<Priority>('interactive', 'refresh', 'polling'),
  withinMs: fc.integer({ min: 1, max: 6_000 }),
  leavesAfterMs: fc.option(fc.nat({ max: 3_000 }), { freq: 5 }),
});
const jumps = fc.record({
  kind: fc.constant('jump' as const),
  // Not in the very instant of an admission: nobody could say which day that was in.
  pauseMs: fc.integer({ min: 1, max: 400 }),
  byMs: fc.integer({ min: -3 * 86_400_000, max: 3 * 86_400_000 }),
});
const refusals = fc.record({
  kind: fc.constantFrom('throttled' as const, 'exhausted' as const),
  pauseMs,
  retryAfterMs: fc.nat({ max: 2_500 }),
});
const successes = fc.record({ kind: fc.constant('succeeded' as const), pauseMs });
const schedules = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: asks },
    { weight: 1, arbitrary: jumps },
    { weight: 1, arbitrary: refusals },
    { weight: 1, arbitrary: successes },
  ),
  { maxLength: 50, size: 'max' },
);
const limits = fc.record({
  perSecond: fc.integer({ min: 1, max: 6 }),
  perDay: fc.option(fc.nat({ max: 12 })),
  perMonth: fc.option(fc.nat({ max: 20 })),
});

async function run(quotaLimits: Parameters<typeof createQuota>[0]['limits'], steps: Step[]) {
  const clock = createVirtualClock(Date.UTC(2026, 0, 31, 15, 59, 50));
  const quota = createQuota({ limits: quotaLimits, clock, marginMs: 0 });
  const outcomes: Outcome[] = [];
  let asked = 0;

  function ask({ priority, withinMs, leavesAfterMs }: Extract<Step, { kind: 'ask' }>): void {
    const number = asked;
    const askedAtMs = clock.monotonic();
    const leaver = new AbortController();
    if (leavesAfterMs !== null) clock.after(leavesAfterMs, () => leaver.abort());
    const settle = (isAdmitted: boolean) => {
      const day = periodAt('day', clock.now()).name;
      outcomes.push({
        number,
        priority,
        isAdmitted,
        askedAtMs,
        settledAtMs: clock.monotonic(),
        withinMs,
        day,
      });
    };
    asked += 1;
    const context = {
      priority,
      deadline: clock.now() + withinMs,
      signal: leaver.signal,
      report: () => undefined,
    };
    quota.permit('ListProjects', context).then(
      ({ ended }) => {
        ended();
        settle(true);
      },
      (error: unknown) => {
        expect(error).toBeInstanceOf(UpstreamError);
        settle(false);
      },
    );
  }

  function take(step: Step): void {
    switch (step.kind) {
      case 'ask':
        ask(step);
        break;
      case 'jump':
        clock.jump(step.byMs);
        break;
      case 'succeeded':
        quota.succeeded();
        break;
      case 'throttled':
      case 'exhausted': {
        const kind = step.kind === 'throttled' ? 'throttled' : 'quotaExhausted';
        const { retryAfterMs } = step;
        quota[step.kind](new UpstreamError('', { kind, action: 'ListProjects', retryAfterMs }));
      }
    }
  }

  for (const step of steps) {
    // Zero stands for the same instant: no promise settles in between.
    if (step.pauseMs > 0) await clock.advance(step.pauseMs);
    take(step);
  }
  await clock.advance(10_000);
  return { outcomes, asked, pendingTimers: clock.pendingTimers() };
}

function admissions(outcomes: Outcome[]): number[] {
  return outcomes.filter(({ isAdmitted }) => isAdmitted).map(({ settledAtMs }) => settledAtMs);
}

/** The most admissions that any span holds, at whatever moment it starts. */
function fullestSpan(timesMs: number[]): number {
  return Math.max(
    0,
    ...timesMs.map(
      (startMs) => timesMs.filter((timeMs) => timeMs >= startMs && timeMs < startMs + spanMs).length,
    ),
  );
}

function mostOfOne(names: string[]): number {
  return Math.max(0, ...names.map((name) => names.filter((other) => other === name).length));
}

describe('in any sequence of calls and events', () => {
  test('no span holds more than its limit, and no day or month more than theirs', async () => {
    await fc.assert(
      fc.asyncProperty(limits, schedules, async (quotaLimits, steps) => {
        const { outcomes } = await run(quotaLimits, steps);
        expect(fullestSpan(admissions(outcomes))).toBeLessThanOrEqual(quotaLimits.perSecond);
        const days = outcomes.filter(({ isAdmitted }) => isAdmitted).map(({ day }) => day);
        expect(mostOfOne(days)).toBeLessThanOrEqual(quotaLimits.perDay ?? Infinity);
        const months = days.map((day) => day.slice(0, 7));
        expect(mostOfOne(months)).toBeLessThanOrEqual(quotaLimits.perMonth ?? Infinity);
      }),
      { numRuns: 100 },
    );
  });

  test('all calls settle by their deadline and leave no timer', async () => {
    await fc.assert(
      fc.asyncProperty(limits, schedules, async (quotaLimits, steps) => {
        const { outcomes, asked, pendingTimers } = await run(quotaLimits, steps);
        expect(outcomes).toHaveLength(asked);
        for (const { askedAtMs, settledAtMs, withinMs } of outcomes) {
          expect(settledAtMs - askedAtMs).toBeLessThanOrEqual(withinMs);
        }
        expect(pendingTimers).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  test('no call is admitted after one of lower priority that arrived with or after it, except for the share of refreshes', async () => {
    const undisturbed = fc.array(asks, { maxLength: 50, size: 'max' });
    await fc.assert(
      fc.asyncProperty(limits, undisturbed, async (quotaLimits, steps) => {
        const { outcomes } = await run(quotaLimits, steps);
        const admitted = outcomes.filter(({ isAdmitted }) => isAdmitted);
        for (const [index, later] of admitted.entries()) {
          const sinceAsked = admitted
            .slice(0, index)
            .filter(({ settledAtMs }) => settledAtMs >= later.askedAtMs);
          const overtakers = sinceAsked
            .filter((earlier) => ranks[earlier.priority] > ranks[later.priority])
            .filter((earlier) => earlier.askedAtMs >= later.askedAtMs);
          const refreshes = overtakers.filter(({ priority }) => priority === 'refresh');
          const people = sinceAsked.filter(({ priority }) => priority === 'interactive');
          expect(overtakers).toHaveLength(refreshes.length);
          expect(refreshes.length).toBeLessThanOrEqual(1 + people.length / 4);
        }
      }),
      { numRuns: 100 },
    );
  });

  test('without a daily limit, a call is rejected only if the queue ahead of it is too long', async () => {
    const arrivals = fc.array(
      fc.record({ ...asksOf('interactive'), withinMs: fc.integer({ min: 1, max: 4_000 }) }),
      { maxLength: 40, size: 'max' },
    );
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 6 }), arrivals, async (perSecond, steps) => {
        const { outcomes } = await run({ perSecond, perDay: null, perMonth: null }, steps);
        const inOrder = outcomes.toSorted((one, other) => one.number - other.number);
        expect(inOrder.map(({ isAdmitted }) => isAdmitted)).toEqual(firstComeFirstServed(perSecond, steps));
      }),
      { numRuns: 100 },
    );
  });
});

function asksOf(priority: Priority) {
  return {
    kind: fc.constant('ask' as const),
    pauseMs,
    priority: fc.constant(priority),
    leavesAfterMs: fc.constant(null),
  };
}

/** What a simple model of the second window lets through: each goes as early as it may, or not at all. */
function firstComeFirstServed(perSecond: number, steps: { pauseMs: number; withinMs: number }[]): boolean[] {
  const admittedAtMs: number[] = [];
  let nowMs = 0;
  return steps.map((step) => {
    nowMs += step.pauseMs;
    const placeBefore = admittedAtMs.at(-perSecond);
    const atMs = Math.max(nowMs, admittedAtMs.at(-1) ?? 0, (placeBefore ?? -Infinity) + spanMs);
    const isAdmitted = atMs < nowMs + step.withinMs;
    if (isAdmitted) admittedAtMs.push(atMs);
    return isAdmitted;
  });
}
