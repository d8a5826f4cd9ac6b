import type { RunTruth } from '../../simulator/server.ts';

/** What a response said of one list, and when. Times are epoch milliseconds of the machine's clock. */
export interface ShownList {
  list: { projectId: string; creator?: string; status?: 'FAILED' };
  offset: number;
  limit: number;
  totalCount: number;
  rows: readonly ShownRun[];
  asOf: number;
  isFresh: boolean;
  sentAt: number;
  receivedAt: number;
}

export interface ShownRun {
  runId: string;
  createTime: number;
  status: string;
}

/** How far the clocks of two processes and rounding can lie apart, in milliseconds. */
const SLACK_MS = 250;

const finals: Readonly<Record<string, string>> = {
  Success: 'SUCCEEDED',
  Fail: 'FAILED',
  Termination: 'TERMINATED',
  Cancel: 'CANCELED',
};

/**
 * What is wrong with a response, or null. Runs are only added at the head, so the list at any earlier time is the end of the current
 * list. The response must equal, in every row and its count, the list at some time between its `asOf` and its arrival. A fresh one
 * must not be older than its freshness.
 *
 * @param runs all runs of the project, newest first, looked up after the response arrived
 */
export function problemWithList(shown: ShownList, runs: readonly RunTruth[], freshMs: number): string | null {
  const { asOf, isFresh, sentAt, list } = shown;
  if (isFresh && asOf < sentAt - freshMs - SLACK_MS) {
    return `It says that it is fresh, and is ${sentAt - asOf} ms old.`;
  }
  const rowProblem = problemWithRuns(shown.rows, runs);
  if (rowProblem !== null) return rowProblem;
  // Which runs have failed changes with time, so each of these rows can be checked, but not whether one is missing.
  if (list.status !== undefined) return inOrder(shown.rows, runs) ? null : 'Its rows are out of order.';
  const matching = runs.filter(({ creator }) => list.creator === undefined || creator === list.creator);
  return wasTrueOnce(shown, matching) ? null : 'It never was so between its asOf and its arrival.';
}

/** What is wrong with single runs, or null. A run that has ended never changes again. */
export function problemWithRuns(rows: readonly ShownRun[], runs: readonly RunTruth[]): string | null {
  const byId = new Map(runs.map((run) => [run.id, run]));
  for (const { runId, createTime, status } of rows) {
    const truth = byId.get(runId);
    if (!truth) return `There is no run ${runId}.`;
    if (truth.createTime !== createTime) return `Run ${runId} was not created at ${createTime}.`;
    const hasEnded = Object.values(finals).includes(status);
    if (hasEnded && finals[truth.status] !== status) return `Run ${runId} is not ${status}.`;
  }
  return null;
}

function wasTrueOnce({ offset, limit, totalCount, rows, ...shown }: ShownList, runs: readonly RunTruth[]) {
  for (let added = 0; added < runs.length || added === 0; added++) {
    const from = runs[added]?.createTime ?? -Infinity;
    const until = added === 0 ? Infinity : (runs[added - 1]?.createTime ?? Infinity);
    if (until < shown.asOf - SLACK_MS) return false;
    if (from > shown.receivedAt + SLACK_MS || totalCount !== runs.length - added) continue;
    const expected = runs.slice(added + offset, added + offset + limit);
    if (expected.length === rows.length && expected.every(({ id }, at) => id === rows[at]?.runId))
      return true;
  }
  return false;
}

function inOrder(rows: readonly ShownRun[], runs: readonly RunTruth[]): boolean {
  const places = new Map(runs.map(({ id }, place) => [id, place]));
  return rows.every(
    ({ runId }, at) => at === 0 || (places.get(runId) ?? 0) > (places.get(rows[at - 1]?.runId ?? '') ?? 0),
  );
}
