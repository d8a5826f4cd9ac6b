import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Freshness } from '../core/readSet.ts';

export interface FreshnessRules {
  /** Epoch milliseconds. */
  now: number;
  /** Whether callers must prove who they are. */
  isAuthenticated: boolean;
}

/**
 * Says how long an answer may be used again, and by whom: its caller alone. With
 * authentication it may be kept but not used unasked, as a caller's rights can end any moment; asking is cheap, with its ETag.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9111#section-5.2.2
 */
export function tellFreshness(
  reply: FastifyReply,
  freshness: Freshness,
  { now, isAuthenticated }: FreshnessRules,
): void {
  const ageS = wholeSeconds(now - freshness.asOf);
  const leftS = wholeSeconds(freshness.freshUntil - now);
  void reply
    .header('cache-control', isAuthenticated ? 'private, no-cache' : `private, max-age=${ageS + leftS}`)
    .header('age', String(ageS));
  addVary(reply, isAuthenticated ? 'accept, authorization' : 'accept');
}

/**
 * Whether the caller of a GET has this very answer already. Tells its ETag in any case. By POST nobody asks: there, If-None-Match
 * has another meaning.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2
 */
export function isKnownToCaller(
  request: FastifyRequest,
  reply: FastifyReply,
  body: Buffer | string,
): boolean {
  if (request.method !== 'GET') return false;
  const tag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
  void reply.header('etag', tag);
  const known = request.headers['if-none-match'];
  return known !== undefined && (known.trim() === '*' || tagsIn(known).includes(tag));
}

/** A weak tag will do for a strong one here. */
function tagsIn(header: string): string[] {
  return header.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
}

function wholeSeconds(durationMs: number): number {
  return Math.max(0, Math.floor(durationMs / 1000));
}

/** CORS may have said something of its own. */
function addVary(reply: FastifyReply, names: string): void {
  const own = reply.getHeader('vary');
  void reply.header('vary', own === undefined ? names : `${String(own)}, ${names}`);
}
