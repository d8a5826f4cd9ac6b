import { ApolloServer } from '@apollo/server';
import { describe, expect, jest, test } from '@jest/globals';
import type { FastifyRequest } from 'fastify';
import { anonymous, type Viewer } from '../../src/core/viewer.ts';
import { createStoredResponses } from '../../src/responses/storedResponses.ts';
import { responseKeyOf } from '../../src/responses/storedResponses.ts';
import { viewerOf } from '../../src/auth/scopes.ts';
import { type Clock, createSteadyClock, systemClock } from '../../src/core/clock.ts';
import type { Freshness } from '../../src/core/readSet.ts';
import { bearer, captureLog, digestOf, temporaryFiles } from '../support/fixtures.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { pipelined } from '../support/pipelined.ts';

const QUERY = `query Runs($first: Int) {
  pipelineRuns(projectId: 10000, first: $first) { totalCount asOf staleBecause nodes { runId } }
}`;
const SMALL = '{ pipelineRuns(projectId: 10000, first: 2) { totalCount asOf } }';
const FRESH_MS = 5000;

/** The system's clock with an adjustable offset. */
function createShiftedClock(): Clock & { forward(ms: number): void } {
  let shiftMs = 0;
  return {
    now: () => systemClock.now() + shiftMs,
    monotonic: () => systemClock.monotonic() + shiftMs,
    after: (delayMs, task) => systemClock.after(delayMs, task),
    forward(ms) {
      shiftMs += ms;
    },
  };
}

function get(gateway: TestGateway, query: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${gateway.url}/graphql?query=${encodeURIComponent(query)}`, {
    headers: { 'apollo-require-preflight': '1', ...headers },
  });
}

describe.each(['on', 'off'])('responses with STORED_ANSWERS %s', (stored) => {
  const settings = { STORED_ANSWERS: stored, CACHE_STALE_MS: '0' };

  test('are identical while they are fresh, and cost one call', async () => {
    await using gateway = await startTestGateway({ settings });
    const texts: string[] = [];
    for (let n = 0; n < 4; n++) texts.push(await (await get(gateway, SMALL)).text());
    expect(new Set(texts).size).toBe(1);
    expect(gateway.newCalls()).toEqual(['ListPipelineRuns 1']);
  });

  test('are never older than the data of another query', async () => {
    const clock = createShiftedClock();
    await using gateway = await startTestGateway({ settings, clock });
    const old = await gateway.query(QUERY, { first: 2 });
    await gateway.query(QUERY, { first: 2 });
    clock.forward(FRESH_MS + 1);
    gateway.simulator.addRuns('10000', 1);
    const other = await gateway.query(QUERY, { first: 3 });
    const mine = await gateway.query(QUERY, { first: 2 });
    const { nodes, ...rest } = other.data.pipelineRuns;
    expect(mine.data.pipelineRuns).toEqual({ ...rest, nodes: nodes.slice(0, 2) });
    expect(rest.totalCount).toBe(Number(old.data.pipelineRuns.totalCount) + 1);
    expect(gateway.newCalls()).toEqual(['ListPipelineRuns 1', 'ListPipelineRuns 1']);
  });

  test('show the time of the wall clock as it runs now, also after it was set', async () => {
    let aheadMs = 0;
    const clock: Clock = { ...systemClock, now: () => Date.now() + aheadMs };
    await using gateway = await startTestGateway({ settings, clock });
    for (const ahead of [0, 3_600_000, -3_600_000]) {
      aheadMs = ahead;
      for (let n = 0; n < 2; n++) {
        const { data } = await gateway.query(SMALL);
        expect(Math.abs(clock.now() - Date.parse(String(data.pipelineRuns.asOf)))).toBeLessThan(FRESH_MS);
      }
    }
    expect(gateway.newCalls()).toEqual(['ListPipelineRuns 1']);
  });

  test('that are stale are labelled each time, and are not cacheable', async () => {
    const clock = createShiftedClock();
    await using gateway = await startTestGateway({
      settings: { ...settings, CACHE_STALE_MS: '600000' },
      clock,
    });
    await gateway.query(QUERY, { first: 2 });
    gateway.simulator.fault({ kind: 'http5xx' });
    clock.forward(FRESH_MS + 1);
    for (let n = 0; n < 3; n++) {
      const { data, headers } = await gateway.query(QUERY, { first: 2 });
      expect(data.pipelineRuns.staleBecause).toMatch(/REFRESHING|UPSTREAM_ERROR/);
      expect(headers.get('cache-control')).toBe('no-store');
    }
  });

  test('with errors are not reused, and are not cacheable', async () => {
    await using gateway = await startTestGateway({ settings });
    gateway.simulator.fault({ kind: 'error', httpStatus: 403, code: 'Forbidden.Access' });
    const failed = await gateway.query(QUERY, { first: 2 });
    expect(failed.errors?.[0]?.extensions['code']).toBe('UPSTREAM_FORBIDDEN');
    expect(failed.headers.get('cache-control')).toBe('no-store');
    gateway.simulator.clearFaults();
    expect((await gateway.query(QUERY, { first: 2 })).errors).toBeUndefined();
  });

  test('have caching headers for their caller only', async () => {
    const clock = createShiftedClock();
    await using gateway = await startTestGateway({ settings, clock });
    const lifetimes: (string | null)[][] = [];
    for (const laterMs of [0, 2100, 1000]) {
      clock.forward(laterMs);
      const { headers } = await get(gateway, SMALL);
      lifetimes.push(['cache-control', 'age', 'vary'].map((name) => headers.get(name)));
    }
    const [first, second, third] = lifetimes;
    expect(first?.[0]).toMatch(/^private, max-age=[45]$/);
    expect(first?.slice(1)).toEqual(['0', 'accept']);
    expect(second).toEqual(['private, max-age=4', '2', 'accept']);
    expect(third).toEqual(['private, max-age=4', '3', 'accept']);
  });

  test('are not sent again to GET with a matching ETag, but always to POST', async () => {
    const clock = createShiftedClock();
    await using gateway = await startTestGateway({ settings, clock });
    const tag = (await get(gateway, SMALL)).headers.get('etag') ?? '';
    const again = await get(gateway, SMALL, { 'if-none-match': `"other", W/${tag}` });
    expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', tag]);
    const posted = await gateway.query(SMALL, {}, { 'if-none-match': tag });
    expect([posted.status, posted.headers.get('etag')]).toEqual([200, null]);
    clock.forward(FRESH_MS + 1);
    const later = await get(gateway, SMALL, { 'if-none-match': tag });
    expect([later.status, later.headers.get('etag') === tag]).toEqual([200, false]);
  });
});

describe('stored responses', () => {
  test('are logged and counted like all others', async () => {
    const log = captureLog();
    await using gateway = await startTestGateway({ logger: log.logger });
    const lines: Record<string, unknown>[] = [];
    for (const id of ['first', 'second']) {
      const { headers } = await gateway.query(QUERY, { first: 2 }, { 'x-request-id': id });
      expect(headers.get('x-request-id')).toBe(id);
      lines.push(await log.operation(id));
    }
    expect(lines[1]).toMatchObject({
      operation: 'Runs',
      type: 'query',
      status: 200,
      upstreamCalls: 0,
      cache: { hit: 1, miss: 0 },
    });
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(metrics).toMatch(/cache_results_total\{action="ListPipelineRuns",result="hit"\} 1/);
    expect(metrics).toMatch(/operation_duration_seconds_count\{code="OK"\} 2/);
  });

  test('to simultaneous requests are equal and cost no call if the data is cached', async () => {
    await using gateway = await startTestGateway();
    await gateway.query(QUERY, { first: 2 });
    const responses = await pipelined(gateway.url, SMALL, 30);
    expect(responses.match(/^HTTP\/1.1 200 /gm)).toHaveLength(30);
    expect(responses.match(/"totalCount":2524/g)).toHaveLength(30);
    expect(gateway.newCalls()).toEqual(['ListPipelineRuns 1']);
  });

  test('are not used by simultaneous requests if the first one fails', async () => {
    await using gateway = await startTestGateway();
    const answers = await pipelined(gateway.url, '{ pipelineRuns(projectId: 10004) { totalCount } }', 3);
    expect(answers.match(/"code":"UPSTREAM_FORBIDDEN"/g)).toHaveLength(3);
  });

  test('are sent only to admitted callers with the same permissions', async () => {
    await using files = await temporaryFiles();
    const tokens = await files.write('tokens.json', [
      { name: 'all', sha256: digestOf('all'), projects: '*' },
      { name: 'this', sha256: digestOf('this'), projects: ['10000'] },
      { name: 'other', sha256: digestOf('other'), projects: ['10001'] },
    ]);
    await using gateway = await startTestGateway({
      settings: { AUTH_TOKENS_FILE: tokens, RATE_LIMIT_PER_SECOND: '1', RATE_LIMIT_BURST: '3' },
    });
    for (let n = 0; n < 2; n++) {
      expect((await gateway.query(SMALL, {}, bearer('all'))).errors).toBeUndefined();
      expect((await gateway.query(SMALL, {}, bearer('other'))).errors?.[0]?.extensions['code']).toBe(
        'FORBIDDEN',
      );
      expect((await gateway.query(SMALL, {}, bearer('this'))).errors).toBeUndefined();
    }
    const stored = await get(gateway, SMALL, bearer('all'));
    expect(stored.headers.get('cache-control')).toBe('private, no-cache');
    expect(stored.headers.get('vary')).toBe('accept, authorization');
    expect((await gateway.query(SMALL)).status).toBe(401);
    expect((await gateway.query(SMALL, {}, bearer('all'))).status).toBe(429);
  });

  test('are not sent to requests that any page can make a browser send', async () => {
    await using gateway = await startTestGateway();
    expect((await get(gateway, SMALL)).status).toBe(200);
    expect((await get(gateway, SMALL, { 'apollo-require-preflight': '' })).status).toBe(400);
    const text = await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: JSON.stringify({ query: SMALL }),
    });
    expect(text.status).toBeGreaterThanOrEqual(400);
  });

  test('are not used for requests that ask for their cost', async () => {
    await using gateway = await startTestGateway();
    for (let n = 0; n < 3; n++) {
      const { extensions, headers } = await gateway.query(SMALL, {}, { 'gateway-cost': '1' });
      expect(extensions?.['cost']).toMatchObject({ used: n === 0 ? 1 : 0 });
      expect(headers.get('cache-control')).toBe('no-store');
      await gateway.query(SMALL);
    }
  });

  test('are bounded in bytes, and evicted by least recent use', () => {
    const freshness: Freshness = { asOf: 0, freshUntil: 1 };
    const responses = createStoredResponses(10_000, createSteadyClock(systemClock));
    const response = {
      body: Buffer.alloc(2000),
      encoded: {},
      contentType: 'application/json',
      operationName: null,
      operationType: 'query',
      reads: { actions: [], freshness: () => freshness },
    };
    for (const key of ['a', 'b', 'c']) responses.store(key, response);
    responses.find('a');
    responses.store('d', response);
    expect(['a', 'b', 'c', 'd'].map((key) => responses.find(key) !== null)).toEqual([
      true,
      false,
      true,
      true,
    ]);
    responses.store('huge', { ...response, body: Buffer.alloc(20_000) });
    expect(responses.find('huge')).toBeNull();
  });

  test('are deleted once their reads are not fresh', () => {
    let freshness: Freshness | null = { asOf: 0, freshUntil: 1 };
    const responses = createStoredResponses(100_000, createSteadyClock(systemClock));
    const reads = { actions: [], freshness: () => freshness };
    const body = Buffer.from('{}');
    responses.store('a', {
      body,
      encoded: {},
      contentType: '',
      operationName: null,
      operationType: null,
      reads,
    });
    expect(responses.find('a')).toMatchObject({ response: { body }, freshness: { asOf: 0, freshUntil: 1 } });
    freshness = null;
    expect(responses.find('a')).toBeNull();
    freshness = { asOf: 0, freshUntil: 1 };
    expect(responses.find('a')).toBeNull();
  });
});

describe("a response's key", () => {
  const json = { 'content-type': 'application/json; charset=utf-8' };
  const post = (jsonBody: string | null, headers: Record<string, string> = json) => ({
    method: 'POST',
    url: '/graphql',
    headers,
    jsonBody,
  });
  const get = (url: string, headers: Record<string, string>) => ({
    method: 'GET',
    url,
    headers,
    jsonBody: null,
  });
  const keyOf = (request: ReturnType<typeof post>, viewer: Viewer | null = anonymous) =>
    responseKeyOf(request as unknown as FastifyRequest, viewer, ['x-preflighted']);

  test('is different for another scope, body, URL, method or format', () => {
    const requests = [
      post('{"query":"q"}'),
      post('{"query":"q "}'),
      post('{"query":"q"}', { ...json, accept: 'application/graphql-response+json' }),
      post('/graphql?query=q'),
      get('/graphql?query=q', json),
      get('/graphql?query=q&variables={}', json),
    ];
    const scopes = [
      anonymous,
      viewerOf({ name: 'n', projects: '*', may: [] }),
      viewerOf({ name: 'n', projects: ['1'], may: [] }),
      viewerOf({ name: 'n', projects: ['1'], may: ['introspect'] }),
      viewerOf({ name: 'n', projects: ['1'], may: [], maxOperationCalls: 1 }),
    ];
    const keys = requests.flatMap((request) => scopes.map((viewer) => keyOf(request, viewer)));
    expect(new Set(keys).size).toBe(requests.length * scopes.length);
    expect(keys).not.toContain(null);
    const [one, same] = ['a', 'b'].map((name) => viewerOf({ name, projects: ['2', '1'], may: [] }));
    expect(keyOf(post('{"query":"q"}'), one)).toBe(keyOf(post('{"query":"q"}'), same));
  });

  test.each([
    post(null),
    post('{"query":"q"}', { 'content-type': 'text/plain' }),
    post('{"query":"q"}', {}),
    post('{"query":"q"}', { ...json, 'gateway-cost': '1' }),
    get('/graphql?query=q', {}),
    get('/graphql?query=q', { 'x-preflighted': '' }),
    get('/graphql?query=q', { 'content-type': 'text/plain', 'x-preflighted': '1' }),
    { ...get('/graphql?query=q', json), method: 'HEAD' },
  ])('is null for requests that Apollo Server might reject, %#', (request) => {
    expect(keyOf(request)).toBeNull();
  });

  test('is null before admission', () => {
    expect(keyOf(post('{"query":"q"}'), null)).toBeNull();
  });
});

describe('no response is stored', () => {
  test('to a request with extensions, which can register a persisted query', async () => {
    await using gateway = await startTestGateway();
    const executed = jest.spyOn(ApolloServer.prototype, 'executeHTTPGraphQLRequest');
    try {
      const persistedQuery = { version: 1, sha256Hash: digestOf(SMALL) };
      const body = JSON.stringify({ query: SMALL, extensions: { persistedQuery } });
      const search = new URLSearchParams({ query: SMALL, extensions: JSON.stringify({ persistedQuery }) });
      for (let n = 0; n < 2; n++) {
        expect((await postBody(gateway, body)).status).toBe(200);
        const headers = { 'apollo-require-preflight': '1' };
        expect((await fetch(`${gateway.url}/graphql?${search.toString()}`, { headers })).status).toBe(200);
      }
      expect(executed).toHaveBeenCalledTimes(4);
    } finally {
      executed.mockRestore();
    }
  });

  test.each([
    '{"query":1}',
    '{"query":"{ __typename }","variables":"{}"}',
    '[{"query":"{ __typename }"}]',
    'null',
    '{',
  ])('to the invalid body %s', async (body) => {
    await using gateway = await startTestGateway();
    const statuses = [await postBody(gateway, body), await postBody(gateway, body)].map(
      ({ status }) => status,
    );
    expect(statuses).toEqual([400, 400]);
  });
});

function postBody(gateway: TestGateway, body: string): Promise<Response> {
  return fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
}
