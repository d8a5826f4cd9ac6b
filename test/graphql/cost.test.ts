import { describe, expect, test } from '@jest/globals';
import { bearer, digestOf, temporaryFiles } from '../support/fixtures.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

const asked = { 'gateway-cost': '1' };

async function costOf(gateway: TestGateway, query: string, variables?: Record<string, unknown>) {
  const { extensions, errors } = await gateway.query(query, variables, asked);
  return { cost: extensions?.['cost'] as Record<string, unknown>, code: errors?.[0]?.extensions['code'] };
}

describe('the price of an operation', () => {
  test('is reported only to callers that request it', async () => {
    await using gateway = await startTestGateway();
    const query = '{ pipelineRuns(projectId: 10001, first: 20) { totalCount } }';
    expect((await gateway.query(query)).extensions).toBeUndefined();
    expect((await costOf(gateway, query)).cost).toEqual({
      atWorst: 0,
      ceiling: 10,
      used: 0,
      fromCache: { fresh: 1, stale: 0, shared: 0 },
      budgetLeft: { second: expect.any(Number), day: null, month: null },
    });
  });

  test("reports the account's remaining quota only to tokens with the capability `budget`", async () => {
    await using files = await temporaryFiles();
    await using gateway = await startTestGateway({
      settings: {
        AUTH_TOKENS_FILE: await files.write('tokens.json', [
          { name: 'tenant', sha256: digestOf('tenant'), projects: '*' },
          { name: 'operator', sha256: digestOf('operator'), projects: '*', may: ['budget'] },
        ]),
      },
    });
    const budgetLeft = async (token: string) => {
      const headers = { ...asked, ...bearer(token) };
      const { extensions } = await gateway.query('{ __typename }', undefined, headers);
      return (extensions?.['cost'] as Record<string, unknown>)['budgetLeft'];
    };
    expect(await budgetLeft('tenant')).toBeNull();
    expect(await budgetLeft('operator')).toEqual({ second: expect.any(Number), day: null, month: null });
  });

  test.each([
    ['a window within a page', '{ pipelineRuns(projectId: 10001, first: 20) { totalCount } }', 1, 1],
    [
      'the same page twice',
      '{ a: pipelineRuns(projectId: 10001, first: 20) { totalCount } b: pipelineRuns(projectId: 10001, page: { number: 2, size: 50 }) { totalCount } }',
      1,
      1,
    ],
    [
      'a window over two pages',
      '{ pipelineRuns(projectId: 10001, page: { number: 2, size: 60 }) { totalCount } }',
      2,
      2,
    ],
    [
      'two lists',
      '{ a: pipelineRuns(projectId: 10001) { totalCount } b: pipelineRuns(projectId: 10001, filter: { status: FAILED }) { totalCount } }',
      2,
      2,
    ],
    ['the last rows', '{ pipelineRuns(projectId: 10001, last: 20) { totalCount } }', 3, 2],
    [
      'two projects and their runs',
      '{ a: project(projectId: 10001) { pipelineRuns { totalCount } } b: project(projectId: 10002) { name } }',
      2,
      2,
    ],
    ['the project of rows', '{ pipelineRuns(projectId: 10001) { nodes { project { name } } } }', 2, 2],
    [
      'items of three rows',
      '{ pipelineRuns(projectId: 10002, first: 3) { nodes { items { totalCount } } edges { node { items(first: 50) { totalCount } } } } }',
      4,
      4,
    ],
    [
      'nodes',
      '{ nodes(ids: ["gid://dataworks/Project/10001", "gid://dataworks/Project/10002", "bad"]) { id } }',
      1,
      1,
    ],
    ['a skipped field', '{ pipelineRuns(projectId: 10001) @skip(if: true) { totalCount } __typename }', 0, 0],
    [
      'a rejected cursor',
      '{ pipelineRuns(projectId: 10001, after: "x") { nodes { items { totalCount } } } }',
      0,
      0,
    ],
    ['a rejected field', '{ pipelineRuns(projectId: 10001, first: 1000) { totalCount } }', 0, 0],
  ])('of %s', async (_, query, atWorst, used) => {
    await using gateway = await startTestGateway();
    expect((await costOf(gateway, query)).cost).toMatchObject({ atWorst, used });
    // Everything that it read is cached now, including which runs they are.
    expect((await costOf(gateway, query)).cost).toMatchObject({ atWorst: 0, used: 0 });
  });

  test('of each page of a paged list is at least the calls that it makes, while the list does not change', async () => {
    await using gateway = await startTestGateway();
    let after: string | null = null;
    do {
      const { data, extensions } = await gateway.query(
        'query ($after: String, $first: Int = 70) { pipelineRuns(projectId: 10001, first: $first, after: $after) { pageInfo { endCursor hasNextPage } } }',
        { after },
        asked,
      );
      const { atWorst, used } = extensions!['cost'] as { atWorst: number; used: number };
      expect(used).toBeLessThanOrEqual(atWorst);
      after = data.pipelineRuns.pageInfo.hasNextPage ? data.pipelineRuns.pageInfo.endCursor : null;
    } while (after !== null);
  });
});

describe('an operation over the ceiling', () => {
  const query = '{ pipelineRuns(projectId: 10001, first: 20) { nodes { items { totalCount } } } }';

  test('is rejected before any upstream call', async () => {
    await using gateway = await startTestGateway();
    const { status, errors } = await gateway.query(query);
    expect(status).toBe(400);
    expect(errors).toMatchObject([
      {
        message: expect.stringContaining('at most 10 upstream calls at worst; this one has 21'),
        extensions: { code: 'QUERY_TOO_EXPENSIVE' },
      },
    ]);
    expect(gateway.newCalls()).toEqual([]);
  });

  test('is accepted from a caller whose token allows it', async () => {
    await using files = await temporaryFiles();
    const router = { name: 'router', sha256: digestOf('dwg_router'), projects: '*', maxOperationCalls: 50 };
    const settings = { AUTH_TOKENS_FILE: await files.write('tokens.json', [router]) };
    await using gateway = await startTestGateway({ settings });
    const { extensions, errors } = await gateway.query(query, {}, { ...asked, ...bearer('dwg_router') });
    expect(errors).toBeUndefined();
    expect(extensions!['cost']).toMatchObject({ atWorst: 21, ceiling: 50 });
  });

  test('is accepted if the setting allows it', async () => {
    await using gateway = await startTestGateway({ settings: { MAX_OPERATION_CALLS: '21' } });
    expect(await costOf(gateway, query)).toMatchObject({
      cost: { atWorst: 21, used: 21, ceiling: 21 },
      code: undefined,
    });
  });
});
