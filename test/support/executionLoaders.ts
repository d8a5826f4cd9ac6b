import { documentOf } from '../../src/core/jsonDocument.ts';
import type { StalePart } from '../../src/graphql/context.ts';
import { UpstreamError } from '../../src/core/upstreamError.ts';
import { runOf } from './fakeUpstream.ts';

interface FakeReader {
  read: (window: unknown) => Promise<unknown>;
}

/** A context for executing operations without a gateway, and what its loaders were asked for. */
export interface FakeContext {
  loaders: {
    runs: (list: { projectId: string }) => FakeReader;
    items: (run: { runId: string }) => FakeReader;
    run: (key: { projectId: string; runId: string }) => Promise<unknown>;
    project: (projectId: string) => Promise<unknown>;
  };
  /** Each call with its arguments, as text. */
  calls: string[];
  staleParts: StalePart[];
  output: { objectsLeft: number };
}

/**
 * Loaders that answer from nothing but their arguments: what is called 13 fails, `none` does not exist, run-2 has a stage without a
 * code, run-3 a status that the schema does not have. Single runs and projects are stale.
 */
export function fakeContext(): FakeContext {
  const calls: string[] = [];
  const called = (name: string, ...given: unknown[]) => void calls.push(`${name} ${JSON.stringify(given)}`);
  return {
    calls,
    staleParts: [],
    output: { objectsLeft: Infinity },
    loaders: {
      runs: (list) => ({
        read(window) {
          called('runs', list, window);
          return list.projectId === '13'
            ? Promise.reject(failure())
            : // One row at most is invalid: two let graphql-js leave a rejected promise unhandled.
              Promise.resolve(windowOf(['run-1', 'run-2'].map(runNamed)));
        },
      }),
      run({ projectId, runId }) {
        called('run', projectId, runId);
        if (runId === 'run-13') return Promise.reject(failure());
        return staleAnswerOf(runId === 'none' ? null : runNamed(runId));
      },
      items: ({ runId }) => ({
        read(window) {
          called('items', runId, window);
          return runId === 'run-2' ? Promise.reject(failure()) : Promise.resolve(windowOf([item]));
        },
      }),
      project(projectId) {
        called('project', projectId);
        return projectId === '13' ? Promise.reject(failure()) : staleAnswerOf({ ...project, projectId });
      },
    },
  };
}

function staleAnswerOf<Value>(value: Value) {
  return Promise.resolve({ value, asOf: 1_700_000_000_000, staleBecause: 'REFRESHING' as const });
}

function failure() {
  return new UpstreamError('It failed.', { kind: 'unavailable', action: 'GetPipelineRun' });
}

function runNamed(runId: string) {
  const stage = {
    code: runId === 'run-2' ? (null as never) : 'BUILD',
    step: 1,
    type: 'BUILD' as const,
    rawType: 'Build',
    name: 'build',
    description: null,
    message: null,
    status: 'SUCCEEDED' as const,
    rawStatus: 'Success',
    detail: documentOf({ digits: '9007199254740993', list: [1, null] }),
  };
  return runOf(runId, runId === 'run-3' ? ('BOGUS' as never) : 'SUCCEEDED', {
    createTime: 1_700_000_000_000,
    stages: [stage, { ...stage, code: 'DEV' }],
  });
}

function windowOf<Row>(rows: Row[]) {
  return {
    nodes: rows,
    cursorAt: (at: number) => `c${at}`,
    totalCount: rows.length,
    hasNextPage: true,
    hasPreviousPage: false,
    asOf: 1_700_000_000_000,
    staleBecause: null,
  };
}

const item = {
  itemId: '1',
  name: 'n',
  type: 'NODE',
  rawType: 'Node',
  status: 'FAILED',
  rawStatus: 'Fail',
  spec: null,
};

const project = {
  name: 'p',
  displayName: null,
  description: null,
  owner: 'o',
  status: 'AVAILABLE',
  rawStatus: 'A',
};
