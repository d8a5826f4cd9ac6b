import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { getIntrospectionQuery } from 'graphql';
import { captureLog } from '../support/fixtures.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

/*
 * Published attacks (OWASP GraphQL cheat sheet, graphql-cop) against a gateway in its production configuration.
 * None may cost an upstream call.
 */

const log = captureLog();
let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ settings: { NODE_ENV: 'production' }, logger: log.logger });
});
beforeEach(() => void gateway.newCalls());
afterAll(() => gateway.close());

interface Outcome {
  status: number;
  text: string;
  /** Of the first error, or null. */
  code: string | null;
  message: string;
  headers: Headers;
}

async function attack(init: RequestInit, path = '/graphql'): Promise<Outcome> {
  const response = await fetch(`${gateway.url}${path}`, init);
  const text = await response.text();
  expect(gateway.newCalls()).toEqual([]);
  const { code, message } = firstError(text);
  return { status: response.status, headers: response.headers, text, code, message };
}

function firstError(text: string): { code: string | null; message: string } {
  if (!text.startsWith('{')) return { code: null, message: '' };
  const { errors } = JSON.parse(text) as {
    errors?: { message: string; extensions: { code: string } }[];
  };
  return { code: errors?.[0]?.extensions.code ?? null, message: errors?.[0]?.message ?? '' };
}

function post(body: unknown, headers: Record<string, string> = {}): Promise<Outcome> {
  return attack({
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

const ask = (query: string, variables?: unknown) => post({ query, variables });

const many = (count: number, make: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => make(index)).join(' ');

const RUNS = 'pipelineRuns(projectId: 10000)';

describe('limits of an operation', () => {
  test.each([
    ['deep nesting', 'MAX_DEPTH', nested(3), 'at most 10 levels of depth; this one has 11'],
    ['deep nesting through fragments', 'MAX_DEPTH', nestedInFragments(6), 'this one has 20'],
    [
      'alias overload',
      'MAX_ALIASES',
      `{ ${RUNS} { ${many(16, (i) => `a${i}: totalCount`)} } }`,
      'at most 15 aliases; this one has 16',
    ],
    [
      'alias overload of __typename',
      'MAX_ALIASES',
      `{ ${RUNS} { ${many(100, (i) => `a${i}: __typename`)} } }`,
      'this one has 100',
    ],
    [
      'alias overload by a fragment spread in many places',
      'MAX_ALIASES',
      `{ ${RUNS} { edges { node { ...F project { pipelineRuns { nodes { ...F } } } } } nodes { ...F } } }
       fragment F on PipelineRun { ${many(6, (i) => `a${i}: runId`)} }`,
      'this one has 18',
    ],
    [
      'many root fields',
      'MAX_ROOT_FIELDS',
      `{ ${many(6, (i) => `p${i}: project(projectId: ${i + 1}) { name }`)} }`,
      'at most 5 root fields; this one has 6',
    ],
    [
      'many root fields through a fragment',
      'MAX_ROOT_FIELDS',
      `{ ...F } fragment F on Query { ${many(6, (i) => `p${i}: project(projectId: ${i + 1}) { name }`)} }`,
      'this one has 6',
    ],
    [
      'field duplication at the root',
      'MAX_ROOT_FIELDS',
      `{ ${many(500, () => '__typename')} }`,
      'this one has 500',
    ],
    [
      'directive overload',
      'MAX_DIRECTIVES',
      `{ ${RUNS} { totalCount ${'@include(if: true) '.repeat(21)} } }`,
      'at most 20 directives; this one has 21',
    ],
    [
      'directive overload with directives that do not exist',
      'MAX_DIRECTIVES',
      `{ __typename ${'@aa '.repeat(500)} }`,
      'this one has 500',
    ],
    [
      'fragments that double at each of fifty steps',
      'MAX_SELECTIONS',
      `{ ${RUNS} { nodes { ...F0 } } } ${many(50, (i) => `fragment F${i} on PipelineRun { ...F${i + 1} ... { ...F${i + 1} } }`)} fragment F50 on PipelineRun { runId }`,
      'at most 1000 selections',
    ],
    [
      'field duplication',
      'MAX_SELECTIONS',
      `{ ${RUNS} { ${many(1200, () => 'totalCount')} } }`,
      'this one has 1201',
    ],
    ['very many tokens', 'MAX_TOKENS', `{ ${many(3000, () => '__typename')} }`, 'at most 2000 tokens'],
    [
      'rows of rows',
      'MAX_ROWS',
      `{ ${RUNS} { nodes { project { pipelineRuns(first: 100) { nodes { items(first: 100) { totalCount } } } } } } }`,
      'at most 4000 output objects; this one has 102031',
    ],
  ])('bounds %s by %s', async (_, setting, query, words) => {
    const { status, code, message } = await ask(query);
    expect([status, code]).toEqual([400, 'QUERY_TOO_EXPENSIVE']);
    expect(message).toContain(words);
    expect(message).toContain(setting);
  });

  test('counts rows requested by variables and their defaults', async () => {
    const query = `query ($n: Int = 100) {
      ${RUNS} { nodes { project { pipelineRuns(first: $n) { nodes { items(last: $n) { totalCount } } } } } }
    }`;
    expect((await ask(query)).message).toContain('this one has 102031');
    expect((await ask(query, { n: 50 })).message).toContain('this one has 26031');
  });

  test('does not spread a circular fragment', async () => {
    const { code, message } = await ask(
      `{ ${RUNS} { nodes { ...A } } } fragment A on PipelineRun { ...B } fragment B on PipelineRun { ...A }`,
    );
    expect(code).toBe('GRAPHQL_VALIDATION_FAILED');
    expect(message).toMatch(/within itself/);
  });

  test('accepts a list of at most one page of ids', async () => {
    const ids = Array.from({ length: 101 }, (_, i) => `gid://dataworks/Project/${i + 1}`);
    expect((await ask('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids })).code).toBe(
      'BAD_USER_INPUT',
    );
    const { code, message } = await ask(
      'query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Project { pipelineRuns(first: 100) { totalCount } } } }',
      { ids },
    );
    expect([code, message]).toEqual(['QUERY_TOO_EXPENSIVE', expect.stringContaining('this one has 10302')]);
  });

  test('rejects mutations and subscriptions', async () => {
    expect((await ask('mutation { createPipelineRun(projectId: 1) { runId } }')).code).toBe(
      'GRAPHQL_VALIDATION_FAILED',
    );
    expect((await ask('subscription { pipelineRuns(projectId: 1) { totalCount } }')).code).toBe(
      'GRAPHQL_VALIDATION_FAILED',
    );
  });
});

describe('the schema in production', () => {
  test('is not available to introspection, whole or in part', async () => {
    for (const query of [
      getIntrospectionQuery(),
      '{ __schema { types { name } } }',
      '{ t: __type(name: "PipelineRun") { fields { name } } }',
      `{ ${RUNS} { totalCount } __schema { queryType { name } } }`,
    ]) {
      const { status, code, text } = await ask(query);
      expect([status, code]).toEqual([403, 'FORBIDDEN']);
      expect(text).not.toContain('"data"');
    }
  });

  test('is not revealed by suggestions for fields, arguments, types or enum values', async () => {
    for (const query of [
      '{ pipelineRun }',
      '{ pipelineRunz(projectId: 1) { totalCount } }',
      '{ pipelineRuns(projectIdd: 1) { totalCount } }',
      '{ node(id: "x") { ... on PipelineRunn { runId } } }',
      '{ pipelineRuns(projectId: 1, filter: { status: SUCCEDED }) { totalCount } }',
    ]) {
      expect((await ask(query)).text).not.toMatch(/did you mean/i);
    }
  });

  test('has no explorer, even for browsers', async () => {
    for (const path of ['/graphql', '/', '/graphiql', '/playground', '/explorer', '/altair', '/console']) {
      const { text, headers } = await attack({ headers: { accept: 'text/html' } }, path);
      expect(headers.get('content-type')).toMatch(/json/);
      expect(text).not.toMatch(/<html/i);
    }
  });
});

describe('a request from a page of another site', () => {
  const query = `{ ${RUNS} { totalCount } }`;

  test.each([
    ['a GET of a link', { method: 'GET' }],
    [
      'a form',
      {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: `query=${query}`,
      },
    ],
    ['a multipart form', { method: 'POST', body: formOf(query) }],
    [
      'plain text',
      { method: 'POST', headers: { 'content-type': 'text/plain' }, body: JSON.stringify({ query }) },
    ],
    ['JSON that says nothing of itself', { method: 'POST', body: new Blob([JSON.stringify({ query })]) }],
  ])('as %s is rejected', async (_, init) => {
    const { status, code } = await attack(init, `/graphql?query=${encodeURIComponent(query)}`);
    expect([400, 415]).toContain(status);
    expect(code).toBe('BAD_REQUEST');
  });

  test('cannot read a response', async () => {
    const preflight = await attack({
      method: 'OPTIONS',
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
    });
    expect(preflight.headers.get('access-control-allow-origin')).toBeNull();
    const { headers } = await post('{', { origin: 'https://evil.example' });
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });

  test('gets a response that no page can frame, sniff or execute', async () => {
    const { headers } = await ask('{ __typename }');
    expect(headers.get('content-security-policy')).toBe("default-src 'none';frame-ancestors 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('SAMEORIGIN');
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('server')).toBeNull();
  });
});

describe('a body', () => {
  test('beyond MAX_BODY_BYTES is rejected with or without a content length', async () => {
    const large = JSON.stringify({ query: '{ __typename }', variables: { x: 'x'.repeat(100_000) } });
    const declared = await post(large);
    expect([declared.status, declared.code]).toEqual([413, 'QUERY_TOO_EXPENSIVE']);
    expect(declared.message).toContain('at most 100000 bytes of body; this one has more');
    expect(declared.message).toContain('MAX_BODY_BYTES');
    const init: RequestInit & { duplex: 'half' } = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: new Blob([large]).stream(),
      duplex: 'half',
    };
    const streamed = await attack(init);
    expect(streamed.status).toBe(413);
  });

  test('with several operations is rejected', async () => {
    const { status, code } = await post([
      { query: '{ __typename }' },
      { query: `{ ${RUNS} { totalCount } }` },
    ]);
    expect([status, code]).toEqual([400, 'BAD_REQUEST']);
  });

  test.each([
    ['__proto__ among variables', '{"query":"{ __typename }","variables":{"__proto__":{"isAdmin":true}}}'],
    ['__proto__ beside the query', '{"query":"{ __typename }","__proto__":{"x":1}}'],
    ['constructor.prototype', '{"query":"{ __typename }","constructor":{"prototype":{"x":1}}}'],
    ['half a document', '{"query":"{ __typename'],
    ['nothing', ''],
    ['null', 'null'],
    ['a text', '"{ __typename }"'],
    ['a number', '1'],
    ['a query that is no text', '{"query":{"kind":"Document"}}'],
    ['variables that are a text', '{"query":"{ __typename }","variables":"{}"}'],
    [
      'deeply nested arrays',
      `{"query":"{ __typename }","variables":${'['.repeat(40_000)}${']'.repeat(40_000)}}`,
    ],
  ])('with %s is a BAD_REQUEST, is not quoted and has no lasting effect', async (_, body) => {
    const { status, code, text } = await post(body);
    expect([status, code]).toEqual([400, 'BAD_REQUEST']);
    expect(text).not.toMatch(/isAdmin|SyntaxError|in JSON at|at \w+ \(/);
    expect(({} as Record<string, unknown>)['isAdmin']).toBeUndefined();
  });

  test('with a prototype in an input object changes nothing', async () => {
    const { code } = await ask(
      'query ($f: PipelineRunFilter) { pipelineRuns(projectId: 1, filter: $f) { totalCount } }',
      {
        f: JSON.parse('{"constructor": 1}') as unknown,
      },
    );
    expect(code).toBe('BAD_USER_INPUT');
  });
});

describe('debugging aids', () => {
  test('give no trace, stack or timing for any request', async () => {
    const { text, headers } = await post(
      { query: '{ __typename }', extensions: { tracing: true, debug: true } },
      {
        'apollo-federation-include-trace': 'ftv1',
        'x-apollo-tracing': '1',
        'apollo-query-plan-experimental': '1',
      },
    );
    expect(JSON.parse(text)).toEqual({ data: { __typename: 'Query' } });
    expect([...headers.keys()].join()).not.toMatch(/trace|debug|timing/);
  });

  test('for persisted queries are off: no document can be stored by its hash', async () => {
    const { code } = await post({
      query: '{ __typename }',
      extensions: { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } },
    });
    expect(code).toBe('PERSISTED_QUERY_NOT_SUPPORTED');
  });
});

describe('a request id', () => {
  test.each([
    ['that is well formed is kept', 'ab-12.CD_x', 'ab-12.CD_x'],
    ['that is too long is replaced', 'x'.repeat(129), null],
    ['that would write into the log is replaced', '{"level":"fatal"}', null],
    ['that is given twice is replaced', 'a, b', null],
  ])('%s', async (_, given, kept) => {
    const { headers } = await post({ query: '{ __typename }' }, { 'x-request-id': given });
    const id = headers.get('x-request-id')!;
    if (kept === null) expect(id).toMatch(/^[0-9a-f-]{36}$/);
    else expect(id).toBe(kept);
    expect(await log.operation(id)).toMatchObject({ requestId: id, status: 200 });
  });

  test('cannot inject a header', async () => {
    const answer = await raw(
      'POST /graphql HTTP/1.1\r\nhost: localhost\r\nx-request-id: a\r\n\tset-cookie: b=c\r\ncontent-length: 0\r\nconnection: close\r\n\r\n',
    );
    expect(answer).not.toMatch(/^set-cookie/im);
  });
});

describe('an ambiguous request', () => {
  test.each([
    ['two lengths', 'content-length: 4\r\ncontent-length: 40\r\n'],
    ['a length and chunks', 'content-length: 4\r\ntransfer-encoding: chunked\r\n'],
  ])('by %s is rejected and its connection closed', async (_, headers) => {
    const answer = await raw(
      `POST /graphql HTTP/1.1\r\nhost: localhost\r\n${headers}\r\n{}  GET /metrics HTTP/1.1\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(answer.match(/HTTP\/1.1/g)).toHaveLength(1);
    expect(gateway.newCalls()).toEqual([]);
  });
});

describe('a caller who exceeds the rate limit', () => {
  test('is RATE_LIMITED with a delay, and others are not', async () => {
    await using limited = await startTestGateway({
      settings: { RATE_LIMIT_PER_SECOND: '1', RATE_LIMIT_BURST: '3' },
      // The clock is frozen, so no tokens are refilled.
      clock: { now: () => Date.now(), monotonic: () => 0, after: () => () => undefined },
    });
    const answers = [];
    for (let i = 0; i < 5; i++) answers.push(await limited.query('{ __typename }'));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429, 429]);
    expect(answers[3]!.errors![0]!.extensions).toEqual({ code: 'RATE_LIMITED', retryAfterMs: 1000 });
    expect(answers[3]!.headers.get('retry-after')).toBe('1');
    expect(limited.newCalls()).toEqual([]);
  });
});

describe('an operator who scrapes', () => {
  test('is not limited by other callers of the same address', async () => {
    await using limited = await startTestGateway({
      settings: { RATE_LIMIT_PER_SECOND: '1', RATE_LIMIT_BURST: '2' },
      clock: { now: () => Date.now(), monotonic: () => 0, after: () => () => undefined },
    });
    const statusOf = async () => (await fetch(`${limited.url}/metrics`)).status;
    for (let i = 0; i < 5; i++) await limited.query('{ __typename }');
    expect([await statusOf(), await statusOf(), await statusOf()]).toEqual([200, 200, 429]);
  });
});

/** A path of three fields for each time, between two of its own. */
function nested(times: number, inside = 'name'): string {
  return `{ project(projectId: 10000) { ${'pipelineRuns { nodes { project { '.repeat(times)}${inside}${' } } }'.repeat(times)} } }`;
}

function nestedInFragments(times: number): string {
  return `${nested(0, '...F0')} ${many(
    times,
    (i) => `fragment F${i} on Project { pipelineRuns { nodes { project { ...F${i + 1} } } } }`,
  )} fragment F${times} on Project { name }`;
}

function formOf(query: string): FormData {
  const form = new FormData();
  form.set('query', query);
  return form;
}

async function raw(request: string): Promise<string> {
  const { hostname, port } = new URL(gateway.url);
  const socket = connect(Number(port), hostname);
  socket.write(request);
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
}
