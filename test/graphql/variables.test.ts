import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Simulator, startSimulator } from '../../simulator/server.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

let simulator: Simulator;
/** Runs every operation by graphql-js. */
let reference: TestGateway;
let byDefault: TestGateway;
let withoutStoredResponses: TestGateway;

beforeAll(async () => {
  simulator = await startSimulator({ qps: null });
  const start = (settings: Record<string, string>) =>
    startTestGateway({ before: simulator, settings: { CACHE_FRESH_MS: '3600000', ...settings } });
  reference = await start({ COMPILED_QUERIES: 'off', STORED_ANSWERS: 'off' });
  byDefault = await start({});
  withoutStoredResponses = await start({ STORED_ANSWERS: 'off' });
});
afterAll(async () => {
  await Promise.all([reference, byDefault, withoutStoredResponses].map((gateway) => gateway.close()));
  await simulator.close();
});

interface Operation {
  query: string;
  /** As JSON, since no object literal has a field `__proto__`. */
  variables: string;
  operationName?: string;
}

interface UpstreamResult {
  status: number;
  body: string;
}

async function post(gateway: TestGateway, operation: Operation): Promise<UpstreamResult> {
  const { query, variables, operationName = null } = operation;
  const response = await fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: `{"query":${JSON.stringify(query)},"operationName":${JSON.stringify(operationName)},"variables":${variables}}`,
  });
  return { status: response.status, body: await response.text() };
}

async function get(gateway: TestGateway, operation: Operation): Promise<UpstreamResult> {
  const search = new URLSearchParams({ ...operation });
  const response = await fetch(`${gateway.url}/graphql?${search.toString()}`, {
    headers: { 'apollo-require-preflight': 'yes' },
  });
  return { status: response.status, body: await response.text() };
}

const RUNS = 'edges { node { runId } } totalCount';
const FIRST = `query ($p: ID!, $first: Int! = 2) { pipelineRuns(projectId: $p, first: $first) { ${RUNS} } }`;
const PAGE = `query ($p: ID!, $page: PageInput) { pipelineRuns(projectId: $p, page: $page) { ${RUNS} } }`;
const NUMBER = `query ($p: ID!, $n: Int) { pipelineRuns(projectId: $p, page: { number: $n, size: 2 }) { ${RUNS} } }`;
const STATUS = `query ($p: ID!, $s: PipelineRunStatus = FAILED) { pipelineRuns(projectId: $p, filter: { status: $s }) { ${RUNS} } }`;
const FILTER = `query ($p: ID!, $f: PipelineRunFilter = { status: FAILED }) { pipelineRuns(projectId: $p, filter: $f, first: 2) { ${RUNS} } }`;
const PROJECT = 'query ($p: ID = "10001") { project(projectId: $p) { name } }';
const NODES = 'query ($ids: [ID!]! = ["gid://dataworks/Project/10001"]) { nodes(ids: $ids) { id } }';
const ENTITIES =
  'query ($id: ID) { _entities(representations: [{ __typename: "Project", projectId: $id }]) { __typename } }';
const SKIP = 'query ($s: Boolean = true) { project(projectId: 10001) { id name @skip(if: $s) } }';
const SKIP_ROOT = 'query ($s: Boolean = true) { __typename project(projectId: 10001) @skip(if: $s) { id } }';
const PROTO = 'query ($__proto__: ID!) { project(projectId: $__proto__) { id } }';
const TWO = `query A($p: ID! = 10001) { project(projectId: $p) { id } } query B($p: Int! = 2) { pipelineRuns(projectId: 10001, first: $p) { ${RUNS} } }`;

/** Each is sent with all of its variables, often enough to be compiled. */
const cases: [name: string, query: string, variables: string[], operationName?: string][] = [
  ['a default of a non-null variable', FIRST, ['{"p":10001}', '{"p":"10002"}', '{"p":10001,"first":3}']],
  ['a variable that is null or wrong', FIRST, ['{"p":10001}', '{"p":10001,"first":null}', '{"first":1.5}']],
  [
    'defaults of input fields',
    PAGE,
    [
      '{"p":10001,"page":{"number":2}}',
      '{"p":10001,"page":{}}',
      '{"p":10001,"page":null}',
      '{"p":10001}',
      '{"p":10001,"page":{"size":2}}',
      '{"p":10001,"page":{"size":null}}',
      '{"p":10001,"page":{"unknown":1}}',
    ],
  ],
  ['a variable as an input field with a default', NUMBER, ['{"p":10001}', '{"p":10001,"n":2}']],
  ['a variable as an input field that is null', NUMBER, ['{"p":10001,"n":null}', '{"p":10001,"n":1}']],
  ['an enum as an input field', STATUS, ['{"p":10001}', '{"p":10001,"s":null}', '{"p":10001,"s":"RUNNING"}']],
  ['a default object', FILTER, ['{"p":10001}', '{"p":10001,"f":{}}', '{"p":10001,"f":{"status":"X"}}']],
  ['a default where null is not allowed', PROJECT, ['{}', '{"p":10002}', '{"p":null}']],
  ['a list', NODES, ['{}', '{"ids":"gid://dataworks/Project/10002"}', '{"ids":[null]}', '{"ids":[]}']],
  ['a variable in a representation', ENTITIES, ['{"id":10001}', '{"id":"10002"}', '{}']],
  ['a condition', SKIP, ['{}', '{"s":false}', '{"s":null}']],
  ['a condition at the root', SKIP_ROOT, ['{}', '{"s":false}', '{"s":null}']],
  ['one of two operations', TWO, ['{}', '{"p":"10002"}'], 'A'],
  ['the other of two operations', TWO, ['{}', '{"p":3}', '{"p":"10002"}'], 'B'],
  ['none of two operations', TWO, ['{}']],
  ['a variable $__proto__', PROTO, ['{"__proto__":"10001"}', '{"__proto__":10002}']],
];

describe('variables', () => {
  test.each(cases)('with %s give the same result as graphql-js on every request', async (...row) => {
    const [, query, sets, name] = row;
    const bodies = new Set<string>();
    for (let round = 1; round <= 4; round++) {
      for (const variables of sets) {
        const operation = { query, variables, ...(name && { operationName: name }) };
        const expected = await post(reference, operation);
        bodies.add(expected.body);
        for (const gateway of [byDefault, withoutStoredResponses]) {
          expect({ round, variables, ...(await post(gateway, operation)) }).toEqual({
            round,
            variables,
            ...expected,
          });
          expect(await get(gateway, operation)).toEqual(expected);
        }
        expect(await get(reference, operation)).toEqual(expected);
      }
    }
    expect(bodies.size).toBeGreaterThanOrEqual(Math.min(2, sets.length));
  });

  test.each([
    ['an argument', PROJECT, '{"p":null}', { project: null }],
    ['an input field', NUMBER, '{"p":10001,"n":null}', { pipelineRuns: null }],
    ['a condition', SKIP, '{"s":null}', { project: null }],
    ['a condition at the root', SKIP_ROOT, '{"s":null}', null],
  ])('that are null for %s that must not be null are BAD_USER_INPUT', async (_, query, variables, data) => {
    for (let round = 1; round <= 4; round++) {
      const { status, body } = await post(withoutStoredResponses, { query, variables });
      const { errors, ...rest } = JSON.parse(body) as { errors: { message: string }[] };
      expect([status, rest]).toEqual([200, { data }]);
      expect(errors).toMatchObject([
        { message: expect.stringMatching(/^Argument "/), extensions: { code: 'BAD_USER_INPUT' } },
      ]);
    }
  });

  test('a response key __proto__ is an ordinary field', async () => {
    const operation = {
      query: '{ __proto__: project(projectId: 10001) { __proto__: projectId } }',
      variables: '{}',
    };
    for (let round = 1; round <= 4; round++) {
      for (const gateway of [reference, byDefault, withoutStoredResponses]) {
        const { status, body } = await post(gateway, operation);
        expect([status, body.trim()]).toEqual([200, '{"data":{"__proto__":{"__proto__":"10001"}}}']);
      }
    }
  });
});
