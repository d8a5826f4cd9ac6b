import { once } from 'node:events';
import { get } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { fastify } from 'fastify';
import type { Compress } from '../../src/responses/compression.ts';
import type { Encoding } from '../../src/responses/contentEncoding.ts';
import { createCompress } from '../../src/responses/compression.ts';
import { sendComplete } from '../../src/responses/sendResponse.ts';
import { createStoredResponses, type StoredResponse } from '../../src/responses/storedResponses.ts';
import { createSteadyClock, systemClock } from '../../src/core/clock.ts';

const KEY = 'key';
const clock = createSteadyClock(systemClock);
const freshness = { asOf: clock.now(), freshUntil: clock.now() + 1_000_000 };

function responseOf(body: Buffer): StoredResponse {
  const reads = { actions: [], freshness: () => freshness };
  return {
    body,
    encoded: {},
    contentType: 'application/json',
    operationName: null,
    operationType: null,
    reads,
  };
}

/** A server with one stored response. */
function serverOf(body: Buffer, { compress = createCompress(), maxBytes = 1_000_000 } = {}) {
  const compressions: Encoding[] = [];
  const counted: Compress = (one, encoding) => {
    compressions.push(encoding);
    return compress(one, encoding);
  };
  const responses = createStoredResponses(maxBytes, clock);
  responses.store(KEY, responseOf(body));
  const app = fastify();
  app.get('/', (request, reply) => {
    const found = responses.find(KEY);
    if (found === null) throw new Error('The response is not stored any more.');
    const options = { clock, isAuthenticated: false, responses, compress: counted };
    const reuse = { freshness: found.freshness, key: KEY };
    return sendComplete(found.response, reuse, request, reply.type('application/json'), options);
  });
  const ask = (encoding: string, headers = {}) =>
    app.inject({ url: '/', headers: { 'accept-encoding': encoding, ...headers } });
  return { app, ask, responses, compressions };
}

const body = Buffer.from(JSON.stringify({ data: Array.from({ length: 500 }, (_, n) => `run ${n}`) }));

test('a stored response is compressed once per encoding', async () => {
  const { ask, responses, compressions } = serverOf(body);
  for (let n = 0; n < 3; n++) {
    for (const encoding of ['gzip', 'br', 'identity']) {
      const { headers } = await ask(encoding);
      expect(headers['content-encoding'] ?? 'identity').toBe(encoding);
    }
  }
  expect(compressions).toEqual(['gzip', 'br']);
  const { encoded } = responses.find(KEY)!.response;
  expect(gunzipSync(encoded.gzip!)).toEqual(body);
  // Nothing but its own bytes stays in memory.
  expect(Object.values(encoded).map(({ buffer, length }) => buffer.byteLength === length)).toEqual([
    true,
    true,
  ]);
});

test('a response that is revalidated is not compressed', async () => {
  const { ask, compressions } = serverOf(body);
  const tag = String((await ask('identity')).headers['etag']);
  const { statusCode, headers, rawPayload } = await ask('br', { 'if-none-match': tag });
  expect([statusCode, rawPayload.length]).toEqual([304, 0]);
  expect(headers).toMatchObject({ etag: `W/${tag}`, vary: 'accept, accept-encoding' });
  expect(headers['content-encoding']).toBeUndefined();
  expect(compressions).toEqual([]);
});

test('a body that is not compressed in time is sent as it is', async () => {
  const { ask } = serverOf(body, { compress: () => null });
  const { headers, rawPayload } = await ask('br');
  expect(headers['content-encoding']).toBeUndefined();
  expect(headers).toMatchObject({ vary: 'accept, accept-encoding', 'content-length': String(body.length) });
  expect(rawPayload).toEqual(body);
});

test('a short body is never compressed', async () => {
  const { ask, compressions } = serverOf(Buffer.alloc(1000, ' '));
  const { headers } = await ask('br');
  expect([headers['content-encoding'], headers.vary]).toEqual([undefined, 'accept']);
  expect(compressions).toEqual([]);
});

test('compressed forms count against the memory for stored responses', () => {
  // Three bodies without forms fit.
  const responses = createStoredResponses(3 * (1000 + 6 + 2000), clock);
  const bodies = ['one', 'two', 'six'].map((key) => {
    const { body } = responseOf(Buffer.alloc(2000));
    responses.store(key, responseOf(body));
    return body;
  });
  const stored = () => ['one', 'two', 'six'].filter((key) => responses.find(key) !== null);
  expect(stored()).toHaveLength(3);
  responses.addEncoded('six', bodies[2]!, 'br', Buffer.alloc(500));
  expect(stored()).toEqual(['two', 'six']);
  responses.addEncoded('six', bodies[2]!, 'gzip', Buffer.alloc(500));
  expect(stored()).toEqual(['two', 'six']);
  expect(Object.keys(responses.find('six')!.response.encoded)).toEqual(['br', 'gzip']);
});

test('a form that does not fit beside its response is not kept, and neither is one of a response that is gone', async () => {
  const { ask, responses, compressions } = serverOf(body, { maxBytes: 1006 + body.length + 10 });
  for (let n = 0; n < 2; n++) expect((await ask('gzip')).headers['content-encoding']).toBe('gzip');
  expect(compressions).toEqual(['gzip', 'gzip']);
  expect(responses.find(KEY)!.response.encoded).toEqual({});
  responses.store(KEY, responseOf(Buffer.from('newer')));
  responses.addEncoded(KEY, body, 'br', Buffer.from('b'));
  responses.addEncoded('other', body, 'br', Buffer.from('b'));
  expect(responses.find(KEY)!.response).toMatchObject({ body: Buffer.from('newer'), encoded: {} });
  expect(responses.find('other')).toBeNull();
});

test('a client that disconnects while its response is compressed leaves nothing behind', async () => {
  let end: (encoded: Buffer) => void = () => undefined;
  const held = new Promise<Buffer>((resolve) => (end = resolve));
  let hasStarted = (): void => undefined;
  const started = new Promise<void>((resolve) => (hasStarted = resolve));
  const { app, responses } = serverOf(body, {
    compress() {
      hasStarted();
      return held;
    },
  });
  const closed = new Promise((resolve) => {
    app.addHook('onRequest', (_, reply, done) => {
      reply.raw.once('close', resolve);
      done();
    });
  });
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  const request = get(url, { headers: { 'accept-encoding': 'gzip' } });
  const failed = once(request, 'error');
  await started;
  request.destroy(new Error('The client has gone.'));
  await failed;
  await closed;
  end(Buffer.from('compressed'));
  await app.close();
  // The next client gets what was made for the first.
  expect(responses.find(KEY)!.response.encoded).toEqual({ gzip: Buffer.from('compressed') });
});
