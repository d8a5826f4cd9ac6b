import { beforeAll, describe, expect, test } from '@jest/globals';
import { problemsOf } from '../../bench/load/report.ts';
import { type LoadFigures, runLoad } from '../../bench/load/run.ts';
import { problemWithList, type ShownList } from '../../bench/load/truth.ts';
import type { RunTruth } from '../../simulator/server.ts';

/** Of the twice-sustainable load. `npm run bench:load` is the same for ten minutes. */
const SECONDS = Number(process.env['SECONDS'] ?? 20);

describe('the gateway as built, at twice the load that it sustains', () => {
  let figures: LoadFigures[];

  beforeAll(
    async () => {
      figures = await runLoad({
        measuringSeconds: 5,
        seconds: SECONDS,
        limitedSeconds: 5,
        // However much less the machine has left for it than when it was measured.
        limitedShare: 0.05,
        sampleEveryMs: 1000,
      });
    },
    SECONDS * 1000 + 120_000,
  );

  test('gives answers that are right or refusals that have a code, and stays within bounds', () => {
    // Other tests share the machine, and what they take of it the event loop is late by.
    const bounds = { eventLoopP99Ms: 2000, residentMb: 500, growthPercent: 10 };
    const problems = problemsOf(figures, bounds).filter((problem) => !problem.includes('upstream calls'));
    expect(problems).toEqual([]);
  });

  test('makes no more upstream calls in any second than the account has', () => {
    expect(Math.max(...figures.map(({ upstream }) => upstream.mostInASecond))).toBeLessThanOrEqual(5);
  });

  test('refuses callers beyond their rate by name', () => {
    expect(figures.at(-1)?.verdicts.refused).toHaveProperty('RATE_LIMITED');
  });
});

describe('the truth that answers are held against', () => {
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

  test('is met by the list as it is, at every place', () => {
    expect(problem(shown(0))).toBeNull();
    expect(problem(shown(20, { offset: 20 }))).toBeNull();
  });

  test('is met by the list as it was, where the answer says of when it is', () => {
    const older = { totalCount: 29, asOf: now - 1000, sentAt: now + 3000 };
    expect(problem(shown(1, older))).toBeNull();
    expect(problem(shown(1, { ...older, asOf: now + 1000 }))).toMatch(/never was so/);
  });

  test('is not met by rows left out, doubled or of another place', () => {
    const whole = shown(0).rows;
    expect(problem(shown(0, { rows: whole.slice(1) }))).toMatch(/never was so/);
    expect(problem(shown(0, { rows: [...whole.slice(0, 9), whole[8]!] }))).toMatch(/never was so/);
    expect(problem(shown(2))).toMatch(/never was so/);
    expect(problem(shown(0, { totalCount: 28 }))).toMatch(/never was so/);
  });

  test('is not met by a run of another state', () => {
    const rows = shown(0).rows.map((row) => ({ ...row, status: 'FAILED' }));
    expect(problem(shown(0, { rows }))).toMatch(/is not FAILED/);
  });

  test('is not met by what is old and says that it is fresh', () => {
    const old = { sentAt: now + 8000, receivedAt: now + 8100 };
    expect(problem(shown(0, old))).toMatch(/says that it is fresh/);
    expect(problem(shown(0, { ...old, isFresh: false }))).toBeNull();
  });

  test('knows filtered lists by their creator', () => {
    const list = { projectId: '10000', creator: 'odd' };
    const odd = runs
      .filter(({ creator }) => creator === 'odd')
      .slice(0, 10)
      .map(({ id, createTime }) => ({ runId: id, createTime, status: 'SUCCEEDED' }));
    expect(problem(shown(0, { list, rows: odd, totalCount: 15 }))).toBeNull();
    expect(problem(shown(0, { list, totalCount: 15 }))).toMatch(/never was so/);
  });
});
