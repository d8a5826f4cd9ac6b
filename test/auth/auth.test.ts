import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { parse } from 'graphql';
import { loadConfig } from '../../src/config/config.ts';
import { analyse } from '../../src/graphql/analysis.ts';
import { createSchema } from '../../src/graphql/schema.ts';
import { assertMaySelect } from '../../src/graphql/operation.ts';
import { viewerOf } from '../../src/auth/scopes.ts';
import { createAuthenticator } from '../../src/auth/authentication.ts';
import { systemClock } from '../../src/core/clock.ts';
import { bearer, captureLog, digestOf, type TemporaryFiles, temporaryFiles } from '../support/fixtures.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { createVirtualClock } from '../support/virtualClock.ts';

const TOKENS = { reader: 'dwg_reader', everything: 'dwg_everything' };
const ISSUER = 'https://issuer.example';
const AUDIENCE = 'pipeline-runs';
const noListeners = { clock: systemClock, onUnusable: () => undefined, onIssuerChange: () => undefined };

let files: TemporaryFiles;
let gateway: TestGateway;
let keys: Awaited<ReturnType<typeof generateKeyPair>>;

beforeAll(async () => {
  files = await temporaryFiles();
  keys = await generateKeyPair('RS256');
  const key = { ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' };
  gateway = await startTestGateway({
    settings: {
      INTROSPECTION: 'off',
      CACHE_FRESH_MS: '0',
      CACHE_STALE_MS: '0',
      AUTH_TOKENS_FILE: await files.write('tokens.json', [
        { name: 'reader', sha256: digestOf(TOKENS.reader), projects: ['10001'] },
        {
          name: 'everything',
          sha256: digestOf(TOKENS.everything),
          projects: '*',
          may: ['introspect', 'federation', 'metrics'],
        },
      ]),
      AUTH_JWKS_FILE: await files.write('jwks.json', { keys: [key] }),
      AUTH_ISSUER: ISSUER,
      AUTH_AUDIENCE: AUDIENCE,
    },
  });
});
beforeEach(() => void gateway.newCalls());
afterAll(async () => {
  await gateway.close();
  await files[Symbol.asyncDispose]();
});

const RUNS = '{ pipelineRuns(projectId: 10001) { totalCount } }';

function signed(claims: JWTPayload, header: { alg?: string; kid?: string } = {}): Promise<string> {
  return new SignJWT({ sub: 'ana', iss: ISSUER, aud: AUDIENCE, projects: ['10001'], ...claims })
    .setProtectedHeader({ alg: 'RS256', kid: 'k1', ...header })
    .setExpirationTime(claims.exp ?? '5 minutes')
    .sign(keys.privateKey);
}

async function expectRefused(headers: Record<string, string>): Promise<void> {
  const { status, data, errors, headers: answered } = await gateway.query(RUNS, undefined, headers);
  expect({ status, data, code: errors?.[0]?.extensions['code'] }).toEqual({
    status: 401,
    data: undefined,
    code: 'UNAUTHENTICATED',
  });
  expect(answered.get('www-authenticate')).toMatch(/^Bearer realm="graphql"/);
  expect(gateway.newCalls()).toEqual([]);
}

describe('a caller', () => {
  test.each([
    ['without a token', {}],
    ['with a token that nobody has', bearer('dwg_nobody')],
    ['with the digest of a token in place of it', bearer(digestOf(TOKENS.reader))],
    ['with another scheme', { authorization: `Basic ${TOKENS.reader}` }],
    ['with two tokens', { authorization: `Bearer ${TOKENS.reader} ${TOKENS.everything}` }],
    ['with an empty token', { authorization: 'Bearer ' }],
  ])('%s is UNAUTHENTICATED and costs no call', async (_, headers) => {
    await expectRefused(headers);
  });

  test('learns only whether its token is missing or invalid', async () => {
    const challengeFor = async (headers: Record<string, string>) =>
      (await gateway.query(RUNS, undefined, headers)).headers.get('www-authenticate');
    expect(await challengeFor({})).toBe('Bearer realm="graphql"');
    expect(await challengeFor(bearer('dwg_nobody'))).toBe('Bearer realm="graphql", error="invalid_token"');
  });

  test('without a token is rejected before a large body is read', async () => {
    const response = await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: RUNS, variables: { filler: 'x'.repeat(1_000_000) } }),
    });
    expect(response.status).toBe(401);
  });

  test('gets no data by requesting a page with a query', async () => {
    const response = await fetch(`${gateway.url}/graphql?query=${encodeURIComponent(RUNS)}`, {
      headers: { accept: 'text/html;q=0.1, application/json', 'apollo-require-preflight': '1' },
    });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
    expect(gateway.newCalls()).toEqual([]);
  });
});

describe('a scope of one project', () => {
  test('reads that project', async () => {
    const { data, errors } = await gateway.query(RUNS, undefined, bearer(TOKENS.reader));
    expect(errors).toBeUndefined();
    expect(data.pipelineRuns.totalCount).toBeGreaterThan(0);
  });

  test.each([
    ['pipelineRuns', '{ r: pipelineRuns(projectId: $P) { totalCount } }'],
    ['pipelineRun', '{ r: pipelineRun(projectId: $P, runId: "a") { runId } }'],
    ['project', '{ r: project(projectId: $P) { name } }'],
    ['node of a project', '{ r: node(id: "gid://dataworks/Project/$P") { id } }'],
    ['node of a run', '{ r: node(id: "gid://dataworks/PipelineRun/$P/a") { id } }'],
    ['Project.pipelineRuns', '{ r: project(projectId: $P) { pipelineRuns { totalCount } } }'],
  ])('makes %s of any other FORBIDDEN, existing or not, without a call', async (_, query) => {
    const answers = await Promise.all(
      ['10000', '424242'].map(async (project) => {
        const { data, errors } = await gateway.query(
          query.replace('$P', project),
          undefined,
          bearer(TOKENS.reader),
        );
        expect(data).toEqual({ r: null });
        return JSON.stringify(errors).replaceAll(project, '$P');
      }),
    );
    expect(answers[0]).toContain('FORBIDDEN');
    expect(answers[0]).toBe(answers[1]);
    expect(gateway.newCalls()).toEqual([]);
  });

  test('makes only the other projects among nodes FORBIDDEN', async () => {
    const { data, errors } = await gateway.query(
      '{ nodes(ids: ["gid://dataworks/Project/10001", "gid://dataworks/Project/10000"]) { id } }',
      undefined,
      bearer(TOKENS.reader),
    );
    expect(data.nodes).toEqual([{ id: 'gid://dataworks/Project/10001' }, null]);
    expect(errors!.map(({ path, extensions }) => [path, extensions['code']])).toEqual([
      [['nodes', 1], 'FORBIDDEN'],
    ]);
    expect(gateway.newCalls()).toEqual(['ListProjects 1']);
  });

  test('is checked even if the result is cached', async () => {
    await using warm = await startTestGateway({
      settings: {
        AUTH_TOKENS_FILE: await files.write('two.json', [
          { name: 'one', sha256: digestOf('one'), projects: ['10001'] },
          { name: 'other', sha256: digestOf('other'), projects: ['10002'] },
        ]),
      },
    });
    const answers = await Promise.all(
      ['one', 'other'].map((token) => warm.query(RUNS, undefined, bearer(token))),
    );
    expect(answers.map(({ errors }) => errors?.[0]?.extensions['code'])).toEqual([undefined, 'FORBIDDEN']);
    expect(answers[1]!.data).toEqual({ pipelineRuns: null });
  });
});

describe('a capability', () => {
  test.each([
    ['introspect', '{ __schema { queryType { name } } }'],
    ['introspect', '{ alias: __type(name: "Query") { name } }'],
    ['introspect', 'query { ...F } fragment F on Query { ... { __schema { queryType { name } } } }'],
  ])('%s is needed for %s while INTROSPECTION is off', async (_, query) => {
    const without = await gateway.query(query, undefined, bearer(TOKENS.reader));
    expect([without.status, without.errors?.[0]?.extensions['code']]).toEqual([403, 'FORBIDDEN']);
    const having = await gateway.query(query, undefined, bearer(TOKENS.everything));
    expect(having.errors).toBeUndefined();
  });

  test.each(['_entities(representations: [])', '_service'])(
    "federation is needed for %s, the router's fields",
    (field) => {
      const document = parse(`{ alias: ${field} { __typename } }`);
      const fields = analyse(document, createSchema())[0]!.gatedFields;
      const select = (may: readonly string[]) => () =>
        assertMaySelect(fields, viewerOf({ name: 'router', projects: '*', may }), true);
      expect(select(['introspect', 'metrics'])).toThrow(/requires a token with the scope federation/);
      expect(select(['federation'])).not.toThrow();
    },
  );

  test('metrics is required for /metrics, but not for probes', async () => {
    const statusOf = async (path: string, headers = {}) =>
      (await fetch(`${gateway.url}${path}`, { headers })).status;
    expect(await statusOf('/metrics')).toBe(401);
    expect(await statusOf('/metrics', bearer(TOKENS.reader))).toBe(403);
    expect(await statusOf('/metrics', bearer(TOKENS.everything))).toBe(200);
    expect(await statusOf('/health/live')).toBe(200);
    expect(await statusOf('/health/ready')).toBe(200);
  });
});

describe('a JWT', () => {
  test.each([
    ['an array of texts', ['10001']],
    ['an array of numbers', [10001]],
    ['text parted by commas', '10000,10001'],
    ['text parted by blanks', '10000 10001'],
    ['a star', '*'],
  ])('names its projects as %s', async (_, projects) => {
    const { errors } = await gateway.query(RUNS, undefined, bearer(await signed({ projects })));
    expect(errors).toBeUndefined();
  });

  test.each([
    ['no projects at all', undefined],
    ['an object', { all: true }],
    ['true', true],
    ['numbers that a double does not hold', [1e40]],
  ])('with %s reads none', async (_, projects) => {
    const { errors } = await gateway.query(RUNS, undefined, bearer(await signed({ projects })));
    expect(errors?.[0]?.extensions['code']).toBe('FORBIDDEN');
    expect(gateway.newCalls()).toEqual([]);
  });

  test.each([
    ['that has expired', () => signed({ exp: 1_700_000_000 })],
    ['that is not valid yet', () => signed({ nbf: 4_000_000_000 })],
    ['of another issuer', () => signed({ iss: 'https://other.example' })],
    ['for another audience', () => signed({ aud: 'something-else' })],
    ['of a key that is not in the set', () => signed({}, { kid: 'k2' })],
    [
      'that never expires',
      () =>
        new SignJWT({ sub: 'ana', iss: ISSUER, aud: AUDIENCE, projects: '*' })
          .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
          .sign(keys.privateKey),
    ],
    [
      'that nobody signed',
      () =>
        Promise.resolve(
          new UnsecuredJWT({ sub: 'ana', iss: ISSUER, aud: AUDIENCE, projects: '*' })
            .setExpirationTime('5 minutes')
            .encode(),
        ),
    ],
    [
      'that is signed with the public key as if it were a shared secret',
      async () =>
        new SignJWT({ sub: 'ana', iss: ISSUER, aud: AUDIENCE, projects: '*' })
          .setProtectedHeader({ alg: 'HS256', kid: 'k1' })
          .setExpirationTime('5 minutes')
          .sign(new TextEncoder().encode(await exportSPKI(keys.publicKey))),
    ],
    [
      'whose claims were changed',
      async () => {
        const [header, , signature] = (await signed({})).split('.');
        const claims = { sub: 'ana', iss: ISSUER, aud: AUDIENCE, projects: '*', exp: 4_000_000_000 };
        return [header, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.');
      },
    ],
    ['that is none', () => Promise.resolve('a.b.c')],
  ])('%s is UNAUTHENTICATED', async (_, make) => {
    await expectRefused(bearer(await make()));
  });

  test('with an algorithm that is not allowed is UNAUTHENTICATED', async () => {
    const other = await generateKeyPair('RS512');
    const key = { ...(await exportJWK(other.publicKey)), kid: 'k1' };
    const authenticate = createAuthenticator(
      {
        tokensFile: null,
        jwt: {
          jwks: { file: await files.write('rs512.json', { keys: [key] }) },
          issuer: ISSUER,
          audience: AUDIENCE,
          algorithms: ['RS256'],
          projectsClaim: 'projects',
          scopeClaim: 'scope',
        },
      },
      noListeners,
    );
    const token = await new SignJWT({ sub: 'ana', iss: ISSUER, aud: AUDIENCE })
      .setProtectedHeader({ alg: 'RS512', kid: 'k1' })
      .setExpirationTime('5 minutes')
      .sign(other.privateKey);
    expect(await authenticate!(`Bearer ${token}`, () => true)).toBe('invalid');
  });

  test('grants capabilities by its scope', async () => {
    const token = await signed({ scope: 'openid introspect' });
    const { errors } = await gateway.query('{ __schema { queryType { name } } }', undefined, bearer(token));
    expect(errors).toBeUndefined();
  });
});

describe('a key set at a URL', () => {
  /** An issuer that can respond with 503, and a gateway with a clock that stands still. */
  async function startWithIssuer(more: Record<string, string> = {}) {
    const clock = createVirtualClock(Date.now());
    const log = captureLog('info');
    const issuer = { isAway: false, fetches: 0, keys: [await publicJwk(keys, 'k1')] };
    const server = createServer((_, response) => {
      issuer.fetches += 1;
      response.writeHead(issuer.isAway ? 503 : 200).end(JSON.stringify({ keys: issuer.keys }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const remote = await startTestGateway({
      clock,
      logger: log.logger,
      settings: {
        AUTH_JWKS_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`,
        AUTH_ISSUER: ISSUER,
        AUTH_AUDIENCE: AUDIENCE,
        ...more,
      },
    });
    const ask = (token: string) => remote.query('{ __typename }', undefined, bearer(token));
    return {
      clock,
      issuer,
      url: remote.url,
      ask,
      statusOf: async (token: string) => (await ask(token)).status,
      issuerLines: () => log.lines().filter(({ msg }) => String(msg).includes('key set')),
      bugLines: () => log.lines().filter(({ level }) => level === 'error'),
      async [Symbol.asyncDispose]() {
        await remote.close();
        server.closeAllConnections();
        server.close();
      },
    };
  }

  const publicJwk = async (pair: typeof keys, kid: string) => ({
    ...(await exportJWK(pair.publicKey)),
    kid,
    alg: 'RS256',
  });
  const madeUp = async (index: number) => {
    const [, claims, signature] = (await signed({})).split('.');
    const header = Buffer.from(JSON.stringify({ alg: 'RS256', kid: `made-up-${index}` }));
    return [header.toString('base64url'), claims, signature].join('.');
  };

  test('is fetched once for many tokens; without keys, the error has a delay and no details of the issuer', async () => {
    await using remote = await startWithIssuer();
    remote.issuer.isAway = true;
    const token = await signed({});
    const { status, errors, headers } = await remote.ask(token);
    expect([status, errors, headers.get('retry-after')]).toEqual([
      503,
      [
        {
          message: 'Internal server error. The log has the details under the request id.',
          extensions: { code: 'INTERNAL_SERVER_ERROR', retryAfterMs: 5000 },
        },
      ],
      '5',
    ]);
    remote.issuer.isAway = false;
    remote.issuer.fetches = 0;
    expect(await remote.statusOf(token)).toBe(503);
    await remote.clock.advance(5000);
    expect(await Promise.all([1, 2, 3].map(() => remote.statusOf(token)))).toEqual([200, 200, 200]);
    expect(remote.issuer.fetches).toBe(1);
  });

  test('that cannot be fetched for eleven minutes leaves tokens of known keys valid, including new ones', async () => {
    await using remote = await startWithIssuer();
    const token = await signed({ exp: Math.floor(Date.now() / 1000) + 3600 });
    expect(await remote.statusOf(token)).toBe(200);
    remote.issuer.isAway = true;
    remote.issuer.fetches = 0;
    const statuses = [];
    for (let minute = 1; minute <= 11; minute++) {
      await remote.clock.advance(60_000);
      statuses.push(await remote.statusOf(token));
      const renewed = await signed({ jti: String(minute), exp: Math.floor(Date.now() / 1000) + 3600 });
      statuses.push(await remote.statusOf(renewed));
    }
    expect(statuses).toEqual(Array(22).fill(200));
    expect(remote.issuer.fetches).toBeGreaterThan(0);
    expect(remote.issuer.fetches).toBeLessThanOrEqual(11);
    const health = await (await fetch(`${remote.url}/health/ready`)).json();
    expect(health).toMatchObject({
      status: 'degraded',
      reasons: [expect.stringMatching(/responds with status 503/)],
    });
    remote.issuer.isAway = false;
    await remote.clock.advance(60_000);
    expect(await remote.statusOf(token)).toBe(200);
    while (remote.issuerLines().length < 2) await remote.clock.advance(0);
    expect(remote.issuerLines().map(({ level, reason }) => [level, reason])).toEqual([
      ['warn', 'responds with status 503'],
      ['info', undefined],
    ]);
    expect(remote.bugLines()).toEqual([]);
  });

  test('is used for at most a day while no newer one can be fetched', async () => {
    await using remote = await startWithIssuer();
    const token = await signed({ exp: Math.floor(Date.now() / 1000) + 200_000 });
    expect(await remote.statusOf(token)).toBe(200);
    remote.issuer.isAway = true;
    await remote.clock.advance(86_300_000);
    expect(await remote.statusOf(token)).toBe(200);
    await remote.clock.advance(200_000);
    expect(await remote.statusOf(token)).toBe(503);
  });

  test('is not fetched for each of a hundred forged tokens: most are RATE_LIMITED, unlike a token that was valid before', async () => {
    await using remote = await startWithIssuer({ RATE_LIMIT_PER_SECOND: '1', RATE_LIMIT_BURST: '20' });
    const token = await signed({});
    expect(await remote.statusOf(token)).toBe(200);
    await remote.clock.advance(60_000);
    remote.issuer.fetches = 0;
    remote.issuer.isAway = true;
    const statuses = [];
    for (let index = 0; index < 100; index++) statuses.push(await remote.statusOf(await madeUp(index)));
    expect(statuses).toEqual([...Array<number>(20).fill(401), ...Array<number>(80).fill(429)]);
    expect(remote.issuer.fetches).toBe(1);
    expect(remote.issuerLines()).toHaveLength(1);
    expect(remote.bugLines()).toEqual([]);
    expect(await remote.statusOf(token)).toBe(200);
    // It was not valid before, so it is not verified at all.
    expect(await remote.statusOf(await signed({ jti: 'never seen' }))).toBe(429);
  });

  test('that was never available is fetched once for a hundred forged tokens, most of which are RATE_LIMITED', async () => {
    await using remote = await startWithIssuer({ RATE_LIMIT_PER_SECOND: '1', RATE_LIMIT_BURST: '20' });
    remote.issuer.isAway = true;
    const statuses = [];
    for (let index = 0; index < 100; index++) statuses.push(await remote.statusOf(await madeUp(index)));
    expect(statuses).toEqual([...Array<number>(20).fill(503), ...Array<number>(80).fill(429)]);
    expect(remote.issuer.fetches).toBe(1);
    expect(remote.bugLines()).toEqual([]);
  });

  test('is fetched again for an unknown key after the cool-down, and drops removed keys', async () => {
    await using remote = await startWithIssuer();
    const old = await signed({});
    const next = await generateKeyPair('RS256');
    const renewed = await new SignJWT({ sub: 'ana', iss: ISSUER, aud: AUDIENCE, projects: '*' })
      .setProtectedHeader({ alg: 'RS256', kid: 'k2' })
      .setExpirationTime('5 minutes')
      .sign(next.privateKey);
    expect(await remote.statusOf(old)).toBe(200);
    remote.issuer.keys = [await publicJwk(next, 'k2')];
    expect(await remote.statusOf(renewed)).toBe(401);
    expect(remote.issuer.fetches).toBe(1);
    await remote.clock.advance(30_000);
    expect(await Promise.all([renewed, renewed].map(remote.statusOf))).toEqual([200, 200]);
    expect(remote.issuer.fetches).toBe(2);
    expect(await remote.statusOf(old)).toBe(401);
  });

  test('that has no key, or is invalid, counts as an outage', async () => {
    await using remote = await startWithIssuer();
    const token = await signed({ exp: Math.floor(Date.now() / 1000) + 3600 });
    expect(await remote.statusOf(token)).toBe(200);
    remote.issuer.keys = [];
    await remote.clock.advance(400_000);
    expect(await remote.statusOf(token)).toBe(200);
    while (remote.issuerLines().length === 0) await remote.clock.advance(0);
    expect(await remote.statusOf(token)).toBe(200);
    expect(remote.issuerLines()).toMatchObject([{ level: 'warn' }]);
  });
});

describe('rate limit counters', () => {
  test('of a token, a subject and an address are separate even if their texts are equal', async () => {
    const alike = '127.0.0.1';
    await using limited = await startTestGateway({
      clock: { now: () => Date.now(), monotonic: () => 0, after: () => () => undefined },
      settings: {
        RATE_LIMIT_PER_SECOND: '1',
        RATE_LIMIT_BURST: '2',
        AUTH_TOKENS_FILE: await files.write('alike.json', [
          { name: alike, sha256: digestOf('alike'), projects: '*' },
        ]),
        AUTH_JWKS_FILE: await files.write('alike-jwks.json', {
          keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'RS256' }],
        }),
        AUTH_ISSUER: ISSUER,
        AUTH_AUDIENCE: AUDIENCE,
      },
    });
    const statusOf = async (headers: Record<string, string>, path = '/metrics') =>
      (await fetch(`${limited.url}${path}`, { headers })).status;
    const ask = async (token: string) =>
      (await limited.query('{ __typename }', undefined, bearer(token))).status;
    const jwt = await signed({ sub: alike });
    expect([await ask('alike'), await ask('alike'), await ask('alike')]).toEqual([200, 200, 429]);
    expect([await ask(jwt), await ask(jwt), await ask(jwt)]).toEqual([200, 200, 429]);
    // Without the capability, /metrics is rejected, and counted.
    expect([
      await statusOf(bearer('alike')),
      await statusOf(bearer('alike')),
      await statusOf(bearer('alike')),
    ]).toEqual([403, 403, 429]);
    expect([
      await statusOf({}, '/explorer'),
      await statusOf({}, '/explorer/x'),
      await statusOf({}, '/explorer'),
    ]).toEqual([200, 404, 429]);
    expect([await ask('nobody'), await ask('nobody'), await ask('nobody')]).toEqual([401, 401, 429]);
  });
});

describe('without authentication', () => {
  test('only requests to localhost are accepted, which prevents DNS rebinding', async () => {
    await using open = await startTestGateway();
    const foreign = await rawPost(open.url, 'evil.example');
    expect(foreign).toMatch(/^HTTP\/1.1 403 /);
    expect(foreign).toContain('FORBIDDEN');
    expect(await rawPost(open.url, 'localhost:4000')).toMatch(/^HTTP\/1.1 200 /);
  });

  test('only loopback hosts are configurable', () => {
    const result = loadConfig({ DATAWORKS_REGION: 'cn-shanghai', HOST: '0.0.0.0' });
    expect(result).toEqual({ problems: [expect.stringMatching(/^HOST must be a loopback address/)] });
    const authenticated = loadConfig({
      DATAWORKS_REGION: 'cn-shanghai',
      HOST: '0.0.0.0',
      AUTH_TOKENS_FILE: 'tokens.json',
    });
    expect(authenticated).toHaveProperty('config');
  });
});

describe('a changed file', () => {
  const tokensOf = (...names: string[]) =>
    names.map((name) => ({ name, sha256: digestOf(name), projects: '*' }));

  test('takes effect within seconds: a new token is accepted, and a removed one is rejected', async () => {
    const clock = createVirtualClock();
    const path = await files.write('rotated.json', tokensOf('old', 'both'));
    await using changing = await startTestGateway({ clock, settings: { AUTH_TOKENS_FILE: path } });
    const statusOf = async (token: string) =>
      (await changing.query('{ __typename }', undefined, bearer(token))).status;
    expect([await statusOf('old'), await statusOf('both'), await statusOf('new')]).toEqual([200, 200, 401]);
    await files.write('rotated.json', tokensOf('new', 'both'));
    await clock.advance(5000);
    expect([await statusOf('old'), await statusOf('both'), await statusOf('new')]).toEqual([401, 200, 200]);
  });

  test('and is unusable is reported once, and its previous content stays in use', async () => {
    const clock = createVirtualClock();
    const path = await files.write('broken.json', tokensOf('reader'));
    const log = captureLog('error');
    await using changing = await startTestGateway({
      clock,
      logger: log.logger,
      settings: { AUTH_TOKENS_FILE: path },
    });
    await files.write('broken.json', '{ "half');
    for (let n = 0; n < 3; n++) {
      await clock.advance(5000);
      const { status } = await changing.query('{ __typename }', undefined, bearer('reader'));
      expect(status).toBe(200);
    }
    expect(log.lines()).toMatchObject([{ problems: [expect.stringContaining(path)] }]);
    expect(log.text()).not.toContain('half');
  });

  test('takes effect for JWT keys as well', async () => {
    const clock = createVirtualClock(Date.now());
    const other = await generateKeyPair('RS256');
    const jwks = async (pair: typeof keys) => ({
      keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' }],
    });
    const path = await files.write('rotated-jwks.json', await jwks(other));
    const settings = { AUTH_JWKS_FILE: path, AUTH_ISSUER: ISSUER, AUTH_AUDIENCE: AUDIENCE };
    await using changing = await startTestGateway({ clock, settings });
    const statusOf = async () =>
      (await changing.query('{ __typename }', undefined, bearer(await signed({})))).status;
    expect(await statusOf()).toBe(401);
    await files.write('rotated-jwks.json', await jwks(keys));
    await clock.advance(5000);
    expect(await statusOf()).toBe(200);
  });
});

describe('a file of tokens', () => {
  const read = async (content: unknown) =>
    createAuthenticator({ tokensFile: await files.write('bad.json', content), jwt: null }, noListeners);

  test('reports every problem at once, without quoting the file', async () => {
    const failure = read([
      { name: 'a b', sha256: 'canary', projects: [10000] },
      { name: 'c', sha256: digestOf('c'), projects: 'all', may: ['fly'], extra: 1 },
    ]);
    await expect(failure).rejects.toMatchObject({
      problems: [
        expect.stringMatching(/0\.name must be/),
        expect.stringMatching(/0\.sha256 must be/),
        expect.stringMatching(/0\.projects must be/),
        expect.stringMatching(/1\.projects must be/),
        expect.stringMatching(/1\.may/),
        expect.stringMatching(/1 .*extra/),
      ],
    });
    await expect(failure).rejects.not.toThrow(/canary/);
  });

  test.each([
    ['no JSON', '{'],
    ['the same name twice', [1, 2].map((n) => ({ name: 'a', sha256: digestOf(`${n}`), projects: '*' }))],
    ['the same token twice', ['a', 'b'].map((name) => ({ name, sha256: digestOf('x'), projects: '*' }))],
  ])('with %s is rejected', async (_, content) => {
    await expect(read(content)).rejects.toThrow(/AUTH_TOKENS_FILE/);
  });
});

/** A POST with a chosen `host`, which fetch does not allow. */
async function rawPost(url: string, host: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const body = JSON.stringify({ query: RUNS });
  const socket = connect(Number(port), hostname);
  socket.write(
    `POST /graphql HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
  );
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
}
