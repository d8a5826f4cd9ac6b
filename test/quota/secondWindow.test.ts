import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { createSecondWindow, type Departure } from '../../src/quota/secondWindow.ts';

const action = 'ListPipelineRuns';
const spanMs = 1_000;
const marginMs = 50;
const lengthMs = spanMs + marginMs;

interface Call {
  /** From the departure to the arrival at the upstream, and from there to the outcome. */
  toMs: number;
  fromMs: number;
  answered?: boolean;
}

/** Sends calls one after the other, each as early as the window allows, as the queue does. */
function send(capacity: number, calls: (Call & { pauseMs?: number })[]) {
  const window = createSecondWindow(capacity, spanMs, marginMs);
  let underWay: { endsAtMs: number; departure: Departure; answered: boolean }[] = [];
  let nowMs = 0;
  const advanceTo = (untilMs: number) => {
    const ending = underWay.filter(({ endsAtMs }) => endsAtMs <= untilMs);
    for (const { endsAtMs, departure, answered } of ending.toSorted((a, b) => a.endsAtMs - b.endsAtMs)) {
      departure.ended(endsAtMs, answered ? action : undefined);
    }
    underWay = underWay.filter((call) => !ending.includes(call));
    nowMs = untilMs;
  };
  return calls.map(({ toMs, fromMs, answered = true, pauseMs = 0 }) => {
    advanceTo(nowMs + pauseMs);
    for (
      let waitMs = window.waitMs(nowMs, 0, capacity);
      waitMs > 0;
      waitMs = window.waitMs(nowMs, 0, capacity)
    ) {
      const nextEndMs = Math.min(...underWay.map(({ endsAtMs }) => endsAtMs));
      advanceTo(Math.min(nowMs + waitMs, Math.max(nowMs, nextEndMs)));
    }
    underWay.push({ endsAtMs: nowMs + toMs + fromMs, departure: window.depart(nowMs), answered });
    return { departedAtMs: nowMs, arrivedAtMs: nowMs + toMs };
  });
}

/** The most arrivals in any span, at whatever moment it starts. */
function fullestSpan(arrivals: number[]): number {
  const inOrder = arrivals.toSorted((one, other) => one - other);
  let most = 0;
  let end = 0;
  for (const [start, atMs] of inOrder.entries()) {
    while (end < inOrder.length && inOrder[end]! - atMs < spanMs) end += 1;
    most = Math.max(most, end - start);
  }
  return most;
}

describe('the second window', () => {
  const capacities = fc.integer({ min: 1, max: 6 });

  test('sends at least 4.7 of 5 calls a second at 200 ms latency with a jitter of 30 ms, and never more than 5', () => {
    fc.assert(
      fc.property(
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
        fc.integer({ min: 1, max: 100 }),
        (random, toBaseMs) => {
          const next = () => random.next().value as number;
          const calls = Array.from({ length: 400 }, () => {
            const delayMs = 60 * next();
            const share = next();
            return { toMs: toBaseMs + share * delayMs, fromMs: 170 - toBaseMs + (1 - share) * delayMs };
          });
          const sent = send(5, calls);
          expect(fullestSpan(sent.map(({ arrivedAtMs }) => arrivedAtMs))).toBeLessThanOrEqual(5);
          const departures = sent.map(({ departedAtMs }) => departedAtMs).slice(100);
          const seconds = (departures.at(-1)! - departures[0]!) / 1_000;
          expect((departures.length - 1) / seconds).toBeGreaterThanOrEqual(4.7);
        },
      ),
      { numRuns: 50 },
    );
  });

  test('has no span with more arrivals than its capacity under any delays, including outliers and timeouts', () => {
    const delays = fc.oneof(
      { weight: 6, arbitrary: fc.nat({ max: 60 }) },
      { weight: 1, arbitrary: fc.nat({ max: 4_000 }) },
    );
    const calls = fc.array(
      fc.record({
        pauseMs: fc.oneof(fc.constant(0), fc.nat({ max: 400 })),
        toMs: delays,
        fromMs: delays,
        answered: fc.oneof(
          { weight: 9, arbitrary: fc.constant(true) },
          { weight: 1, arbitrary: fc.constant(false) },
        ),
      }),
      { minLength: 30, maxLength: 120, size: 'max' },
    );
    fc.assert(
      fc.property(
        capacities,
        fc.nat({ max: 200 }),
        fc.nat({ max: 200 }),
        calls,
        (capacity, toMs, fromMs, all) => {
          // The shortest round trip is among the samples: the inequality needs it up to 10 %.
          const warmUp = Array.from({ length: 20 }, () => ({ toMs, fromMs }));
          const delayed = all.map((call) => ({
            ...call,
            toMs: toMs + call.toMs,
            fromMs: fromMs + call.fromMs,
          }));
          const sent = send(capacity, [...warmUp, ...delayed]);
          expect(fullestSpan(sent.map(({ arrivedAtMs }) => arrivedAtMs))).toBeLessThanOrEqual(capacity);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('assumes nothing of round trips before it has samples, whenever a call arrives between permit and outcome', () => {
    const calls = fc.array(
      fc.record({
        pauseMs: fc.nat({ max: 400 }),
        toMs: fc.nat({ max: 2_500 }),
        fromMs: fc.nat({ max: 2_500 }),
      }),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(capacities, calls, (capacity, all) => {
        const sent = send(capacity, all);
        expect(fullestSpan(sent.map(({ arrivedAtMs }) => arrivedAtMs))).toBeLessThanOrEqual(capacity);
      }),
    );
  });

  test('reserves the place of a call without a response until a span after its end', () => {
    const fast = Array.from({ length: 20 }, () => ({ toMs: 100, fromMs: 100 }));
    const sent = send(1, [...fast, { toMs: 900, fromMs: 100, answered: false }, { toMs: 0, fromMs: 0 }]);
    expect(sent.at(-1)!.departedAtMs - sent.at(-2)!.departedAtMs).toBe(1_000 + lengthMs);
  });

  test('forgets a call that was not sent', () => {
    const window = createSecondWindow(1, spanMs, marginMs);
    window.depart(0).cancel();
    expect(window.waitMs(0, 0, 1)).toBe(0);
  });

  test('counts the calls of other processes', () => {
    const window = createSecondWindow(2, spanMs, marginMs);
    window.depart(0).ended(0);
    window.setOthers([400]);
    expect([0, 1, 2].map((ahead) => window.waitMs(100, ahead, 2))).toEqual([300, 950, 300 + lengthMs]);
  });

  test('forecasts the times at which queued calls are then sent', () => {
    fc.assert(
      fc.property(
        capacities,
        fc.array(fc.nat({ max: 400 }), { maxLength: 12 }),
        fc.nat({ max: 15 }),
        (capacity, pausesMs, length) => {
          const window = createSecondWindow(capacity, spanMs, marginMs);
          let nowMs = 0;
          const go = () => {
            nowMs += window.waitMs(nowMs, 0, capacity);
            window.depart(nowMs).ended(nowMs);
            return nowMs;
          };
          for (const pause of pausesMs) {
            nowMs += pause;
            go();
          }
          const startMs = nowMs;
          const forecast = Array.from(
            { length },
            (_, ahead) => startMs + window.waitMs(startMs, ahead, capacity),
          );
          expect(forecast).toEqual(Array.from({ length }, go));
        },
      ),
    );
  });
});
