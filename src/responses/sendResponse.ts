import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { SteadyClock } from '../core/clock.ts';
import type { Freshness } from '../core/readSet.ts';
import type { Compress } from './compression.ts';
import { type Encoding, encodingFor } from './contentEncoding.ts';
import type { StoredResponse, StoredResponses } from './storedResponses.ts';

export interface SendOptions {
  clock: SteadyClock;
  /** Whether callers must authenticate. */
  isAuthenticated: boolean;
  /** Null if responses are not stored. */
  responses: StoredResponses | null;
  /** Null if responses are not compressed. */
  compress: Compress | null;
}

/** How a response may be reused. */
export interface Reuse {
  /** Null if the next response can be different. */
  freshness: Freshness | null;
  /** The key of the stored response; null if it is not stored. */
  key: string | null;
}

/** A shorter body fits into one packet, compressed or not. */
const MIN_COMPRESSED_BYTES = 1000;

/**
 * Sends a response to an operation without errors, in the content coding that its client asks for. Errors are never compressed: they
 * quote the request, and the length of a compressed text reveals how much of one part is repeated in another (see docs/security.md).
 */
export function sendComplete(
  { body, encoded }: Pick<StoredResponse, 'body' | 'encoded'>,
  { freshness, key }: Reuse,
  request: FastifyRequest,
  reply: FastifyReply,
  options: SendOptions,
): FastifyReply | Promise<FastifyReply> {
  const { method, headers } = request;
  const isCompressible = options.compress !== null && body.length > MIN_COMPRESSED_BYTES;
  const encoding = isCompressible ? encodingFor(headers['accept-encoding']) : null;
  if (freshness !== null) setCachingHeaders(freshness, reply, options);
  setVary(freshness !== null, isCompressible, reply, options);
  // If-None-Match means something else for POST.
  if (freshness !== null && method === 'GET') {
    const tag = tagOf(body);
    // As strong tags of two encodings must differ, that of an encoded body is weak.
    void reply.header('etag', encoding === null ? tag : `W/${tag}`);
    if (includesTag(headers['if-none-match'], tag)) return reply.code(304).send();
  }
  if (encoding === null) return reply.send(body);
  const stored = encoded[encoding];
  if (stored === undefined) return sendCompressed(body, encoding, key, reply, options);
  return reply.header('content-encoding', encoding).send(stored);
}

async function sendCompressed(
  body: Buffer,
  encoding: Encoding,
  key: string | null,
  reply: FastifyReply,
  { responses, compress }: SendOptions,
): Promise<FastifyReply> {
  const compressed = compress && (await compress(body, encoding));
  if (compressed === null) return reply.send(body);
  if (key !== null) responses?.addEncoded(key, body, encoding, compressed);
  return reply.header('content-encoding', encoding).send(compressed);
}

/**
 * The caller, and no shared cache, may reuse the response while it is fresh. With authentication, the caller may store it but must
 * revalidate it by its ETag, because permissions can end at any time.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9111#section-5.2.2
 */
function setCachingHeaders(
  { asOf, freshUntil }: Freshness,
  reply: FastifyReply,
  { clock, isAuthenticated }: SendOptions,
): void {
  const now = clock.now();
  const ageS = Math.max(0, Math.floor((now - asOf) / 1000));
  const leftS = Math.max(0, Math.floor((freshUntil - now) / 1000));
  void reply
    .header('cache-control', isAuthenticated ? 'private, no-cache' : `private, max-age=${ageS + leftS}`)
    .header('age', String(ageS));
}

function setVary(
  isReusable: boolean,
  isCompressible: boolean,
  reply: FastifyReply,
  { isAuthenticated }: SendOptions,
): void {
  let vary = isReusable ? (isAuthenticated ? 'accept, authorization' : 'accept') : '';
  if (isCompressible) vary += vary === '' ? 'accept-encoding' : ', accept-encoding';
  if (vary === '') return;
  // CORS may have set its own.
  const own = reply.getHeader('vary');
  void reply.header('vary', own === undefined ? vary : `${String(own)}, ${vary}`);
}

function tagOf(body: Buffer): string {
  return `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
}

/**
 * A weak comparison.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2
 */
function includesTag(known = '', tag: string): boolean {
  return known.trim() === '*' || known.split(',').some((one) => one.trim().replace(/^W\//, '') === tag);
}
