import type { AuthSettings } from '../core/settings.ts';
import type { Viewer } from '../core/viewer.ts';
import { createJwtVerifier, type JwtResult, type JwtVerifierOptions } from './jwt.ts';
import { staticTokensIn } from './staticTokens.ts';
import { watchFile } from './watchedFile.ts';

/**
 * - `missing`: no `authorization` header.
 * - `invalid`: the header proves nothing.
 * - `unavailable`: there are no keys to verify the token with.
 * - `unchecked`: `canVerify` returned false.
 */
export type AuthenticationResult = Viewer | 'missing' | 'invalid' | 'unavailable' | 'unchecked';

export interface Authenticator {
  /** @param canVerify asked before a signature is verified or keys are fetched */
  authenticate(
    authorization: string | undefined,
    canVerify: () => boolean,
  ): AuthenticationResult | Promise<JwtResult>;
  /** Why the keys of AUTH_JWKS_URL cannot be fetched at the moment; null while they can. */
  keysProblem(): string | null;
}

/**
 * Returns null if the settings require no authentication. Files are read again when they change: a removed token is rejected a few
 * seconds later.
 *
 * @throws OperatorError for unusable files.
 */
export function createAuthenticator(
  { tokensFile, jwt }: AuthSettings,
  options: JwtVerifierOptions,
): Authenticator | null {
  const staticTokens =
    tokensFile === null
      ? null
      : watchFile({ ...options, setting: 'AUTH_TOKENS_FILE', path: tokensFile, parse: staticTokensIn });
  const jwtVerifier = jwt === null ? null : createJwtVerifier(jwt, options);
  if (staticTokens === null && jwtVerifier === null) return null;
  return {
    authenticate(authorization, canVerify) {
      if (authorization === undefined) return 'missing';
      const token = BEARER.exec(authorization)?.[1];
      if (token === undefined) return 'invalid';
      if (LOOKS_LIKE_JWT.test(token)) return jwtVerifier?.verify(token, canVerify) ?? 'invalid';
      return staticTokens?.()(token) ?? 'invalid';
    },
    keysProblem: () => jwtVerifier?.keysProblem() ?? null,
  };
}

/** RFC 6750. */
const BEARER = /^Bearer +([\w.~+/-]+=*) *$/i;
/** Static tokens contain no dots. */
const LOOKS_LIKE_JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;
