import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createReservations } from '../../src/quota/reservations.ts';

const intervalMs = 200;

function make(
  reservations: ReturnType<typeof createReservations>,
  callerId: string,
  key: string,
  nowMs = 0,
): number {
  return reservations.make({ key, callerId, turn: 0 }, { nowMs, earliestMs: nowMs, intervalMs });
}

describe('reservations', () => {
  test('give callers turns: a new caller comes before the second call of any other', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 60 }), (callers) => {
        const reservations = createReservations();
        callers.forEach((callerId, n) => make(reservations, callerId, `list ${n}`));
        const dueMs = make(reservations, 'new caller', 'another list');
        expect(dueMs).toBe(intervalMs * new Set(callers).size);
      }),
    );
  });

  test('of one caller are as far apart as permits', () => {
    const reservations = createReservations();
    const times = Array.from({ length: 100 }, (_, n) => make(reservations, 'a', `list ${n}`));
    expect(times).toEqual(times.map((_, n) => n * intervalMs));
  });

  test('stay the same until their time, and are made anew when that has passed unused', () => {
    const reservations = createReservations();
    make(reservations, 'a', 'list 1');
    expect(make(reservations, 'b', 'list 2')).toBe(200);
    expect(make(reservations, 'b', 'list 2', 199)).toBe(200);
    expect(reservations.dueTurn('list 2', 199)).toBeNull();
    expect(reservations.dueTurn('list 2', 200)).toBe(0);
    expect(make(reservations, 'b', 'list 2', 1_000)).toBe(1_200);
  });

  test('that nobody comes back for delay nobody after half a minute', () => {
    const reservations = createReservations();
    for (let n = 0; n < 50; n++) make(reservations, `caller ${n}`, `list ${n}`);
    expect(make(reservations, 'late', 'list', 60_000)).toBe(60_000);
  });

  test('are bounded in number', () => {
    const reservations = createReservations();
    for (let n = 0; n < 20_000; n++) make(reservations, 'a', `list ${n}`);
    expect(reservations.dueTurn('list 0', Infinity)).toBeNull();
    expect(reservations.dueTurn('list 19999', Infinity)).toBe(0);
    // As far ahead as there are reservations.
    expect(make(reservations, 'a', 'one more')).toBeLessThanOrEqual(10_000 * intervalMs);
  });
});
