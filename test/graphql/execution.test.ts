import { describe, expect, test } from '@jest/globals';
import { type ExecutionResult, GraphQLError, parse } from 'graphql';
import { UpstreamError } from '../../src/core/upstreamError.ts';
import { createSchema } from '../../src/graphql/schema.ts';
import { createExecutor, type DocumentRequest } from '../support/boundOperation.ts';
import { fakeContext } from '../support/executionLoaders.ts';

const schema = createSchema();

type Request = DocumentRequest & { contextValue: unknown };

const { loaders, output, staleParts } = fakeContext();
const contextValue = { loaders, output, staleParts };

function requestOf(query: string, variables: Record<string, unknown> = {}): Request {
  return { document: parse(query), operationName: null, variables, contextValue };
}

async function afterRequests(times: number, request: Request, run: ReturnType<typeof createExecutor>) {
  for (let n = 1; n < times; n++) await run(request);
  return run(request);
}

/** graphql-js makes objects without a prototype, compiled code plain ones. */
function isOfCompiledCode({ data }: ExecutionResult): boolean {
  return data != null && Object.getPrototypeOf(data) === Object.prototype;
}

describe('compiled execution', () => {
  test('starts with the third request for an operation', async () => {
    const compiled = createExecutor(schema);
    const request = requestOf('{ project(projectId: 1) { id } }');
    const kinds = [];
    for (let n = 0; n < 4; n++) kinds.push(isOfCompiledCode(await compiled(request)));
    expect(kinds).toEqual([false, false, true, true]);
  });

  test('does not read an absent variable from Object.prototype', async () => {
    const query = 'query ($toString: Int) { pipelineRuns(projectId: 1, first: $toString) { totalCount } }';
    const result = await afterRequests(3, requestOf(query), createExecutor(schema));
    expect([isOfCompiledCode(result), result.data]).toEqual([true, { pipelineRuns: { totalCount: 2 } }]);
  });

  test('caches up to maxOperations operations and evicts the least recently used', async () => {
    const compiled = createExecutor(schema, { maxOperations: 2 });
    const [a, b, c] = ['a', 'b', 'c'].map((alias) => requestOf(`{ ${alias}: project(projectId: 1) { id } }`));
    for (const request of [a!, b!, c!]) {
      expect(isOfCompiledCode(await afterRequests(3, request, compiled))).toBe(true);
    }
    expect(isOfCompiledCode(await compiled(b!))).toBe(true);
    expect(isOfCompiledCode(await compiled(a!))).toBe(false);
  });

  test('distinguishes the operations of one document', async () => {
    const compiled = createExecutor(schema);
    const request = requestOf('query A { a: __typename } query B { b: __typename }');
    const [a, b] = [
      await afterRequests(3, { ...request, operationName: 'A' }, compiled),
      await afterRequests(3, { ...request, operationName: 'B' }, compiled),
    ];
    expect([a.data, b.data]).toEqual([{ a: 'Query' }, { b: 'Query' }]);
  });

  test.each([
    '{ __typename @skip(if: false) }',
    '{ ... @include(if: true) { __typename } }',
    '{ __typename __proto__: __typename }',
    'query ($__proto__: ID = 1) { __typename node(id: $__proto__) { id } }',
    'query ($n: Int) { __typename pipelineRuns(projectId: 1, page: { number: $n }) { asOf } }',
    'query ($id: ID = 1) { __typename nodes(ids: [$id]) { id } }',
  ])('leaves %s to graphql-js', async (query) => {
    const result = await afterRequests(4, requestOf(query), createExecutor(schema));
    expect(isOfCompiledCode(result)).toBe(false);
    expect(result.data).toMatchObject({ __typename: 'Query' });
  });

  test('never receives invalid variables', async () => {
    const query = 'query ($first: Int!) { pipelineRuns(projectId: 1, first: $first) { totalCount } }';
    const compiled = createExecutor(schema);
    await afterRequests(3, requestOf(query, { first: 1 }), compiled);
    const refused = await compiled(requestOf(query, { first: 'one' }));
    expect(refused.data).toBeUndefined();
    expect(refused.errors?.[0]?.message).toMatch(/^Variable "\$first" got invalid value/);
    expect(refused.errors?.[0]?.nodes?.[0]?.kind).toBe('VariableDefinition');
  });

  test('returns errors as Apollo Server expects them', async () => {
    const query = '{ pipelineRuns(projectId: 13) { totalCount } }';
    const { data, errors } = await afterRequests(3, requestOf(query), createExecutor(schema));
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
