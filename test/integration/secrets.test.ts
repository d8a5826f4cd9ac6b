import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import type { Fault } from '../../simulator/faults.ts';
import { describeBug } from '../../src/telemetry/logger.ts';
import { bearer, captureLog, digestOf, type TemporaryFiles, temporaryFiles } from '../support/fixtures.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

/*
 * Sends canary secrets through every way in which an upstream call can fail, then searches all output for them:
 * responses with their headers, log lines, metrics and traces.
 */

const KEY_ID = 'LTAI5tCanaryKeyId';
const KEY_SECRET = 'CanaryKeySecret0123456789';
const TOKEN = 'dwg_CanaryBearerToken';

const everyFault: Fault[] = [
  { kind: 'throttle' },
  { kind: 'throttle', guise: '9990020002 as 400' },
  { kind: 'dailyLimit' },
  { kind: 'http5xx' },
  { kind: 'http5xx', code: 'Invalid.Wkbench.Parameter' },
  { kind: 'http5xx', code: 'Forbidden.Not.Server' },
  {
    kind: 'error',
    httpStatus: 403,
    code: 'Forbidden.RAM',
    message: `${KEY_ID} may not; see https://host/?Signature=x`,
  },
  { kind: 'error', httpStatus: 404, code: 'InvalidAccessKeyId.NotFound', message: KEY_ID },
  { kind: 'error', httpStatus: 403, code: 'SignatureDoesNotMatch', message: `Signature=abc ${KEY_ID}` },
  { kind: 'error', httpStatus: 400, code: `${KEY_SECRET} in a code` },
  { kind: 'html502' },
  { kind: 'empty500' },
  { kind: 'xmlError' },
  { kind: 'redirect' },
  { kind: 'truncatedJson' },
  { kind: 'html200' },
  { kind: 'empty200' },
  { kind: 'dropBeforeHeaders' },
  { kind: 'dropMidBody' },
  { kind: 'hangBeforeHeaders' },
  { kind: 'hangMidBody' },
  { kind: 'capPageSize' },
];

const log = captureLog('debug');
const spans = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
let files: TemporaryFiles;
let gateway: TestGateway;
let jwt: string;

beforeAll(async () => {
  provider.register();
  files = await temporaryFiles();
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  jwt = await new SignJWT({ sub: 'ana', iss: 'i', aud: 'a', projects: '*' })
    .setProtectedHeader({ alg: 'ES256', kid: 'k' })
    .setExpirationTime('5 minutes')
    .sign(privateKey);
  gateway = await startTestGateway({
    logger: log.logger,
    tracing: true,
    simulator: { accessKeyId: KEY_ID, accessKeySecret: KEY_SECRET },
    settings: {
      REQUEST_DEADLINE_MS: '300',
      UPSTREAM_TRY_TIMEOUT_MS: '150',
      CACHE_FRESH_MS: '0',
      CACHE_STALE_MS: '0',
      AUTH_TOKENS_FILE: await files.write('tokens.json', [
        { name: 'canary', sha256: digestOf(TOKEN), projects: '*', may: ['metrics'] },
      ]),
      AUTH_JWKS_FILE: await files.write('jwks.json', {
        keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256' }],
      }),
      AUTH_ISSUER: 'i',
      AUTH_AUDIENCE: 'a',
    },
  });
});
afterAll(async () => {
  await gateway.close();
  await provider.shutdown();
  await files[Symbol.asyncDispose]();
});

const QUERY = `query Q {
  pipelineRuns(projectId: 10000) { totalCount }
  pipelineRun(projectId: 10000, runId: "a") { runId }
  project(projectId: 10000) { name }
}`;

let requests = 0;
const outputs: string[] = [];

async function send(body: string, headers: Record<string, string>): Promise<string[]> {
  const id = `request-${(requests += 1)}`;
  const response = await fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', 'x-request-id': id, ...headers },
  });
  const text = await response.text();
  outputs.push(text, JSON.stringify([...response.headers]));
  await log.operation(id);
  const { errors = [] } = JSON.parse(text) as { errors?: { extensions: { code: string } }[] };
  return errors.map(({ extensions }) => extensions.code);
}

describe('no secret is exposed', () => {
  test.each(everyFault)('when the upstream fails with %j', async (fault) => {
    const handle = gateway.simulator.fault(fault);
    for (const token of [TOKEN, jwt]) {
      const codes = await send(JSON.stringify({ query: QUERY }), bearer(token));
      expect(codes.join()).toMatch(/UPSTREAM_/);
      expect(codes.join()).not.toMatch(/INTERNAL/);
    }
    handle();
  });

  test.each([
    ['is forged', bearer(`${TOKEN}x`), '{"query":"{ __typename }"}'],
    ['has another scheme', { authorization: `Basic ${TOKEN}` }, '{"query":"{ __typename }"}'],
    ['comes with a body that is none', bearer(TOKEN), `{"query": ${KEY_SECRET}`],
    ['comes with a field that is none', bearer(TOKEN), JSON.stringify({ query: `{ ${KEY_SECRET} }` })],
  ])('when a token %s', async (name, headers, body) => {
    await send(body, headers);
    // A validation error names the caller's own field in the response, and nowhere else.
    if (name === 'comes with a field that is none') outputs.splice(-2);
  });

  test('in any response, header, log line, metric or trace of these operations', async () => {
    outputs.push(await (await fetch(`${gateway.url}/metrics`, { headers: bearer(TOKEN) })).text());
    outputs.push(log.text());
    outputs.push(
      JSON.stringify(
        spans
          .getFinishedSpans()
          .map(({ name, attributes, events, status }) => ({ name, attributes, events, status })),
      ),
    );
    expect(outputs.length).toBeGreaterThan(90);
    expect(outputs.at(-1)).toContain('ListPipelineRuns');
    const all = outputs.join('\n');
    for (const secret of [KEY_ID, KEY_SECRET, TOKEN, jwt, jwt.split('.')[2]!, digestOf(TOKEN)]) {
      expect(all).not.toContain(secret);
    }
    expect(all).not.toMatch(/Signature=|ACS3-HMAC|x-acs-|ProjectId=|PageNumber=/i);
    expect(all).not.toContain(gateway.simulator.host);
    expect(all).not.toMatch(/\bat .+:\d+:\d+|node_modules|\.ts\b/);
  });
});

describe('a bug in the log', () => {
  test('includes its location in the code, and its message without possible secrets', () => {
    const error = Object.assign(
      new TypeError(
        `GET https://dataworks.example/?Signature=abc failed for Bearer ${TOKEN}, key ${KEY_ID}, accessKeySecret: ${KEY_SECRET}, jwt ${jwt}`,
      ),
      { data: { lastRequest: KEY_SECRET } },
    );
    const text = JSON.stringify(describeBug(error));
    for (const secret of [KEY_ID, KEY_SECRET, TOKEN, jwt, 'dataworks.example'])
      expect(text).not.toContain(secret);
    expect(text).toContain('secrets.test.ts');
    expect(describeBug(KEY_SECRET)).toEqual({
      type: 'string',
      message: 'A value that is no Error was thrown.',
    });
  });

  test('takes no line of its message for a line of its stack', () => {
    const error = new Error(`failed\n    at file:///etc/passwd:1:1 ${KEY_SECRET}`);
    expect(describeBug(error)['stack']).toContain('secrets.test.ts');
    expect(describeBug(error)['stack']).not.toContain(KEY_SECRET);
    error.message = 'changed';
    expect(describeBug(error)['stack']).toBe('');
  });
});
