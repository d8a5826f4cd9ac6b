import { describe, expect, test } from '@jest/globals';
import { buildSchema, type GraphQLSchema } from 'graphql';
import type { OperationCost } from '../../src/graphql/context.ts';
import { loadConfig } from '../../src/config/config.ts';
import { createRateLimit } from '../../src/auth/rateLimit.ts';
import { type HttpServer, startHttpServer } from '../../src/http/server.ts';
import { type Clock, createSteadyClock, systemClock } from '../../src/core/clock.ts';
import type { SubscriptionSource } from '../../src/graphql/updates.ts';
import { createExecution } from '../../src/graphql/execution.ts';
import type { Loaders } from '../../src/loaders/loaders.ts';
import { unreadObservation } from '../support/fixtures.ts';
import { postOperation, startTestGateway } from '../support/gateway.ts';
import { createVirtualClock } from '../support/virtualClock.ts';

const free: OperationCost = {
  atWorst: 0,
  ceiling: 0,
  budgetLeft: () => null,
};

/** The HTTP server alone, with a schema of the test. */
async function startServer(
  schema: GraphQLSchema,
  { clock = systemClock, settings = {} }: { clock?: Clock; settings?: Record<string, string> } = {},
): Promise<{ server: HttpServer; bugs: { error: unknown; requestId: string }[] }> {
  const result = loadConfig({ PORT: '0', DATAWORKS_REGION: 'cn-shanghai', ...settings });
  if ('problems' in result) throw new Error(result.problems.join());
  const bugs: { error: unknown; requestId: string }[] = [];
  const server = await startHttpServer({
    ...result.config.http,
    schema,
    execute: createExecution({ compile: false }),
    introspection: true,
    explorer: false,
    clock,
    steadyClock: createSteadyClock(clock),
    createContext: ({ requestId, viewer }) => ({
      requestId,
      viewer,
      loaders: {} as Loaders,
      subscriptions: {} as SubscriptionSource,
      cost: free,
      output: { countedObjects: 0, objectsLeft: result.config.http.limits.rows },
      reads: { actions: [], freshness: () => null },
      staleParts: [],
    }),
    report: () => undefined,
    health: () => ({ status: 'ok', reasons: [] }),
    metrics: null,
    observe: unreadObservation,
    onBug: (error, requestId) => bugs.push({ error, requestId }),
    onUnusable: () => undefined,
    onIssuerChange: () => undefined,
  });
  return { server, bugs };
}

function schemaOf(resolvers: Record<string, () => unknown>): GraphQLSchema {
  const schema = buildSchema(
    `type Query { ${Object.keys(resolvers)
      .map((name) => `${name}: String!`)
      .join(' ')} }`,
  );
  for (const [name, resolve] of Object.entries(resolvers))
    schema.getQueryType()!.getFields()[name]!.resolve = resolve;
  return schema;
}

describe('the deadline of a request', () => {
  test('ends any operation with a code', async () => {
    const clock = createVirtualClock();
    let hasBegun = (): void => undefined;
    const begun = new Promise<void>((resolve) => (hasBegun = resolve));
    const { server } = await startServer(
      schemaOf({
        never() {
          hasBegun();
          return new Promise(() => undefined);
        },
      }),
      { clock, settings: { REQUEST_DEADLINE_MS: '2000' } },
    );
    const answer = postOperation(server.url, { query: '{ never }' });
    await begun;
    await clock.advance(2500);
    const { status, errors } = await answer;
    expect([status, errors]).toEqual([
      504,
      [
        {
          message: 'The operation did not end within 2000 ms (REQUEST_DEADLINE_MS). Request less at once.',
          extensions: { code: 'REQUEST_TIMEOUT' },
        },
      ],
    ]);
    await server.close();
    expect(clock.pendingTimers()).toBe(0);
  });
});

describe('a bug', () => {
  const broken = {
    throws() {
      throw new TypeError('secret words');
    },
    throwsText() {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- as a library might
      throw 'secret words';
    },
    isNull: () => null,
    isNoText: () => ({ secret: 'words' }),
  };

  test.each(Object.keys(broken))(
    'that %s is masked for callers and logged with the request id',
    async (name) => {
      const { server, bugs } = await startServer(schemaOf(broken));
      const { errors } = await postOperation(server.url, { query: `{ ${name} }` }, { 'x-request-id': 'r1' });
      await server.close();
      expect(errors).toEqual([
        {
          message: 'Internal server error. The log has the details under the request id.',
          locations: [{ line: 1, column: 3 }],
          path: [name],
          extensions: { code: 'INTERNAL_SERVER_ERROR' },
        },
      ]);
      expect(bugs).toEqual([{ error: expect.any(Error), requestId: 'r1' }]);
    },
  );

  test('is not reported for invalid requests', async () => {
    const { server, bugs } = await startServer(schemaOf(broken));
    for (const query of ['{', '{ nothing }', 'query A { isNull } query B { isNull }', 'mutation { x }']) {
      const { status, errors } = await postOperation(server.url, { query });
      expect([status, errors!.map(({ message }) => message).join()]).toEqual([
        400,
        expect.not.stringContaining('of its own'),
      ]);
    }
    await server.close();
    expect(bugs).toEqual([]);
  });
});

describe('an HTTP error', () => {
  test('has the media type that the caller accepts', async () => {
    const { server } = await startServer(schemaOf({ a: () => 'a' }));
    const rejected = async (accept: string) => {
      const response = await fetch(`${server.url}/graphql`, {
        method: 'POST',
        headers: { accept, 'content-type': 'application/json' },
        body: '{',
      });
      return [response.status, response.headers.get('content-type')];
    };
    expect(await rejected('application/graphql-response+json')).toEqual([
      400,
      'application/graphql-response+json; charset=utf-8',
    ]);
    expect(await rejected('*/*')).toEqual([400, 'application/json; charset=utf-8']);
    await server.close();
  });

  test('for an unknown path or an invalid URL has a code and quotes nothing', async () => {
    const { server } = await startServer(schemaOf({ a: () => 'a' }));
    for (const [path, status] of [
      ['/needle', 404],
      ['/%E0%A4%A', 400],
    ] as const) {
      const response = await fetch(`${server.url}${path}`);
      const text = await response.text();
      expect([response.status, text]).toEqual([status, expect.stringContaining('"code":"BAD_REQUEST"')]);
      expect(text).not.toMatch(/needle|E0/);
    }
    await server.close();
  });
});

describe('CORS', () => {
  test('allows the origins of CORS_ORIGINS only', async () => {
    await using gateway = await startTestGateway({
      settings: { CORS_ORIGINS: 'https://a.example,https://b.example' },
    });
    const allowed = async (origin: string) =>
      (await gateway.query('{ __typename }', undefined, { origin })).headers.get(
        'access-control-allow-origin',
      );
    expect(await allowed('https://a.example')).toBe('https://a.example');
    expect(await allowed('https://b.example')).toBe('https://b.example');
    expect(await allowed('https://a.example.evil.example')).toBeNull();
    const preflight = await fetch(`${gateway.url}/graphql`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://a.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-headers')).toContain('authorization');
    expect(preflight.headers.get('access-control-allow-credentials')).toBeNull();
  });
});

describe('a rate limit', () => {
  test('allows each caller a burst, then the sustained rate', async () => {
    const clock = createVirtualClock();
    const limit = createRateLimit({ clock, perSecond: 10, burst: 3 });
    const take = (caller: string) => Math.round(limit.take(caller));
    expect([1, 2, 3, 4].map(() => take('a'))).toEqual([0, 0, 0, 100]);
    expect(take('b')).toBe(0);
    await clock.advance(100);
    expect([take('a'), take('a')]).toEqual([0, 100]);
    await clock.advance(10_000);
    expect([1, 2, 3, 4].map(() => take('a'))).toEqual([0, 0, 0, 100]);
  });
});
