import { describe, expect, test } from '@jest/globals';
import { execute, getIntrospectionQuery, parse, validate } from 'graphql';
import { countObjects } from '../../src/graphql/outputObjects.ts';
import { createSchema } from '../../src/graphql/schema.ts';
import { boundOperation } from '../support/boundOperation.ts';
import { runOf } from '../support/fakeUpstream.ts';
import { generateOperation } from '../support/operationCorpus.ts';

const schema = createSchema();
const MAX = 4000;
const RUNS = 'pipelineRuns(projectId: 1, first: 100)';

function count(query: string, variables: Record<string, unknown> = {}, name: string | null = null): number {
  return countObjects(
    boundOperation(schema, { document: parse(query), operationName: name, variables }, MAX),
  );
}

const many = (length: number, make: (index: number) => string) =>
  Array.from({ length }, (_, index) => make(index)).join(' ');

describe('the count of output objects', () => {
  test.each([
    ['a connection by its rows, even if none is selected', `{ ${RUNS} { totalCount } }`, 101],
    ['each list of a connection once', `{ ${RUNS} { edges { cursor } nodes { runId } } }`, 201],
    ['edges and the rows in them', `{ ${RUNS} { edges { cursor node { runId } } } }`, 201],
    ['stages at their nominal length', `{ ${RUNS} { nodes { stages { code } } } }`, 601],
    [
      'an alias like a field of its own',
      `{ ${RUNS} { nodes { runId } n0: nodes { stages { code } } } }`,
      701,
    ],
    ['five aliased leaves as one object', `{ ${RUNS} { nodes { ${many(5, (i) => `a${i}: runId`)} } } }`, 201],
    ['ten rows by default', '{ pipelineRuns(projectId: 1) { pageInfo { endCursor } } }', 12],
    ['the size of a numbered page', '{ pipelineRuns(projectId: 1, page: { size: 7 }) { totalCount } }', 8],
    ['a rejected window as an error', '{ pipelineRuns(projectId: 1, first: 101) { nodes { runId } } }', 5],
    [
      'a connection after a cursor as at least one error',
      '{ pipelineRuns(projectId: 1, first: 1, after: "x") { totalCount } }',
      5,
    ],
    ['ids by their number', '{ nodes(ids: ["a", "b", "c"]) { id } }', 3],
    ['a single id as a list of one', '{ nodes(ids: "a") { id } }', 1],
    [
      'representations by their number',
      '{ _entities(representations: [{ a: 1 }, { a: 2 }]) { ... on PipelineRun { stages { code } } } }',
      12,
    ],
    [
      'the head of a list in each event',
      'subscription { pipelineRunsUpdated(projectId: 1) { updates { kind run { runId } changes { field } } } }',
      1 + 100 * (1 + 1 + 2),
    ],
  ])('counts %s', (_, query, objects) => {
    expect(count(query)).toBe(objects);
  });

  test('counts a fragment of leaves like the leaves themselves', () => {
    const leaves = many(5, (i) => `a${i}: runId`);
    expect(count(`{ ${RUNS} { nodes { ...F } } } fragment F on PipelineRun { ${leaves} }`)).toBe(201);
    const types = count('{ __schema { types { name } } }');
    const spread =
      '{ __schema { types { ...F ...G } } } fragment F on __Type { ...G } fragment G on __Type { name }';
    expect(count(spread)).toBe(types);
    expect(types).toBe(1 + Object.keys(schema.getTypeMap()).length);
  });

  test('reads the number of rows from variables and their defaults', () => {
    const query = `query ($n: Int = 7, $ids: [ID!]!) {
      pipelineRuns(projectId: 1, last: $n) { totalCount } nodes(ids: $ids) { id }
    }`;
    expect(count(query, { ids: ['a'] })).toBe(9);
    expect(count(query, { ids: ['a', 'b'], n: 50 })).toBe(53);
  });

  test('finds more than a hundred thousand objects in a document of 521 characters', () => {
    const all = 'id runId projectId createTime modifyTime creator status rawStatus message description';
    const query = `{pipelineRuns(projectId:"10000",first:100){nodes{project{pipelineRuns(first:49){edges{node{...R}} nodes{...R} ${many(14, (i) => `n${i}:nodes{...R}`)}}}}}} fragment R on PipelineRun{${all} stages{code}}`;
    expect(count(query)).toBeGreaterThan(400_000);
  });

  test('saturates instead of overflowing where fragments double at each of 200 steps', () => {
    const step = (i: number) =>
      `fragment F${i} on Project { a: pipelineRuns(first: 100) { nodes { project { ...F${i + 1} } } } b: pipelineRuns(first: 100) { nodes { project { ...F${i + 1} } } } }`;
    const query = `{ project(projectId: 1) { ...F0 } } ${many(200, step)} fragment F200 on Project { name }`;
    expect(count(query)).toBe(Number.MAX_SAFE_INTEGER);
  });

  test('resolves introspection, so that the standard query stays far within the limit', () => {
    const query = getIntrospectionQuery();
    const { data } = execute({ schema, document: parse(query) }) as { data: unknown };
    const actual = objectsIn(data);
    expect(actual).toBeGreaterThan(500);
    expect(count(query)).toBeGreaterThanOrEqual(actual);
    expect(count(query)).toBeLessThan(MAX);
  });

  test.each([
    ['first', '$__proto__'],
    ['last', '$__proto__'],
    ['page', '{ size: $__proto__ }'],
    ['first', '$constructor'],
  ])('is not below that of the largest window where `%s` is %s', (argument, value) => {
    const below = '{ nodes { project { pipelineRuns(first: 100) { nodes { runId } } } } }';
    const query = `query ($__proto__: Int, $constructor: Int) { pipelineRuns(projectId: 1, ${argument}: ${value}) ${below} }`;
    // As many as the gateway gives where the variable is absent.
    expect(count(query)).toBeGreaterThanOrEqual(count(`{ pipelineRuns(projectId: 1) ${below} }`));
    const given = JSON.parse('{ "__proto__": 100, "constructor": 100 }') as Record<string, unknown>;
    expect(count(query, given)).toBe(count(`{ pipelineRuns(projectId: 1, first: 100) ${below} }`));
  });

  test('stops early if aliases multiply introspection', () => {
    const type = 'type { fields { name args { name } } ofType { fields { name args { name } } } }';
    const query = `{ __schema { types { fields { ${many(15, (i) => `t${i}: ${type}`)} } } } }`;
    expect(count(query)).toBeGreaterThan(MAX);
    expect(count(query)).toBeLessThan(2 * MAX);
  });

  test('is never below what an execution returns, over a corpus of generated queries', async () => {
    const seen = { compared: 0, objects: 0 };
    for (let seed = 1; seed <= 1200; seed++) {
      const operation = generateOperation(schema, seed, { conditions: true });
      const { query, operationName } = operation;
      const { variables } = operation.nextVariables();
      const document = parse(query);
      if (validate(schema, document).length > 0) continue;
      const { data } = await execute({
        schema,
        document,
        operationName,
        variableValues: variables,
        contextValue,
      });
      if (data === undefined) {
        expect(() => count(query, variables, operationName)).toThrow(/^Variable "/);
        seen.compared += 1;
        continue;
      }
      const actual = objectsIn(data);
      const counted = count(query, variables, operationName);
      expect({ query, isEnough: counted >= Math.min(actual, MAX) }).toEqual({ query, isEnough: true });
      seen.compared += 1;
      seen.objects += actual;
    }
    expect(seen.compared).toBeGreaterThan(960);
    expect(seen.objects).toBeGreaterThan(2000);
  });
});

/** Objects in an answer, without the answer itself. JSON values are one each. */
function objectsIn(data: unknown): number {
  let objects = -1;
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit);
    else if (typeof value === 'object' && value !== null) {
      objects += 1;
      Object.values(value).forEach(visit);
    }
  };
  visit(data);
  return Math.max(0, objects);
}

/** As many rows as are asked for, five stages each. */
const contextValue = {
  output: { objectsLeft: Infinity },
  staleParts: [] as unknown[],
  loaders: {
    runs: () => ({ read: (window: object) => Promise.resolve(windowOf(window, runNamed)) }),
    items: () => ({ read: (window: object) => Promise.resolve(windowOf(window, () => ({ itemId: '1' }))) }),
    run: ({ runId }: { runId: string }) => answerOf(runNamed(runId)),
    project: (projectId: string) => answerOf({ projectId, status: 'AVAILABLE', rawStatus: 'A' }),
  },
};

function answerOf<Value>(value: Value) {
  return Promise.resolve({ value, asOf: 0, staleBecause: null });
}

function runNamed(runId: string) {
  const stage = {
    code: 'C',
    step: 1,
    type: 'BUILD',
    rawType: '',
    status: 'FAILED',
    rawStatus: '',
    detail: 1,
  };
  return runOf(runId, 'SUCCEEDED', { stages: Array.from({ length: 5 }, () => stage as never) });
}

function windowOf<Row>(window: { count?: number }, makeRow: (name: string) => Row) {
  const rows = Array.from({ length: window.count ?? 0 }, (_, n) => makeRow(`run-${n}`));
  return {
    nodes: rows,
    cursorAt: (at: number) => `c${at}`,
    totalCount: rows.length,
    hasNextPage: true,
    hasPreviousPage: false,
    asOf: 0,
    staleBecause: null,
  };
}
