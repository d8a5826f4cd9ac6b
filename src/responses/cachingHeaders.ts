import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Freshness } from '../core/readSet.ts';

export interface CachingOptions {
  /** Epoch milliseconds. */
  now: number;
  /** Whether callers must authenticate. */
  isAuthenticated: boolean;
}

/**
 * Allows the caller, and no shared cache, to reuse a response while it is fresh. With authentication, the caller may store it but
 * must revalidate it by its ETag, because permissions can end at any time.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9111#section-5.2.2
 */
export function setCachingHeaders(
  reply: FastifyReply,
  { asOf, freshUntil }: Freshness,
  { now, isAuthenticated }: CachingOptions,
): void {
  const ageS = Math.max(0, Math.floor((now - asOf) / 1000));
  const leftS = Math.max(0, Math.floor((freshUntil - now) / 1000));
  const vary = isAuthenticated ? 'accept, authorization' : 'accept';
  // CORS may have set its own.
  const own = reply.getHeader('vary');
  void reply
    .header('cache-control', isAuthenticated ? 'private, no-cache' : `private, max-age=${ageS + leftS}`)
    .header('age', String(ageS))
    .header('vary', own === undefined ? vary : `${String(own)}, ${vary}`);
}

/**
 * Sets the ETag of a response to GET and returns whether the caller has this response already. Call only for GET: If-None-Match
 * means something else for POST.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2
 */
export function matchesETag({ headers }: FastifyRequest, reply: FastifyReply, body: Buffer): boolean {
  const tag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
  void reply.header('etag', tag);
  const known = headers['if-none-match'];
  if (known === undefined) return false;
  // A weak comparison.
  return known.trim() === '*' || known.split(',').some((one) => one.trim().replace(/^W\//, '') === tag);
}
