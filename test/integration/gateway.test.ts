import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  // Nothing stays fresh, so each test counts the upstream calls of its own operations only.
  gateway = await startTestGateway({ settings: { CACHE_FRESH_MS: '0', CACHE_STALE_MS: '0' } });
});
beforeEach(() => {
  gateway.simulator.clearFaults();
  gateway.newCalls();
});
afterAll(() => gateway.close());

const ROW = 'runId projectId createTime modifyTime creator status rawStatus message description';

describe('pipelineRuns', () => {
  test('returns the first ten runs, newest first, with one upstream call', async () => {
    const { data, errors } = await gateway.query(
      `{ pipelineRuns(projectId: 10000) { totalCount nodes { id ${ROW} } pageInfo { hasNextPage hasPreviousPage } asOf staleBecause } }`,
    );
    expect(errors).toBeUndefined();
    const truth = gateway.simulator.runs('10000');
    expect(data.pipelineRuns.totalCount).toBe(2524);
    expect(data.pipelineRuns.nodes.map(({ runId }: { runId: string }) => runId)).toEqual(
      truth.slice(0, 10).map(({ id }) => id),
    );
    expect(data.pipelineRuns.nodes[0].id).toBe(`gid://dataworks/PipelineRun/10000/${truth[0]!.id}`);
    expect(data.pipelineRuns.nodes[0].createTime).toBe(new Date(truth[0]!.createTime).toISOString());
    expect(data.pipelineRuns).toMatchObject({
      pageInfo: { hasNextPage: true, hasPreviousPage: false },
      staleBecause: null,
    });
    expect(gateway.newCalls()).toEqual(['ListPipelineRuns 1']);
  });

  test('pages forward through all 2,524 rows while runs arrive, and returns every old row once', async () => {
    await using moving = await startTestGateway();
    const before = moving.simulator.runs('10000').map(({ id }) => id);
    const met: string[] = [];
    let after: string | null = null;
    do {
      const { data, errors } = await moving.query(
        'query ($after: String) { pipelineRuns(projectId: 10000, first: 97, after: $after) { nodes { runId } pageInfo { endCursor hasNextPage } } }',
        { after },
      );
      expect(errors).toBeUndefined();
      met.push(...data.pipelineRuns.nodes.map(({ runId }: { runId: string }) => runId));
      after = data.pipelineRuns.pageInfo.hasNextPage ? data.pipelineRuns.pageInfo.endCursor : null;
      moving.simulator.addRuns('10000', 3);
    } while (after !== null);
    expect(met).toEqual(before);
  });

  test('fills a window from two pages of which one was cached before the list shifted', async () => {
    await using moving = await startTestGateway();
    const query =
      'query ($after: String) { pipelineRuns(projectId: 10001, first: 80, after: $after) { totalCount nodes { runId } pageInfo { endCursor } } }';
    const first = await moving.query(query);
    moving.simulator.addRuns('10001', 3);
    const second = await moving.query(query, { after: first.data.pipelineRuns.pageInfo.endCursor });
    const truth = moving.simulator.runs('10001').map(({ id }) => id);
    expect(second.data.pipelineRuns.totalCount).toBe(truth.length);
    expect(second.data.pipelineRuns.nodes.map(({ runId }: { runId: string }) => runId)).toEqual(
      truth.slice(83, 163),
    );
    expect(moving.newCalls()).toEqual(['ListPipelineRuns 1', 'ListPipelineRuns 2', 'ListPipelineRuns 1']);
  });

  test('pages backward from the end', async () => {
    const met: string[] = [];
    let before: string | null = null;
    do {
      const { data } = await gateway.query(
        'query ($before: String) { pipelineRuns(projectId: 10002, last: 7, before: $before) { nodes { runId } pageInfo { startCursor hasPreviousPage } } }',
        { before },
      );
      met.unshift(...data.pipelineRuns.nodes.map(({ runId }: { runId: string }) => runId));
      before = data.pipelineRuns.pageInfo.hasPreviousPage ? data.pipelineRuns.pageInfo.startCursor : null;
    } while (before !== null);
    expect(met).toEqual(gateway.simulator.runs('10002').map(({ id }) => id));
  });

  test('returns numbered pages, and an empty page beyond the end', async () => {
    const { data } = await gateway.query(`{
      third: pipelineRuns(projectId: 10001, page: { number: 3, size: 20 }) { nodes { runId } pageInfo { hasNextPage hasPreviousPage } }
      beyond: pipelineRuns(projectId: 10001, page: { number: 99, size: 20 }) { nodes { runId } totalCount pageInfo { hasNextPage hasPreviousPage startCursor } }
    }`);
    const truth = gateway.simulator.runs('10001').map(({ id }) => id);
    expect(data.third.nodes.map(({ runId }: { runId: string }) => runId)).toEqual(truth.slice(40, 60));
    expect(data.third.pageInfo).toEqual({ hasNextPage: true, hasPreviousPage: true });
    expect(data.beyond).toEqual({
      nodes: [],
      totalCount: truth.length,
      pageInfo: { hasNextPage: false, hasPreviousPage: true, startCursor: null },
    });
  });

  test('returns an empty list and no error for a project without runs', async () => {
    const { data, errors } = await gateway.query(
      '{ pipelineRuns(projectId: 10003) { totalCount edges { cursor } pageInfo { hasNextPage endCursor } } }',
    );
    expect(errors).toBeUndefined();
    expect(data.pipelineRuns).toEqual({
      totalCount: 0,
      edges: [],
      pageInfo: { hasNextPage: false, endCursor: null },
    });
  });

  test.each([
    ['INIT', 'Init'],
    ['RUNNING', 'Running'],
    ['SUCCEEDED', 'Success'],
    ['FAILED', 'Fail'],
    ['TERMINATED', 'Termination'],
    ['CANCELED', 'Cancel'],
  ] as const)('filters by status %s, sent as %s', async (status, sent) => {
    const { data } = await gateway.query(
      'query ($status: PipelineRunStatus) { pipelineRuns(projectId: 10001, filter: { status: $status }, first: 100) { totalCount nodes { runId status } } }',
      { status },
    );
    const truth = gateway.simulator.runs('10001', { status: sent }).map(({ id }) => id);
    expect(gateway.simulator.calls.at(-1)!.params['Status']).toBe(sent);
    expect(data.pipelineRuns.totalCount).toBe(truth.length);
    expect(data.pipelineRuns.nodes.map(({ runId }: { runId: string }) => runId)).toEqual(truth.slice(0, 100));
    expect(new Set(data.pipelineRuns.nodes.map((node: { status: string }) => node.status))).toEqual(
      new Set(truth.length > 0 ? [status] : []),
    );
  });

  test('filters by creator and by object', async () => {
    const [sample] = gateway.simulator.runs('10001');
    const { data } = await gateway.query(
      `query ($creator: ID, $objectId: ID) {
        byCreator: pipelineRuns(projectId: 10001, filter: { creator: $creator }) { totalCount }
        byObject: pipelineRuns(projectId: 10001, filter: { objectId: $objectId }) { totalCount nodes { runId } }
      }`,
      { creator: sample!.creator, objectId: sample!.objectIds[0] },
    );
    expect(data.byCreator.totalCount).toBe(
      gateway.simulator.runs('10001', { creator: sample!.creator }).length,
    );
    expect(data.byObject.nodes[0].runId).toBe(sample!.id);
  });

  test('fetches the fewest pages that cover all windows of an operation, across aliases, fragments and parents', async () => {
    const { data, errors } = await gateway.query(`
      query {
        a: pipelineRuns(projectId: 10000, first: 5) { ...rows }
        b: pipelineRuns(projectId: 10000, page: { number: 2, size: 20 }) { ...rows }
        c: pipelineRuns(projectId: 10000, first: 100, filter: {}) { ...rows }
        d: pipelineRuns(projectId: 10000, page: { number: 2, size: 100 }) { ...rows }
        project(projectId: 10000) { pipelineRuns(first: 3) { ...rows } }
      }
      fragment rows on PipelineRunConnection { nodes { runId } }`);
    expect(errors).toBeUndefined();
    expect(data.project.pipelineRuns.nodes).toEqual(data.a.nodes.slice(0, 3));
    expect(gateway.newCalls().sort()).toEqual(['ListPipelineRuns 1', 'ListPipelineRuns 2', 'ListProjects 1']);
  });
});

describe('one run', () => {
  test('is fetched once, however often and by whichever field an operation selects it', async () => {
    const { id } = gateway.simulator.runs('20001')[5]!;
    const { data } = await gateway.query(
      `query ($runId: ID!, $id: ID!) {
        pipelineRun(projectId: 20001, runId: $runId) { runId }
        again: pipelineRun(projectId: 20001, runId: $runId) { runId }
        node(id: $id) { id ... on PipelineRun { runId status } }
        nodes(ids: [$id, $id]) { id }
      }`,
      { runId: id, id: `gid://dataworks/PipelineRun/20001/${id}` },
    );
    expect(data.node.runId).toBe(id);
    expect(data.nodes).toHaveLength(2);
    expect(gateway.newCalls()).toEqual(['GetPipelineRun']);
  });

  test('is null if it does not exist', async () => {
    const { data, errors } = await gateway.query(
      '{ pipelineRun(projectId: 10002, runId: "00000000-0000-4000-8000-000000000000") { runId } node(id: "gid://dataworks/PipelineRun/10002/00000000-0000-4000-8000-000000000000") { id } }',
    );
    expect(errors).toBeUndefined();
    expect(data).toEqual({ pipelineRun: null, node: null });
  });

  test('returns its items, with every digit of their ids', async () => {
    const run = gateway.simulator.runs('10002').find(({ objectIds }) => objectIds.length > 1)!;
    const { data, errors } = await gateway.query(
      'query ($runId: ID!) { pipelineRun(projectId: 10002, runId: $runId) { items(first: 100) { totalCount nodes { itemId name type status spec version } pageInfo { hasNextPage } } } }',
      { runId: run.id },
    );
    expect(errors).toBeUndefined();
    expect(data.pipelineRun.items.nodes.map(({ itemId }: { itemId: string }) => itemId)).toEqual(
      run.objectIds,
    );
    expect(data.pipelineRun.items.nodes[0].spec).toEqual(expect.any(Object));
    expect(run.objectIds.every((id) => /^\d{19}$/.test(id))).toBe(true);
  });
});

describe('projects', () => {
  test('cost one ListProjects call for any number of parents and lookups', async () => {
    const { data, errors } = await gateway.query(`{
      p1: project(projectId: 20003) { name displayName status id }
      p2: project(projectId: 20004) { name }
      none: project(projectId: 987654321) { name }
      nodes(ids: ["gid://dataworks/Project/20005", "gid://dataworks/Project/20003"]) { id ... on Project { name } }
    }`);
    expect(errors).toBeUndefined();
    expect(data.p1.id).toBe('gid://dataworks/Project/20003');
    expect(data.none).toBeNull();
    expect(data.nodes.map(({ id }: { id: string }) => id)).toEqual([
      'gid://dataworks/Project/20005',
      'gid://dataworks/Project/20003',
    ]);
    expect(gateway.newCalls()).toEqual(['ListProjects 1']);
  });
});

describe('a failure', () => {
  test('for a forbidden project is UPSTREAM_FORBIDDEN on that field only', async () => {
    const { data, errors, status } = await gateway.query(
      '{ refused: pipelineRuns(projectId: 10004) { totalCount } fine: pipelineRuns(projectId: 10002, first: 1) { totalCount } }',
    );
    expect(status).toBe(200);
    expect(data).toEqual({ refused: null, fine: { totalCount: 40 } });
    expect(errors).toHaveLength(1);
    expect(errors![0]).toMatchObject({
      path: ['refused'],
      extensions: {
        code: 'UPSTREAM_FORBIDDEN',
        upstream: { action: 'ListPipelineRuns', requestId: expect.any(String) },
      },
    });
  });

  test.each([
    [{ kind: 'html502' }, 'UPSTREAM_UNAVAILABLE'],
    [{ kind: 'empty500' }, 'UPSTREAM_UNAVAILABLE'],
    [{ kind: 'http5xx' }, 'UPSTREAM_UNAVAILABLE'],
    [{ kind: 'dropBeforeHeaders' }, 'UPSTREAM_UNAVAILABLE'],
    [{ kind: 'dropMidBody' }, 'UPSTREAM_UNAVAILABLE'],
    [{ kind: 'truncatedJson' }, 'UPSTREAM_INVALID_RESPONSE'],
    [{ kind: 'html200' }, 'UPSTREAM_INVALID_RESPONSE'],
    [{ kind: 'empty200' }, 'UPSTREAM_INVALID_RESPONSE'],
    [{ kind: 'http5xx', code: 'Forbidden.Not.Server' }, 'UPSTREAM_REJECTED'],
    [{ kind: 'dailyLimit' }, 'UPSTREAM_QUOTA_EXHAUSTED'],
  ] as const)('of kind %j is %s, never an empty list, and ends with its cause', async (fault, code) => {
    await using own = await startTestGateway();
    const query =
      '{ pipelineRuns(projectId: 10002, first: 1) { totalCount } project(projectId: 10000) { name } }';
    own.simulator.fault({ ...fault, action: 'ListPipelineRuns' });
    const failed = await own.query(query);
    expect(failed.data.pipelineRuns).toBeNull();
    expect(failed.errors![0]!.extensions['code']).toBe(code);
    if (code === 'UPSTREAM_UNAVAILABLE') {
      expect(failed.errors![0]!.extensions['retryAfterMs']).toBe(1000);
      expect(failed.headers.get('retry-after')).toBe('1');
    }
    own.simulator.clearFaults();
    if (code === 'UPSTREAM_QUOTA_EXHAUSTED') {
      expect(failed.errors![0]!.extensions['retryAfterMs']).toBeGreaterThan(0);
      expect(failed.headers.get('retry-after')).toMatch(/^\d+$/);
    } else {
      expect((await own.query(query)).data.pipelineRuns).toEqual({ totalCount: 40 });
    }
  });

  test('that is transient is retried and not reported', async () => {
    gateway.simulator.fault({ kind: 'http5xx', times: 1 });
    const { data, errors } = await gateway.query(
      '{ pipelineRuns(projectId: 10002, first: 1) { totalCount } }',
    );
    expect(errors).toBeUndefined();
    expect(data.pipelineRuns.totalCount).toBe(40);
    expect(gateway.newCalls()).toHaveLength(2);
  });

  test.each(['hangBeforeHeaders', 'hangMidBody'] as const)(
    'of an upstream that %ss ends at the deadline',
    async (kind) => {
      await using hung = await startTestGateway({
        settings: { REQUEST_DEADLINE_MS: '400', UPSTREAM_TRY_TIMEOUT_MS: '300' },
      });
      hung.simulator.fault({ kind });
      const { errors } = await hung.query('{ pipelineRuns(projectId: 10002) { totalCount } }');
      expect(errors![0]!.extensions['code']).toBe('UPSTREAM_TIMEOUT');
    },
  );
});

describe('an upstream that deviates from its documentation', () => {
  test('that knows only the old action names is supported', async () => {
    await using old = await startTestGateway({ simulator: { actionNames: 'old' } });
    const truth = old.simulator.runs('10002');
    const { data, errors } = await old.query(
      'query ($runId: ID!) { pipelineRuns(projectId: 10002, first: 3) { totalCount nodes { runId projectId status } } pipelineRun(projectId: 10002, runId: $runId) { runId } }',
      { runId: truth[0]!.id },
    );
    expect(errors).toBeUndefined();
    expect(data.pipelineRuns.totalCount).toBe(40);
    expect(data.pipelineRuns.nodes.map(({ runId }: { runId: string }) => runId)).toEqual(
      truth.slice(0, 3).map(({ id }) => id),
    );
    expect(data.pipelineRun.runId).toBe(truth[0]!.id);
    old.newCalls();
    await old.query('{ pipelineRuns(projectId: 10001, first: 3) { totalCount } }');
    expect(old.newCalls()).toEqual(['ListDeployments 1']);
  });

  test('that sends numbers as strings and unknown enum values causes no error', async () => {
    gateway.simulator.fault({ kind: 'numbersAsStrings' });
    gateway.simulator.fault({ kind: 'unknownEnums' });
    const { data, errors } = await gateway.query(
      '{ pipelineRuns(projectId: 10002, first: 100) { totalCount nodes { createTime status rawStatus stages { status rawStatus type rawType step } } } }',
    );
    expect(errors).toBeUndefined();
    expect(data.pipelineRuns.totalCount).toBe(40);
    expect(
      data.pipelineRuns.nodes.some(
        (run: { status: string; rawStatus: string }) => run.status === 'UNKNOWN' && run.rawStatus !== '',
      ),
    ).toBe(true);
  });

  test.each(['oldestFirst', 'byId'] as const)('that lists %s is still paged through once', async (order) => {
    await using strange = await startTestGateway();
    strange.simulator.fault({ kind: 'reorder', order });
    const met: string[] = [];
    let after: string | null = null;
    do {
      const { data } = await strange.query(
        'query ($after: String) { pipelineRuns(projectId: 10001, first: 70, after: $after) { nodes { runId } pageInfo { endCursor hasNextPage } } }',
        { after },
      );
      met.push(...data.pipelineRuns.nodes.map(({ runId }: { runId: string }) => runId));
      after = data.pipelineRuns.pageInfo.hasNextPage ? data.pipelineRuns.pageInfo.endCursor : null;
    } while (after !== null);
    expect(met.sort()).toEqual(
      strange.simulator
        .runs('10001')
        .map(({ id }) => id)
        .sort(),
    );
  });
});

describe('invalid input is BAD_USER_INPUT with an explanation, and costs no upstream call', () => {
  test.each([
    ['pipelineRuns(projectId: 1, first: 0) { totalCount }', '`first` must be 1 to 100; got 0.'],
    ['pipelineRuns(projectId: 1, first: 101) { totalCount }', '`first` must be 1 to 100; got 101.'],
    ['pipelineRuns(projectId: 1, last: -1) { totalCount }', '`last` must be 1 to 100; got -1.'],
    [
      'pipelineRuns(projectId: 1, page: { number: 0 }) { totalCount }',
      '`page.number` must be at least 1; got 0.',
    ],
    [
      'pipelineRuns(projectId: 1, page: { size: 101 }) { totalCount }',
      '`page.size` must be 1 to 100; got 101.',
    ],
    [
      'pipelineRuns(projectId: 1, page: {}, first: 1) { totalCount }',
      "`page` selects a numbered page and can't go together with `first`",
    ],
    ['pipelineRuns(projectId: 1, page: {}, before: "x") { totalCount }', "can't go together with `before`"],
    ['pipelineRuns(projectId: 1, first: 1, last: 1) { totalCount }', "`first` and `last` can't go together"],
    ['pipelineRuns(projectId: 1, filter: { status: UNKNOWN }) { totalCount }', '`filter.status`'],
    ['pipelineRuns(projectId: 1, filter: { objectId: "" }) { totalCount }', '`filter.objectId`'],
    ['pipelineRuns(projectId: 1, filter: { creator: "a\\tb" }) { totalCount }', '`filter.creator`'],
    [
      'pipelineRuns(projectId: "abc") { totalCount }',
      '`projectId` must be a positive whole number of at most 19 digits; got "abc".',
    ],
    ['pipelineRuns(projectId: -5) { totalCount }', '`projectId`'],
    ['pipelineRuns(projectId: "") { totalCount }', '`projectId`'],
    ['pipelineRuns(projectId: "12345678901234567890") { totalCount }', '`projectId`'],
    ['pipelineRuns(projectId: "9223372036854775808") { totalCount }', '`projectId`'],
    [
      'pipelineRuns(projectId: 1, after: "nonsense") { totalCount }',
      '`after` must be a cursor of the pipeline runs of project 1',
    ],
    ['project(projectId: "1 OR 1=1") { name }', '`projectId`'],
    ['pipelineRun(projectId: 1, runId: "a\\nb") { runId }', '`runId`'],
    ['pipelineRun(projectId: 1, runId: " a") { runId }', '`runId`'],
    [`pipelineRun(projectId: 1, runId: "${'a'.repeat(129)}") { runId }`, '`runId`'],
    ['node(id: "gid://dataworks/PipelineRun/1/a b") { id }', 'A global id must read gid://dataworks/'],
    ['node(id: "gid://dataworks/PipelineRun/1/%61") { id }', 'A global id must read gid://dataworks/'],
    ['node(id: "gid://dataworks/PipelineRun/1/a%3ab") { id }', 'A global id must read gid://dataworks/'],
    ['node(id: "gid://dataworks/PipelineRun/1/%") { id }', 'A global id must read gid://dataworks/'],
    ['node(id: "gid://dataworks/PipelineRun/1/a%2Fb/c") { id }', 'A global id must read gid://dataworks/'],
    ['node(id: "gid://elsewhere/Project/1") { id }', 'A global id must read gid://dataworks/'],
    ['node(id: "gid://dataworks/Project/1/2") { id }', 'A global id must read gid://dataworks/'],
    ['node(id: "gid://dataworks/PipelineRun/x/y") { id }', '`projectId`'],
  ])('%s', async (field, message) => {
    const { errors, data } = await gateway.query(`{ ${field} }`);
    expect(errors).toHaveLength(1);
    expect(errors![0]).toMatchObject({
      extensions: { code: 'BAD_USER_INPUT' },
      message: expect.stringContaining(message),
    });
    expect(Object.values(data)).toEqual([null]);
    expect(gateway.newCalls()).toEqual([]);
  });

  test('for a cursor of another filter or project', async () => {
    const { data } = await gateway.query(
      '{ pipelineRuns(projectId: 10001, first: 1) { pageInfo { endCursor } } }',
    );
    gateway.newCalls();
    const { errors } = await gateway.query(
      `query ($after: String) {
        a: pipelineRuns(projectId: 10002, after: $after) { totalCount }
        b: pipelineRuns(projectId: 10001, after: $after, filter: { status: FAILED }) { totalCount }
      }`,
      { after: data.pipelineRuns.pageInfo.endCursor },
    );
    expect(errors!.map(({ extensions }) => extensions['code'])).toEqual(['BAD_USER_INPUT', 'BAD_USER_INPUT']);
    expect(gateway.newCalls()).toEqual([]);
  });

  test('for one invalid id among nodes, and the others succeed', async () => {
    const { data, errors } = await gateway.query(
      '{ nodes(ids: ["gid://dataworks/Project/10000", "bad"]) { id } }',
    );
    expect(data.nodes).toEqual([{ id: 'gid://dataworks/Project/10000' }, null]);
    expect(errors).toMatchObject([{ path: ['nodes', 1], extensions: { code: 'BAD_USER_INPUT' } }]);
  });
});

describe('the cache', () => {
  test('serves a hundred concurrent callers with one upstream call', async () => {
    await using warm = await startTestGateway();
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, n) =>
        warm.query(`{ pipelineRuns(projectId: 10001, first: ${(n % 50) + 1}) { totalCount } }`),
      ),
    );
    expect(new Set(answers.map(({ data }) => data.pipelineRuns.totalCount))).toEqual(new Set([350]));
    expect(warm.newCalls()).toEqual(['ListPipelineRuns 1']);
  });
});
