import { request } from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

const LARGE = '{ pipelineRuns(projectId: 10000, first: 20) { nodes { runId description stages { name } } } }';
const SMALL = '{ pipelineRuns(projectId: 10000, first: 1) { totalCount } }';
const ORIGIN = 'https://dashboards.example.com';

interface RawResponse {
  status: number | undefined;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

/** A response as it is sent: fetch would decompress it. */
async function send(
  url: string,
  query: string,
  { method = 'POST', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<RawResponse> {
  const isPost = method === 'POST';
  const path = isPost ? '/graphql' : `/graphql?query=${encodeURIComponent(query)}`;
  return new Promise((resolve, reject) => {
    const sent = request(`${url}${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
    });
    sent.on('error', reject).on('response', (response) => {
      const chunks: Buffer[] = [];
      response
        .on('data', (chunk: Buffer) => chunks.push(chunk))
        .on('end', () =>
          resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }),
        );
    });
    sent.end(isPost ? JSON.stringify({ query }) : undefined);
  });
}

describe.each(['on', 'off'])('a response, with STORED_ANSWERS %s', (stored) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    const settings = { STORED_ANSWERS: stored, CORS_ORIGINS: ORIGIN, CACHE_FRESH_MS: '600000' };
    gateway = await startTestGateway({ settings });
  });
  afterAll(() => gateway.close());

  test.each([
    ['gzip', gunzipSync],
    ['br', brotliDecompressSync],
  ])('is the same text in %s, by POST and by GET', async (encoding, decode) => {
    for (const method of ['POST', 'GET', 'POST', 'GET']) {
      const plain = await send(gateway.url, LARGE, { method });
      const { status, headers, body } = await send(gateway.url, LARGE, {
        method,
        headers: { 'accept-encoding': encoding },
      });
      expect([status, headers['content-encoding']]).toEqual([200, encoding]);
      expect(headers['content-length']).toBe(String(body.length));
      expect(headers['transfer-encoding']).toBeUndefined();
      expect(headers['content-type']).toBe(plain.headers['content-type']);
      expect(decode(body).toString()).toBe(plain.body.toString());
      expect(body.length).toBeLessThan(plain.body.length / 3);
    }
  });

  test('varies by encoding, also as it is, and with what it varies by otherwise', async () => {
    for (const encoding of ['identity', 'gzip', 'br;q=0', 'identity;q=0']) {
      const { headers } = await send(gateway.url, LARGE, {
        headers: { 'accept-encoding': encoding, origin: ORIGIN },
      });
      const vary = String(headers['vary']).toLowerCase().split(', ').sort();
      expect(vary).toEqual(['accept', 'accept-encoding', 'origin']);
    }
    expect((await send(gateway.url, SMALL)).headers['vary']).not.toMatch(/encoding/);
  });

  test('has a weak ETag if it is compressed, and is revalidated by that of any encoding', async () => {
    const ask = (encoding: string, tag = '') =>
      send(gateway.url, LARGE, {
        method: 'GET',
        headers: { 'accept-encoding': encoding, 'if-none-match': tag },
      });
    const tags = await Promise.all(
      ['identity', 'gzip', 'br'].map(async (encoding) => String((await ask(encoding)).headers['etag'])),
    );
    const [strong] = tags;
    expect(strong).toMatch(/^"[\w-]{27}"$/);
    expect(tags).toEqual([strong, `W/${strong}`, `W/${strong}`]);
    for (const tag of new Set(tags)) {
      const { status, headers, body } = await ask('gzip', tag);
      expect([status, body.length, headers['etag']]).toEqual([304, 0, `W/${strong}`]);
      expect(headers['content-encoding']).toBeUndefined();
      expect(headers['vary']).toContain('accept-encoding');
    }
  });

  test('to HEAD is the same error as without compression', async () => {
    const ask = (encoding: string) =>
      send(gateway.url, LARGE, { method: 'HEAD', headers: { 'accept-encoding': encoding } });
    const [plain, compressed] = [await ask('identity'), await ask('br')];
    expect([compressed.status, compressed.headers['content-encoding'], compressed.body.length]).toEqual([
      plain.status,
      undefined,
      0,
    ]);
    expect(compressed.headers['content-length']).toBe(plain.headers['content-length']);
  });
});

describe('no compression', () => {
  const long = 'x'.repeat(1200);

  test.each([
    ['of an error before execution, which quotes the query', `{ ${long} }`],
    ['of data beside errors', `{ ${LARGE.slice(1, -1)} other: node(id: "${long}") { id } }`],
    ['of a short response', SMALL],
  ])('%s', async (_, query) => {
    await using gateway = await startTestGateway();
    const { headers, body } = await send(gateway.url, query, { headers: { 'accept-encoding': 'br, gzip' } });
    expect(headers['content-encoding']).toBeUndefined();
    expect(JSON.parse(body.toString())).toBeInstanceOf(Object);
    if (query !== SMALL) {
      expect(body.length).toBeGreaterThan(1000);
      expect(body.toString()).toContain('"errors"');
    }
  });

  test('beside the cost of the operation, which shows what all callers have left', async () => {
    await using gateway = await startTestGateway();
    const { headers, body } = await send(gateway.url, LARGE, {
      headers: { 'accept-encoding': 'gzip', 'gateway-cost': '1' },
    });
    expect([headers['content-encoding'], body.includes('"budgetLeft"')]).toEqual([undefined, true]);
  });

  test('of pages, which hold a nonce', async () => {
    await using gateway = await startTestGateway({ settings: { EXPLORER: 'on' } });
    const response = await fetch(`${gateway.url}/graphql`, { headers: { accept: 'text/html' } });
    expect([response.status, response.headers.get('content-encoding')]).toEqual([200, null]);
    expect(await response.text()).toContain('nonce=');
  });

  test('with COMPRESSION=off', async () => {
    await using gateway = await startTestGateway({ settings: { COMPRESSION: 'off' } });
    const { headers } = await send(gateway.url, LARGE, { headers: { 'accept-encoding': 'gzip' } });
    expect([headers['content-encoding'], headers['vary']]).toEqual([undefined, 'accept']);
  });
});

test('introspection, which nothing is stored of, is compressed too', async () => {
  await using gateway = await startTestGateway();
  const query = '{ __schema { types { name fields { name } } } }';
  const { headers, body } = await send(gateway.url, query, { headers: { 'accept-encoding': 'gzip' } });
  expect(headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' });
  expect(JSON.parse(gunzipSync(body).toString())).toHaveProperty('data.__schema');
});
