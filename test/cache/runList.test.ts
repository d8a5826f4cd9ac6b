import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { pageAt } from '../../src/cache/listState.ts';
import { reduce, unknownList } from '../../src/cache/runList.ts';
import type { PipelineRun } from '../../src/core/domain.ts';
import { createDice } from '../support/dice.ts';
import { pageOf, runOf } from '../support/fakeUpstream.ts';

const pageSize = 4;
const PAGES = 5;

type Kind = 'grows' | 'shrinks' | 'turns over';

/** A list that changes at odd times, and the pages of it that are read at even times, arriving in any order. */
function simulate(seed: number, kind: Kind) {
  const dice = createDice(seed);
  const traits = { pageSize, growsAtHead: true, trustMs: 10_000, staleMs: 10_000 };
  let state = unknownList;
  let serial = 0;
  const inserted = () => runOf(`r${serial++}`, dice(2) === 0 ? 'RUNNING' : 'SUCCEEDED');
  const versions = [{ since: -1, runs: Array.from({ length: kind === 'grows' ? 6 : 18 }, inserted) }];
  const underWay: { index: number; asOf: number; looksAt: number; arrivesAt: number; value?: Page }[] = [];
  const wrong: string[] = [];
  let pagesShown = 0;
  let confirmed = 0;

  for (let now = 0; now < 400; now += 2) {
    const runs = versions.at(-1)!.runs;
    if (dice(6) === 0) versions.push({ since: now - 1, runs: changed(runs) });
    if (dice(2) === 0) {
      const looksAt = now + 2 * dice(5);
      const index = dice(2) === 0 ? 0 : dice(PAGES);
      underWay.push({ index, asOf: now, looksAt, arrivesAt: looksAt + 2 * dice(5) });
    }
    for (const read of underWay)
      if (read.looksAt === now)
        read.value = pageOf(versions.at(-1)!.runs, { pageNumber: read.index + 1, pageSize });
    for (const { index, asOf, arrivesAt, value } of underWay)
      if (arrivesAt === now)
        state = reduce(state, {
          type: 'read',
          index,
          page: { value: value!, asOf, arrivedAt: now, version: now + 1 },
          traits,
        });
    for (let index = 0; index < PAGES; index++) check(index, now);
  }
  return { wrong, pagesShown, confirmed };

  function changed(runs: PipelineRun[]): PipelineRun[] {
    const chosen = dice(Math.max(1, runs.length));
    if (dice(3) === 0)
      return runs.map((run, at) => (at === chosen ? { ...run, status: 'SUCCEEDED' as const } : run));
    const grows = kind === 'grows' || (kind === 'turns over' && dice(2) === 0);
    return grows ? [inserted(), ...runs] : runs.filter((_, at) => at !== chosen);
  }

  /** The page must have the rows of one version of the list between its `asOf` and now, and each row a status that it had then. */
  function check(index: number, now: number): void {
    const before = state.snapshots.get(index);
    const page = pageAt(state, index);
    if (!page) return;
    pagesShown += 1;
    if (page.asOf > (before?.asOf ?? -Infinity)) confirmed += 1;
    const possible = versions.filter((_, at) => (versions[at + 1]?.since ?? Infinity) >= page.asOf);
    const pages = possible.map(({ runs }) => idsOf(pageOf(runs, { pageNumber: index + 1, pageSize })));
    if (!pages.includes(idsOf(page.value))) wrong.push(`page ${index} at ${now} as of ${page.asOf}`);
    for (const { runId, status } of page.value.rows) {
      const states = possible.map(({ runs }) => runs.find((run) => run.runId === runId)?.status);
      if (!states.includes(status)) wrong.push(`${runId} at ${now} as of ${page.asOf}: ${status}`);
    }
    state = reduce(state, { type: 'served', index, page });
    const after = state.snapshots.get(index);
    if (before && after && after.asOf < before.asOf) wrong.push(`snapshot ${index} at ${now} is older`);
  }
}

type Page = ReturnType<typeof pageOf<PipelineRun>>;

function idsOf({ rows, totalCount }: Page): string {
  return `${rows.map(({ runId }) => runId).join()} of ${totalCount}`;
}

describe('the state of a list', () => {
  test.each<Kind>(['grows', 'shrinks', 'turns over'])(
    'shows only pages that the list had between their asOf and now, when it %s',
    (kind) => {
      const seen = { pagesShown: 0, confirmed: 0 };
      fc.assert(
        fc.property(fc.nat(), (seed) => {
          const { wrong, pagesShown, confirmed } = simulate(seed, kind);
          seen.pagesShown += pagesShown;
          seen.confirmed += confirmed;
          expect(wrong).toEqual([]);
        }),
        { numRuns: 200, seed: 5 },
      );
      expect(seen.pagesShown).toBeGreaterThan(10_000);
      expect(seen.confirmed).toBeGreaterThan(1_000);
    },
  );
});

test('a list whose head is unknown has its own map of assembled pages', () => {
  const value = pageOf([runOf('a')], { pageNumber: 2, pageSize });
  const page = { value, asOf: 0, arrivedAt: 0, version: 1 };
  const traits = { pageSize, growsAtHead: true, trustMs: 10_000, staleMs: 10_000 };
  const state = reduce(unknownList, { type: 'read', index: 1, page, traits });
  expect(state.assembled).not.toBe(unknownList.assembled);
});
