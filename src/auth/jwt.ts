import { hash } from 'node:crypto';
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../core/clock.ts';
import { OperatorError } from '../core/operatorError.ts';
import type { JwtSettings } from '../core/settings.ts';
import type { Viewer } from '../core/viewer.ts';
import { createIssuerKeys, type IssuerOptions, type KeySource } from './issuerKeys.ts';
import { viewerFromClaims } from './scopes.ts';
import { watchFile, type WatchedFileOptions } from './watchedFile.ts';

/**
 * - `invalid`: the token proves nothing.
 * - `unchecked`: `canVerify` returned false.
 * - `unavailable`: there are no keys to verify the token with.
 */
export type JwtResult = Viewer | 'invalid' | 'unchecked' | 'unavailable';

/** @param canVerify asked before any work on a token that was not valid before */
export type JwtVerifier = (token: string, canVerify: () => boolean) => JwtResult | Promise<JwtResult>;

export interface JwtVerifierOptions
  extends Pick<IssuerOptions, 'onIssuerChange'>, Pick<WatchedFileOptions<unknown>, 'onUnusable'> {
  clock: Clock;
}

/** Between the issuer's clock and this one. */
const CLOCK_TOLERANCE_S = 5;
/** Tokens whose verification is cached, by digest. */
const MAX_CACHED = 10_000;
/** Signatures that are verified at once. `canVerify` is asked again for those that wait, because failures count first. */
const MAX_CONCURRENT = 16;

/** @throws OperatorError for an unusable key file. */
export function createJwtVerifier(settings: JwtSettings, options: JwtVerifierOptions): JwtVerifier {
  const { clock } = options;
  const source = keySourceOf(settings.jwks, options);
  const verified = new LRUCache<string, { viewer: Viewer; keys: JWTVerifyGetKey }>({ max: MAX_CACHED });
  const limited = createConcurrencyLimit(MAX_CONCURRENT);

  return (token, canVerify) => {
    const digest = hash('sha256', token, 'base64url');
    const cached = verified.get(digest);
    if (cached === undefined && !canVerify()) return 'unchecked';
    const keys = source.current();
    if (cached?.keys === keys) {
      const { viewer } = cached;
      const isExpired =
        viewer.expiresAt !== null && clock.now() >= viewer.expiresAt + CLOCK_TOLERANCE_S * 1000;
      return isExpired ? 'invalid' : viewer;
    }
    verified.delete(digest);
    // A token that was valid before is verified with new keys, whatever other callers of its address do.
    return verifyAnew(token, digest, keys, cached === undefined ? canVerify : () => true);
  };

  async function verifyAnew(
    token: string,
    digest: string,
    current: JWTVerifyGetKey | null,
    canVerify: () => boolean,
  ): Promise<JwtResult> {
    let keys = current ?? (await source.newerThan(null));
    if (keys === null) return 'unavailable';
    let result = await verifyWith(keys);
    if (result === 'unknownKey') {
      keys = await source.newerThan(keys);
      if (keys === null) return 'invalid';
      result = await verifyWith(keys);
    }
    if (typeof result === 'string') return result === 'unknownKey' ? 'invalid' : result;
    verified.set(digest, { viewer: result, keys });
    return result;

    function verifyWith(set: JWTVerifyGetKey): Promise<Viewer | 'invalid' | 'unchecked' | 'unknownKey'> {
      return limited(async () =>
        canVerify() ? await verifySignature(token, set, settings, clock.now()) : 'unchecked',
      );
    }
  }
}

function keySourceOf(jwks: JwtSettings['jwks'], options: JwtVerifierOptions): KeySource {
  if ('url' in jwks) return createIssuerKeys({ ...options, url: jwks.url });
  const keys = watchFile({ ...options, setting: 'AUTH_JWKS_FILE', path: jwks.file, parse: keysIn });
  return { current: keys, newerThan: () => Promise.resolve(null) };
}

function keysIn(text: string, file: string): JWTVerifyGetKey {
  try {
    return createLocalJWKSet(JSON.parse(text) as JSONWebKeySet);
  } catch {
    throw new OperatorError([`${file} is not a JSON Web Key Set.`]);
  }
}

async function verifySignature(
  token: string,
  keys: JWTVerifyGetKey,
  settings: JwtSettings,
  now: number,
): Promise<Viewer | 'invalid' | 'unknownKey'> {
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer: settings.issuer,
      audience: settings.audience,
      algorithms: [...settings.algorithms],
      // A token without an end cannot be revoked.
      requiredClaims: ['exp', 'sub'],
      clockTolerance: CLOCK_TOLERANCE_S,
      currentDate: new Date(now),
    });
    return viewerFromClaims(payload, settings);
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey) return 'unknownKey';
    if (error instanceof errors.JOSEError) return 'invalid';
    throw error;
  }
}

/** Runs at most `max` tasks at once; others wait in their order. */
function createConcurrencyLimit(max: number): <Result>(task: () => Promise<Result>) => Promise<Result> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (task) => {
    if (running >= max) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await task();
    } finally {
      // A waiting task takes over the slot, so that no newer task gets it first.
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
