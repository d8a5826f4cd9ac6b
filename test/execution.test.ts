import { describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { execute, type ExecutionResult, GraphQLError, parse, validate } from 'graphql';
import { createCompiledExecution, type ExecutionRequest } from '../src/execution/compiled.ts';
import { UpstreamError } from '../src/model.ts';
import type { StaleParts } from '../src/context.ts';
import { createSchema } from '../src/schema.ts';
import { createStaleParts } from '../src/staleParts.ts';
import { runOf } from './support/fakeUpstream.ts';
import { generateOperation } from './support/operationCorpus.ts';

const schema = createSchema();

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
    detail: { digits: '9007199254740993', list: [1, null] },
  };
  return runOf(runId, 'SUCCEEDED', {
    createTime: 1_700_000_000_000,
    stages: [stage, { ...stage, code: 'DEV' }],
  });
}

function windowOf<Row>(rows: Row[]) {
  return {
    edges: rows.map((node, at) => ({ node, cursor: `c${at}` })),
    totalCount: rows.length,
    hasNextPage: true,
    hasPreviousPage: false,
    asOf: 1_700_000_000_000,
    staleBecause: null,
  };
}

function answerOf<Value>(value: Value) {
  return Promise.resolve({ value, asOf: 1_700_000_000_000, staleBecause: 'REFRESHING' as const });
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

/** Loaders that answer from nothing but their arguments: what is called 13 fails, `none` is not there, run-2 has a stage without a code. */
const contextValue = {
  staleParts: { add: () => undefined },
  loaders: {
    runs: ({ projectId }: { projectId: string }) =>
      projectId === '13'
        ? Promise.reject(failure())
        : Promise.resolve(windowOf([runNamed('run-1'), runNamed('run-2')])),
    run: ({ runId }: { runId: string }) =>
      runId === 'run-13' ? Promise.reject(failure()) : answerOf(runId === 'none' ? null : runNamed(runId)),
    items: ({ runId }: { runId: string }) =>
      runId === 'run-2' ? Promise.reject(failure()) : Promise.resolve(windowOf([item])),
    project: (projectId: string) =>
      projectId === '13'
        ? Promise.reject(failure())
        : answerOf({
            projectId,
            name: 'p',
            displayName: null,
            description: null,
            owner: 'o',
            status: 'AVAILABLE',
            rawStatus: 'A',
          }),
  },
};

function requestOf(query: string, variables: Record<string, unknown> = {}): ExecutionRequest {
  const queryHash = createHash('sha256').update(query).digest('hex');
  return { document: parse(query), queryHash, operationName: null, variables, contextValue };
}

/** In one order: resolvers run in any. */
function pathsOf(parts: StaleParts, { data }: ExecutionResult): string[] {
  return (parts.extensions(data)?.stale ?? []).map(({ path }) => path.join('.')).sort();
}

interface Told {
  message: string;
  path: readonly (string | number)[];
  [key: string]: unknown;
}

/** As callers get it, with errors in one order: nobody promises any. */
function errorsOf({ errors = [] }: ExecutionResult): Told[] {
  return errors
    .map(({ message, path = [], locations, originalError }) => ({
      // Compiled code names a field as often as it is selected.
      message: message.replace(/\.\((\w+)(?:,\1)*\)/, '.$1'),
      path,
      locations,
      code: (originalError as { extensions?: Record<string, unknown> } | undefined)?.extensions?.['code'],
      kind: (originalError as { kind?: string } | undefined)?.kind,
    }))
    .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

/** Whether an error lies below a place that is null: graphql-js tells of the first that made it so and stops, compiled code of all. */
function isBelowNull({ path }: Told, data: unknown): boolean {
  let value = data;
  for (const key of path.slice(0, -1)) {
    if (value === null || value === undefined) return true;
    value = (value as Record<string | number, unknown>)[key];
  }
  return value === null || value === undefined;
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

async function afterAsking(
  times: number,
  request: ExecutionRequest,
  run: ReturnType<typeof createCompiledExecution>,
) {
  for (let n = 1; n < times; n++) await run(request);
  return run(request);
}

/** graphql-js makes objects without a prototype, compiled code plain ones. */
function isOfCompiledCode({ data }: ExecutionResult): boolean {
  return data != null && Object.getPrototypeOf(data) === Object.prototype;
}

/** How many operations the corpus has. */
const SEEDS = Number(process.env['SEEDS'] ?? 300);

describe('compiled execution', () => {
  test('answers as graphql-js does, over a corpus of generated queries', async () => {
    const compiled = createCompiledExecution({ schema });
    const seen = { compared: 0, compiled: 0, withErrors: 0, stale: 0 };
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { query, variables } = generateOperation(schema, seed, { conditions: seed % 4 === 0 });
      const request = requestOf(query, variables);
      if (validate(schema, request.document).length > 0) continue;
      const staleParts = { expected: createStaleParts(), got: createStaleParts() };
      const expected = await execute({
        schema,
        document: request.document,
        variableValues: variables,
        contextValue: { ...contextValue, staleParts: staleParts.expected },
      });
      await afterAsking(2, request, compiled);
      const got = await compiled({
        ...request,
        contextValue: { ...contextValue, staleParts: staleParts.got },
      });
      const told = errorsOf(expected);
      const gotten = errorsOf(got);
      const missing = told.filter((one) => !gotten.some((other) => isSame(one, other)));
      const more = gotten.filter(
        (one) => !told.some((other) => isSame(one, other)) && !isBelowNull(one, got.data),
      );
      expect({ seed, query, missing, more }).toEqual({ seed, query, missing: [], more: [] });
      expect(JSON.stringify(got.data)).toBe(JSON.stringify(expected.data));
      const stalePaths = pathsOf(staleParts.got, got);
      expect(stalePaths).toEqual(pathsOf(staleParts.expected, expected));
      if (stalePaths.length > 0) seen.stale += 1;
      seen.compared += 1;
      if (isOfCompiledCode(got)) seen.compiled += 1;
      if (expected.errors) seen.withErrors += 1;
    }
    // Most are valid, and have no conditions.
    expect(seen.compared).toBeGreaterThan(0.8 * SEEDS);
    expect(seen.compiled).toBeGreaterThan(0.6 * SEEDS);
    expect(seen.withErrors).toBeGreaterThan(0.3 * SEEDS);
    expect(seen.stale).toBeGreaterThan(0.3 * SEEDS);
  });

  test('begins when an operation is asked for the third time', async () => {
    const compiled = createCompiledExecution({ schema });
    const request = requestOf('{ project(projectId: 1) { id } }');
    const kinds = [];
    for (let n = 0; n < 4; n++) kinds.push(isOfCompiledCode(await compiled(request)));
    expect(kinds).toEqual([false, false, true, true]);
  });

  test('keeps as many operations as it may, those that were asked for last', async () => {
    const compiled = createCompiledExecution({ schema, maxOperations: 2 });
    const [a, b, c] = ['a', 'b', 'c'].map((alias) => requestOf(`{ ${alias}: project(projectId: 1) { id } }`));
    for (const request of [a!, b!, c!]) {
      expect(isOfCompiledCode(await afterAsking(3, request, compiled))).toBe(true);
    }
    expect(isOfCompiledCode(await compiled(b!))).toBe(true);
    expect(isOfCompiledCode(await compiled(a!))).toBe(false);
  });

  test('tells the operations of one document apart', async () => {
    const compiled = createCompiledExecution({ schema });
    const request = requestOf('query A { a: __typename } query B { b: __typename }');
    const [a, b, none] = [
      await afterAsking(3, { ...request, operationName: 'A' }, compiled),
      await afterAsking(3, { ...request, operationName: 'B' }, compiled),
      await afterAsking(3, request, compiled),
    ];
    expect([a.data, b.data]).toEqual([{ a: 'Query' }, { b: 'Query' }]);
    expect(none.errors?.[0]?.message).toMatch(/operation name/);
  });

  test.each(['{ __typename @skip(if: false) }', '{ ... @include(if: true) { __typename } }'])(
    'leaves %s to graphql-js',
    async (query) => {
      const result = await afterAsking(4, requestOf(query), createCompiledExecution({ schema }));
      expect(isOfCompiledCode(result)).toBe(false);
      expect(result.data).toEqual({ __typename: 'Query' });
    },
  );

  test('leaves variables that do not fit to graphql-js, before any resolver runs', async () => {
    const query = 'query ($first: Int!) { pipelineRuns(projectId: 1, first: $first) { totalCount } }';
    const compiled = createCompiledExecution({ schema });
    await afterAsking(3, requestOf(query, { first: 1 }), compiled);
    const refused = await compiled(requestOf(query, { first: 'one' }));
    expect(refused.data).toBeUndefined();
    expect(refused.errors?.[0]?.message).toMatch(/^Variable "\$first" got invalid value/);
    expect(refused.errors?.[0]?.nodes?.[0]?.kind).toBe('VariableDefinition');
  });

  test('gives errors of the kind that Apollo Server reads', async () => {
    const query = '{ pipelineRuns(projectId: 13) { totalCount } }';
    const { data, errors } = await afterAsking(3, requestOf(query), createCompiledExecution({ schema }));
    expect(data).toEqual({ pipelineRuns: null });
    expect(errors?.[0]).toBeInstanceOf(GraphQLError);
    expect(errors?.[0]?.toJSON()).toEqual({
      message: 'It failed.',
      locations: [{ line: 1, column: 3 }],
      path: ['pipelineRuns'],
    });
    expect(errors?.[0]?.originalError).toBeInstanceOf(UpstreamError);
  });
});
