import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose';
import type { Viewer } from '../context.ts';
import { OperatorError, withoutCredentials } from '../errors.ts';
import type { MaybePromise } from './maybePromise.ts';
import { viewerOf } from './scopes.ts';
import { watchFile, type WatchedFileOptions } from './watchedFile.ts';

export interface JwtSettings {
  /** Where the issuer's public keys are: a URL that is read again when it should know more, or a file. */
  jwks: { url: string } | { file: string };
  issuer: string;
  audience: string;
  /** Signature algorithms that count. */
  algorithms: readonly string[];
  /** The claim that lists readable projects: `*`, an array, or text parted by blanks or commas. */
  projectsClaim: string;
  /** The claim that lists capabilities, in the same forms. */
  scopeClaim: string;
}

/** Checks a JWT: null for one that does not hold. Rejects only when the keys to check it with can't be had. */
export type JwtVerifier = (token: string) => Promise<Viewer | null>;

/** Between the issuer's clock and ours, in seconds. */
const CLOCK_TOLERANCE_S = 5;

/** @throws OperatorError for a key file that is none. */
export async function createJwtVerifier(
  settings: JwtSettings,
  { clock, onUnusable }: Pick<WatchedFileOptions<unknown>, 'clock' | 'onUnusable'>,
): Promise<JwtVerifier> {
  const { issuer, audience, algorithms } = settings;
  const keys = await keysOf(settings.jwks);
  return async (token) => {
    try {
      const { payload } = await jwtVerify(token, await keys(), {
        issuer,
        audience,
        algorithms: [...algorithms],
        // What never ends can't be taken back.
        requiredClaims: ['exp', 'sub'],
        clockTolerance: CLOCK_TOLERANCE_S,
        currentDate: new Date(clock.now()),
      });
      return viewerFrom(payload, settings);
    } catch (error) {
      if (isOfTheToken(error)) return null;
      throw error;
    }
  };

  async function keysOf(jwks: JwtSettings['jwks']): Promise<() => MaybePromise<JWTVerifyGetKey>> {
    if ('url' in jwks) {
      const keys = createRemoteJWKSet(new URL(jwks.url));
      return () => keys;
    }
    const path = jwks.file;
    return watchFile({
      setting: 'AUTH_JWKS_FILE',
      path,
      parse: (text) => keysIn(text, path),
      clock,
      onUnusable,
    });
  }
}

/** All that is wrong with a token is a refusal; what is left is a key set that can't be fetched or read. */
function isOfTheToken(error: unknown): boolean {
  const isOfTheKeys = error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid;
  // A key set that is answered with an error status is the bare JOSEError.
  return error instanceof errors.JOSEError && !isOfTheKeys && error.constructor !== errors.JOSEError;
}

function viewerFrom(payload: JWTPayload, { projectsClaim, scopeClaim }: JwtSettings): Viewer {
  const projects = wordsOf(payload[projectsClaim]);
  return viewerOf({
    name: String(payload.sub).slice(0, 128),
    projects: projects.includes('*') ? '*' : projects,
    may: wordsOf(payload[scopeClaim]),
    ...(payload.exp !== undefined && { expiresAt: payload.exp * 1000 }),
  });
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
