import type { JwtSettings } from '../core/settings.ts';
import { hash } from 'node:crypto';
import {
  createLocalJWKSet,
  errors,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose';
import { LRUCache } from 'lru-cache';
import type { Viewer } from '../core/viewer.ts';
import { OperatorError, withoutCredentials } from '../core/operatorError.ts';
import { createIssuerKeys, fixedSource, type IssuerOptions, type KeySource } from './keySet.ts';
import { type MaybePromise, whenThere } from '../core/maybePromise.ts';
import { viewerOf } from './scopes.ts';
import { createConcurrencyLimit } from '../core/concurrencyLimit.ts';
import { watchFile, type WatchedFileOptions } from './watchedFile.ts';

/** `unchecked`: `mayVerify` has said no. `unavailable`: there are no keys to verify with. */
export type JwtResult = Viewer | 'invalid' | 'unchecked' | 'unavailable';

export interface JwtVerifier {
  /** @param mayVerify asked before any work on a token that was not valid the last time, or was not seen before */
  verify(token: string, mayVerify: () => boolean): MaybePromise<JwtResult>;
  /** Why the issuer's keys can't be fetched at the moment; null while they can. */
  keysProblem(): string | null;
}

export interface JwtVerifierOptions
  extends Pick<WatchedFileOptions<unknown>, 'clock' | 'onUnusable'>, Pick<IssuerOptions, 'onIssuerChange'> {}

/** Between the issuer's clock and ours, in seconds. */
const CLOCK_TOLERANCE_S = 5;
/** Tokens that are remembered to be valid, by their digests. */
const MAX_VERIFIED = 10_000;
/** Signatures that are verified at once. Those behind them are asked again whether they may be: failures count first. */
const MAX_VERIFYING = 16;

/** Of a token that was valid. */
interface Verified {
  viewer: Viewer;
  /** The set that its key was in. */
  keys: JWTVerifyGetKey;
}

/** @throws OperatorError for a key file that is none. */
export async function createJwtVerifier(
  settings: JwtSettings,
  options: JwtVerifierOptions,
): Promise<JwtVerifier> {
  const { clock } = options;
  const source = await keySourceOf(settings.jwks, options);
  const verified = new LRUCache<string, Verified>({ max: MAX_VERIFIED });
  const inTurn = createConcurrencyLimit(MAX_VERIFYING);

  async function verifyAnew(
    token: string,
    keys: JWTVerifyGetKey,
    mayVerify: () => boolean,
  ): Promise<JwtResult> {
    const verifyWith = (set: JWTVerifyGetKey) =>
      inTurn(async () =>
        mayVerify() ? await verifySignature(token, set, settings, clock.now()) : ('unchecked' as const),
      );
    let used = keys;
    let result = await verifyWith(used);
    if (result === 'unknownKey') {
      const newer = await source.newerKeys(keys);
      if (newer === null) return 'invalid';
      used = newer;
      result = await verifyWith(used);
    }
    if (typeof result === 'string') return result === 'unknownKey' ? 'invalid' : result;
    verified.set(digestOf(token), { viewer: result, keys: used });
    return result;
  }

  return {
    verify(token, mayVerify) {
      const digest = digestOf(token);
      const before = verified.get(digest);
      if (before === undefined && !mayVerify()) return 'unchecked';
      return whenThere<JWTVerifyGetKey | null, MaybePromise<JwtResult>>(source.keys(), (keys) => {
        if (keys === null) return 'unavailable';
        if (before?.keys === keys) return isExpired(before.viewer, clock.now()) ? 'invalid' : before.viewer;
        verified.delete(digest);
        // A token that was valid is verified with new keys whoever else is at its address.
        return verifyAnew(token, keys, before === undefined ? mayVerify : () => true);
      });
    },
    keysProblem: () => source.problem(),
  };
}

async function keySourceOf(jwks: JwtSettings['jwks'], options: JwtVerifierOptions): Promise<KeySource> {
  const { clock, onUnusable, onIssuerChange } = options;
  if ('url' in jwks) return createIssuerKeys({ url: jwks.url, clock, onIssuerChange });
  const path = jwks.file;
  const parse = (text: string) => keysIn(text, path);
  return fixedSource(await watchFile({ setting: 'AUTH_JWKS_FILE', path, parse, clock, onUnusable }));
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
      // What never ends can't be taken back.
      requiredClaims: ['exp', 'sub'],
      clockTolerance: CLOCK_TOLERANCE_S,
      currentDate: new Date(now),
    });
    return viewerFrom(payload, settings);
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey) return 'unknownKey';
    if (error instanceof errors.JOSEError) return 'invalid';
    throw error;
  }
}

function isExpired({ expiresAt }: Viewer, now: number): boolean {
  return expiresAt !== null && now >= expiresAt + CLOCK_TOLERANCE_S * 1000;
}

function viewerFrom(payload: JWTPayload, { projectsClaim, scopeClaim }: JwtSettings): Viewer {
  const projects = wordsOf(payload[projectsClaim]);
  const subject = String(payload.sub);
  return viewerOf({
    name: subject.slice(0, 128),
    // Subjects can be long, and differ in their last letter. There is one issuer.
    callerId: `jwt:${digestOf(subject)}`,
    projects: projects.includes('*') ? '*' : projects,
    may: wordsOf(payload[scopeClaim]),
    ...(payload.exp !== undefined && { expiresAt: payload.exp * 1000 }),
  });
}

function digestOf(text: string): string {
  return hash('sha256', text, 'base64url');
}

/** Numbers are welcome as long as a double holds them whole. */
function wordsOf(claim: unknown): string[] {
  if (typeof claim === 'string') return claim.split(/[\s,]+/).filter(Boolean);
  if (!Array.isArray(claim)) return [];
  return claim
    .filter((word) => typeof word === 'string' || Number.isSafeInteger(word))
    .map((word: string | number) => String(word));
}

function keysIn(text: string, path: string): JWTVerifyGetKey {
  try {
    return createLocalJWKSet(JSON.parse(text) as JSONWebKeySet);
  } catch {
    throw new OperatorError([`AUTH_JWKS_FILE ${withoutCredentials(path)} is not a JSON Web Key Set.`]);
  }
}
