import type { ErrorCode } from '../../src/core/errors.ts';
import type { RunTruth } from '../../simulator/server.ts';
import type { Operation } from './operations.ts';
import { problemWithList, problemWithRuns, type ShownRun } from './truth.ts';

/** Counts of the checked responses. */
export interface Verdicts {
  fresh: number;
  /** Stale and labelled as stale. */
  stale: number;
  /** Documented errors by code. */
  rejected: Record<string, number>;
  /** Responses compared with the simulator's data, row by row. */
  checked: number;
  /** Descriptions, with the request. */
  wrong: string[];
}

/** A response as received. Times are epoch milliseconds of the machine's clock. */
export interface Arrival {
  operation: Operation;
  text: string;
  sentAt: number;
  receivedAt: number;
  /** How far ahead of the machine's clock the gateway's may have been, where it is one that jumps. Milliseconds; default 0. */
  clockAheadMs?: readonly number[];
}

export interface Judge {
  hear(arrival: Arrival): void;
  /** Compares the sampled responses with the simulator's data. */
  conclude(truthOf: (projectId: string) => Promise<readonly RunTruth[]>): Promise<Verdicts>;
}

/** Error codes that a caller may get, all documented. A masked error is a bug, so it is not included. */
const documentedErrors: Readonly<Record<string, true>> = {
  BAD_USER_INPUT: true,
  UNAUTHENTICATED: true,
  FORBIDDEN: true,
  QUERY_TOO_EXPENSIVE: true,
  RATE_LIMITED: true,
  TOO_MANY_SUBSCRIPTIONS: true,
  REQUEST_TIMEOUT: true,
  OVERLOADED: true,
  SHUTTING_DOWN: true,
  UPSTREAM_FORBIDDEN: true,
  UPSTREAM_REJECTED: true,
  UPSTREAM_THROTTLED: true,
  UPSTREAM_QUOTA_EXHAUSTED: true,
  UPSTREAM_TIMEOUT: true,
  UPSTREAM_UNAVAILABLE: true,
  UPSTREAM_INVALID_RESPONSE: true,
  GRAPHQL_PARSE_FAILED: true,
  GRAPHQL_VALIDATION_FAILED: true,
} satisfies Record<
  Exclude<ErrorCode, 'INTERNAL_SERVER_ERROR'> | 'GRAPHQL_PARSE_FAILED' | 'GRAPHQL_VALIDATION_FAILED',
  true
>;

/** Errors that any operation can get, whatever it requests. */
const ofTheMoment = /^(?:RATE_LIMITED|OVERLOADED|REQUEST_TIMEOUT|UPSTREAM_.*)$/;

/** Beyond this number, wrong responses are counted but not described. */
const MAX_DESCRIBED = 20;

/**
 * Checks the code of every response with errors, and the rows of every `checkEvery`-th without.
 *
 * @param freshMs how old a fresh response may be
 */
export function createJudge({ checkEvery, freshMs }: { checkEvery: number; freshMs: number }): Judge {
  const verdicts: Verdicts = { fresh: 0, stale: 0, rejected: {}, checked: 0, wrong: [] };
  const sampled: Arrival[] = [];
  let served = 0;

  function found(problem: string, { operation, text }: Arrival): void {
    const described = `${operation.name}: ${problem} ${operation.body.slice(0, 200)} → ${text.slice(0, 300)}`;
    verdicts.wrong.push(verdicts.wrong.length < MAX_DESCRIBED ? described : operation.name);
  }

  function judgeError(arrival: Arrival): void {
    const codes = codesIn(arrival.text);
    const { expect } = arrival.operation;
    const isFit = (code: string) =>
      code in documentedErrors &&
      (ofTheMoment.test(code) || (expect.answer === 'rejection' && expect.code === code));
    const unfit = codes.find((code) => !isFit(code));
    if (codes.length === 0 || unfit !== undefined)
      found(`${unfit ?? 'No code'} is not an error that this operation can have.`, arrival);
    else verdicts.rejected[codes[0] ?? ''] = (verdicts.rejected[codes[0] ?? ''] ?? 0) + 1;
  }

  return {
    hear(arrival) {
      const { text, operation } = arrival;
      if (!text.startsWith('{"data":{') || text.includes('"errors":[{')) {
        judgeError(arrival);
      } else if (operation.expect.answer === 'rejection') {
        found('It was not rejected.', arrival);
      } else {
        if (text.includes('"staleBecause":"')) verdicts.stale += 1;
        else verdicts.fresh += 1;
        served += 1;
        if (served % checkEvery === 0) sampled.push(arrival);
      }
    },
    async conclude(truthOf) {
      const truths = new Map<string, readonly RunTruth[]>();
      for (const arrival of sampled) {
        const projectId = projectOf(arrival.operation);
        const truth = truths.get(projectId) ?? (await truthOf(projectId));
        truths.set(projectId, truth);
        const problem = problemIn(arrival, truth, freshMs);
        if (problem !== null) found(problem, arrival);
      }
      verdicts.checked += sampled.length;
      sampled.length = 0;
      return verdicts;
    },
  };
}

function codesIn(text: string): string[] {
  try {
    const { errors = [] } = JSON.parse(text) as { errors?: { extensions?: { code?: string } }[] };
    return errors.map(({ extensions }) => extensions?.code ?? 'an error without a code');
  } catch {
    return [];
  }
}

function projectOf({ expect }: Operation): string {
  if (expect.answer === 'list') return expect.list.projectId;
  return expect.answer === 'runs' ? expect.projectId : '';
}

interface WireList {
  totalCount: number;
  nodes: WireRun[];
  asOf: string;
  staleBecause: string | null;
}

interface WireRun {
  runId: string;
  createTime: string;
  status: string;
}

function problemIn(arrival: Arrival, truth: readonly RunTruth[], freshMs: number): string | null {
  const { operation, text, sentAt, receivedAt, clockAheadMs = [0] } = arrival;
  const { data } = JSON.parse(text) as { data: { pipelineRuns: WireList; nodes: (WireRun | null)[] } };
  const { expect } = operation;
  if (expect.answer === 'runs') {
    const runs = data.nodes.filter((node) => node !== null);
    const isAll = runs.map(({ runId }) => runId).join() === expect.runIds.join();
    return isAll ? problemWithRuns(runs.map(shownRun), truth) : 'It has other runs than were asked for.';
  }
  if (expect.answer !== 'list') return null;
  const { totalCount, nodes, asOf, staleBecause } = data.pipelineRuns;
  const problems = clockAheadMs.map((aheadMs) => {
    const times = { asOf: Date.parse(asOf) - aheadMs, isFresh: staleBecause === null, sentAt, receivedAt };
    return problemWithList({ ...expect, ...times, totalCount, rows: nodes.map(shownRun) }, truth, freshMs);
  });
  return problems.includes(null) ? null : (problems[0] ?? null);
}

function shownRun({ runId, createTime, status }: WireRun): ShownRun {
  return { runId, createTime: Date.parse(createTime), status };
}
