import { describe, expect, test } from '@jest/globals';
import { problemWithList, type ShownList } from '../../bench/load/truth.ts';
import type { RunTruth } from '../../simulator/server.ts';

describe('the check that the load bench makes of each list', () => {
  const now = Date.UTC(2026, 0, 1);
  const runs: RunTruth[] = Array.from({ length: 30 }, (_, n) => ({
    id: `run-${n}`,
    createTime: now - n * 60_000,
    creator: n % 2 === 0 ? 'even' : 'odd',
    status: 'Success',
    objectIds: [],
  }));
  const shown = (from: number, more: Partial<ShownList> = {}): ShownList => ({
    list: { projectId: '10000' },
    offset: 0,
    limit: 10,
    totalCount: 30,
    rows: runs
      .slice(from, from + 10)
      .map(({ id, createTime }) => ({ runId: id, createTime, status: 'SUCCEEDED' })),
    asOf: now + 1000,
    isFresh: true,
    sentAt: now + 2000,
    receivedAt: now + 2100,
    ...more,
  });
  const problem = (list: ShownList) => problemWithList(list, runs, 5000);

  test('accepts the current list at every offset', () => {
    expect(problem(shown(0))).toBeNull();
    expect(problem(shown(20, { offset: 20 }))).toBeNull();
  });

  test('accepts an older list if its asOf says so', () => {
    const older = { totalCount: 29, asOf: now - 1000, sentAt: now + 3000 };
    expect(problem(shown(1, older))).toBeNull();
    expect(problem(shown(1, { ...older, asOf: now + 1000 }))).toMatch(/never was so/);
  });

  test('rejects missing rows, repeated rows and rows of another offset', () => {
    const whole = shown(0).rows;
    expect(problem(shown(0, { rows: whole.slice(1) }))).toMatch(/never was so/);
    expect(problem(shown(0, { rows: [...whole.slice(0, 9), whole[8]!] }))).toMatch(/never was so/);
    expect(problem(shown(2))).toMatch(/never was so/);
    expect(problem(shown(0, { totalCount: 28 }))).toMatch(/never was so/);
  });

  test('rejects a run in another state', () => {
    const rows = shown(0).rows.map((row) => ({ ...row, status: 'FAILED' }));
    expect(problem(shown(0, { rows }))).toMatch(/is not FAILED/);
  });

  test('rejects an old list that is labelled fresh', () => {
    const old = { sentAt: now + 8000, receivedAt: now + 8100 };
    expect(problem(shown(0, old))).toMatch(/says that it is fresh/);
    expect(problem(shown(0, { ...old, isFresh: false }))).toBeNull();
  });

  test('compares filtered lists by creator', () => {
    const list = { projectId: '10000', creator: 'odd' };
    const odd = runs
      .filter(({ creator }) => creator === 'odd')
      .slice(0, 10)
      .map(({ id, createTime }) => ({ runId: id, createTime, status: 'SUCCEEDED' }));
    expect(problem(shown(0, { list, rows: odd, totalCount: 15 }))).toBeNull();
    expect(problem(shown(0, { list, totalCount: 15 }))).toMatch(/never was so/);
  });
});
