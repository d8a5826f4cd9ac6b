import { randomBytes } from 'node:crypto';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { createCompress } from '../../src/responses/compression.ts';
import { ENCODINGS } from '../../src/responses/contentEncoding.ts';

const small = Buffer.from('{"data":1}'.repeat(500));
const large = () => Buffer.from(randomBytes(50_000).toString('hex'));

/** Compresses with a thread pool that finishes when the test says so. */
function withHeldPool() {
  const started: { body: Buffer; end: () => void; fail: () => void }[] = [];
  const compress = createCompress(
    (body) =>
      new Promise((resolve, reject) => {
        started.push({
          body,
          end: () => resolve(Buffer.from('done')),
          fail: () => reject(new Error('memory')),
        });
      }),
  );
  return { compress, started };
}

test.each(ENCODINGS)('%s returns the same text, shorter', async (encoding) => {
  const compress = createCompress();
  const restored = encoding === 'br' ? brotliDecompressSync : gunzipSync;
  for (const body of [small, large()]) {
    const encoded = await compress(body, encoding);
    expect(encoded!.length).toBeLessThan(body.length);
    expect(restored(encoded!)).toEqual(body);
  }
});

test('only long bodies go to the thread pool', () => {
  const { compress, started } = withHeldPool();
  expect(compress(small, 'br')).toBeInstanceOf(Buffer);
  const body = large();
  expect(compress(body, 'br')).toBeInstanceOf(Promise);
  expect(started).toMatchObject([{ body }]);
});

test('two bodies are compressed in the thread pool at once, all others are sent as they are', async () => {
  const { compress, started } = withHeldPool();
  const [one, two, three] = [large(), large(), large()] as const;
  const first = compress(one, 'br');
  const second = compress(two, 'gzip');
  expect([compress(three, 'br'), compress(one, 'gzip'), compress(small, 'gzip')]).toEqual([
    null,
    null,
    expect.any(Buffer),
  ]);
  started[0]!.end();
  await first;
  const third = compress(three, 'br');
  expect(third).toBeInstanceOf(Promise);
  started[1]!.fail();
  await expect(second).rejects.toThrow('memory');
  expect(compress(two, 'gzip')).toBeInstanceOf(Promise);
  expect(started.map(({ body }) => body)).toEqual([one, two, three, two]);
});

test('simultaneous requests for the same body share one compression', async () => {
  const { compress, started } = withHeldPool();
  const body = large();
  const all = Array.from({ length: 50 }, () => compress(body, 'br') as Promise<Buffer>);
  expect(started).toHaveLength(1);
  started[0]!.end();
  const encoded = await Promise.all(all);
  expect(new Set(encoded).size).toBe(1);
});
