import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'graphql';
import { priceOf } from '../../src/graphql/price.ts';
import { createSchema } from '../../src/graphql/schema.ts';
import { boundOperation } from '../support/boundOperation.ts';
import { bearer, digestOf, temporaryFiles } from '../support/fixtures.ts';
import { type GraphQLAnswer, startTestGateway, type TestGateway } from '../support/gateway.ts';

const ENTITIES = `query ($representations: [_Any!]!) {
  _entities(representations: $representations) {
    __typename
    ... on Project { projectId displayName }
    ... on PipelineRun { runId }
  }
}`;

const projectOf = (projectId: string) => ({ __typename: 'Project', projectId });
const runOf = (projectId: string, runId: string) => ({ __typename: 'PipelineRun', projectId, runId });

function entities(gateway: TestGateway, ...representations: unknown[]): Promise<GraphQLAnswer> {
  return gateway.query(ENTITIES, { representations });
}

describe('_entities', () => {
  test('resolves both types by either key, in the requested order', async () => {
    await using gateway = await startTestGateway();
    const [run] = gateway.simulator.runs('10002');
    const { data, errors } = await entities(
      gateway,
      projectOf('10001'),
      { __typename: 'PipelineRun', id: `gid://dataworks/PipelineRun/10002/${run!.id}` },
      { __typename: 'Project', id: 'gid://dataworks/Project/10000' },
      runOf('10002', run!.id),
    );
    expect(errors).toBeUndefined();
    expect(data._entities).toEqual([
      { __typename: 'Project', projectId: '10001', displayName: 'Workspace 10001' },
      { __typename: 'PipelineRun', runId: run!.id },
      { __typename: 'Project', projectId: '10000', displayName: 'Workspace 10000' },
      { __typename: 'PipelineRun', runId: run!.id },
    ]);
    expect(gateway.newCalls().sort()).toEqual(['GetPipelineRun', 'ListProjects 1']);
  });

  test('accepts a number as a key, as GraphQL allows for an ID', async () => {
    await using gateway = await startTestGateway();
    const { data } = await entities(gateway, { __typename: 'Project', projectId: 10001 });
    expect(data._entities[0].projectId).toBe('10001');
  });

  test('loads all projects of a request with one ListProjects call, even if some are repeated', async () => {
    await using gateway = await startTestGateway();
    const ids = Array.from({ length: 20 }, (_, n) => String(20_000 + n));
    const { data, errors } = await entities(gateway, ...[...ids, ...ids].map(projectOf));
    expect(errors).toBeUndefined();
    expect(data._entities.map(({ projectId }: { projectId: string }) => projectId)).toEqual([...ids, ...ids]);
    expect(gateway.newCalls()).toEqual(['ListProjects 1']);
  });

  test('loads each run at most once, and none that a cached page of a list contains', async () => {
    await using gateway = await startTestGateway();
    const runs = gateway.simulator.runs('20000').map(({ id }) => id);
    await gateway.query('{ pipelineRuns(projectId: 20000, first: 5) { totalCount } }');
    gateway.newCalls();
    const held = runs.slice(0, 30).map((id) => runOf('20000', id));
    const { data, errors } = await entities(gateway, ...held);
    expect(errors).toBeUndefined();
    expect(data._entities.map(({ runId }: { runId: string }) => runId)).toEqual(runs.slice(0, 30));
    expect(gateway.newCalls()).toEqual([]);

    const others = runs.slice(105, 108).map((id) => runOf('20000', id));
    await entities(gateway, ...held, ...others, ...others);
    expect(gateway.newCalls()).toEqual(['GetPipelineRun', 'GetPipelineRun', 'GetPipelineRun']);
  });

  test('returns null for objects that do not exist, as `node` does', async () => {
    await using gateway = await startTestGateway();
    const { data, errors } = await entities(
      gateway,
      projectOf('987654321'),
      runOf('10002', '00000000-0000-4000-8000-000000000000'),
    );
    expect(errors).toBeUndefined();
    expect(data._entities).toEqual([null, null]);
  });

  test('resolves fields that need calls of their own', async () => {
    await using gateway = await startTestGateway();
    const { data, errors } = await gateway.query(
      `query ($representations: [_Any!]!) {
        _entities(representations: $representations) { ... on Project { pipelineRuns(first: 1) { totalCount } } }
      }`,
      { representations: [projectOf('10002'), projectOf('10003')] },
    );
    expect(errors).toBeUndefined();
    expect(data._entities).toEqual([
      { pipelineRuns: { totalCount: 40 } },
      { pipelineRuns: { totalCount: 0 } },
    ]);
    expect(gateway.newCalls().sort()).toEqual(['ListPipelineRuns 1', 'ListPipelineRuns 1', 'ListProjects 1']);
  });
});

describe('an invalid representation is null, has an error of its own and makes no call', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway();
    await entities(gateway, projectOf('10000'), projectOf('10001'));
    gateway.newCalls();
  });
  afterAll(() => gateway.close());

  test.each([
    [{ __typename: 'Invoice', id: '1' }, 'A representation must have the `__typename` PipelineRun'],
    [{ __typename: 'PipelineRunStage', code: 'DEV' }, 'A representation must have'],
    [{ __typename: 'Query' }, 'A representation must have'],
    [{ __typename: 'toString' }, 'A representation must have'],
    [{ projectId: '10000' }, 'A representation must have'],
    [{ __typename: 'Project' }, 'A representation must have'],
    [{ __typename: 'Project', projectId: 'x' }, '`projectId` must be a positive whole number'],
    [{ __typename: 'Project', projectId: null }, '`projectId` must be a positive whole number'],
    [{ __typename: 'Project', projectId: { gt: 1 } }, '`projectId` must be a positive whole number'],
    [{ __typename: 'Project', id: 'gid://elsewhere/Project/1' }, 'A global id must read gid://dataworks/'],
    [
      { __typename: 'Project', id: 'gid://dataworks/PipelineRun/1/a' },
      'A representation of a Project must have the `id` of one; this is that of a PipelineRun.',
    ],
    [{ __typename: 'PipelineRun', runId: 'a' }, 'A representation must have'],
    [{ __typename: 'PipelineRun', projectId: '1', runId: 'a\nb' }, '`runId` must be'],
    ['Project', 'A representation must have'],
    [7, 'A representation must have'],
    [[projectOf('10000')], 'A representation must have'],
  ])('%j', async (representation, message) => {
    const { data, errors } = await entities(gateway, projectOf('10000'), representation, projectOf('10001'));
    expect(data._entities.map((entity: { projectId: string } | null) => entity?.projectId)).toEqual([
      '10000',
      undefined,
      '10001',
    ]);
    expect(errors).toHaveLength(1);
    expect(errors![0]).toMatchObject({
      path: ['_entities', 1],
      extensions: { code: 'BAD_USER_INPUT' },
      message: expect.stringContaining(message),
    });
    expect(gateway.newCalls()).toEqual([]);
  });

  test('a forbidden project is rejected, whether it is requested itself or through a run', async () => {
    await using files = await temporaryFiles();
    const scope = { name: 'router', sha256: digestOf('secret'), projects: ['10001'], may: ['federation'] };
    const AUTH_TOKENS_FILE = await files.write('tokens.json', [scope]);
    await using guarded = await startTestGateway({ settings: { AUTH_TOKENS_FILE } });
    const [run] = guarded.simulator.runs('10000');
    const representations = [projectOf('10000'), projectOf('10001'), runOf('10000', run!.id)];
    const { data, errors } = await guarded.query(ENTITIES, { representations }, bearer('secret'));
    expect(data._entities).toEqual([null, expect.objectContaining({ projectId: '10001' }), null]);
    expect(errors!.map(({ path, extensions }) => [path, extensions['code']])).toEqual([
      [['_entities', 0], 'FORBIDDEN'],
      [['_entities', 2], 'FORBIDDEN'],
    ]);
    expect(guarded.newCalls()).toEqual(['ListProjects 1']);
  });
});

describe('a failure of some representations', () => {
  test('affects only these and has the code of its cause', async () => {
    await using gateway = await startTestGateway();
    const [run] = gateway.simulator.runs('10004');
    const [fine] = gateway.simulator.runs('10002');
    const { data, errors } = await entities(
      gateway,
      runOf('10004', run!.id),
      runOf('10002', fine!.id),
      projectOf('10000'),
    );
    expect(data._entities).toEqual([
      null,
      { __typename: 'PipelineRun', runId: fine!.id },
      expect.objectContaining({ projectId: '10000' }),
    ]);
    expect(errors).toMatchObject([
      { path: ['_entities', 0], extensions: { code: 'UPSTREAM_FORBIDDEN', upstream: expect.any(Object) } },
    ]);
  });

  test('of the ListProjects call is reported for each project', async () => {
    await using gateway = await startTestGateway();
    gateway.simulator.fault({ kind: 'http5xx', code: 'Forbidden.Not.Server', action: 'ListProjects' });
    const [fine] = gateway.simulator.runs('10002');
    const { data, errors } = await entities(
      gateway,
      projectOf('10000'),
      runOf('10002', fine!.id),
      projectOf('10001'),
    );
    expect(data._entities).toEqual([null, { __typename: 'PipelineRun', runId: fine!.id }, null]);
    expect(errors!.map(({ path, extensions }) => [path, extensions['code']]).sort()).toEqual([
      [['_entities', 0], 'UPSTREAM_REJECTED'],
      [['_entities', 2], 'UPSTREAM_REJECTED'],
    ]);
    expect(gateway.newCalls().filter((call) => call.startsWith('ListProjects'))).toHaveLength(1);
  });
});

describe('the price of _entities', () => {
  const schema = createSchema();
  const unread = () => Promise.reject(new Error('A price reads nothing.'));

  function price(selection: string, representations: unknown[], known: readonly string[] = []): number {
    const document = parse(
      `query ($representations: [_Any!]!) { _entities(representations: $representations) ${selection} }`,
    );
    const unlessKnown = (name: string) => (known.includes(name) ? [] : [name]);
    const list = (name: string) => ({ price: () => [name], cachedRows: () => null, read: unread });
    return priceOf(boundOperation(schema, { document, variables: { representations } }), {
      runs: ({ projectId }) => list(`runs ${projectId}`),
      items: ({ runId }) => list(`items ${runId}`),
      prices: {
        project: (projectId) => unlessKnown(`project ${projectId}`),
        run: ({ runId }) => unlessKnown(`run ${runId}`),
        itemsOfAnyRun: () => ['items'],
      },
    });
  }

  test('is one call for all projects and one for each run that is not cached', () => {
    const asked = [projectOf('1'), projectOf('2'), runOf('3', 'a'), runOf('3', 'b'), runOf('3', 'a')];
    expect(price('{ __typename }', asked)).toBe(3);
    expect(price('{ __typename }', asked, ['run b', 'project 1', 'project 2'])).toBe(1);
  });

  test('includes the fields selected on each', () => {
    const selection =
      '{ ... on Project { pipelineRuns { totalCount } } ... on PipelineRun { items { totalCount } } }';
    expect(price(selection, [projectOf('1'), projectOf('2'), runOf('3', 'a')])).toBe(1 + 2 + 1 + 1);
  });

  test('is zero for rejected representations', () => {
    expect(price('{ __typename }', [{ __typename: 'Project' }, 'x', projectOf('1')])).toBe(1);
  });
});
