import type { AuthSettings } from '../core/settings.ts';
import { createJwtVerifier, type JwtResult, type JwtVerifierOptions } from './jwt.ts';
import { staticTokensIn } from './staticTokens.ts';
import { watchFile } from './watchedFile.ts';

/** `missing`: there is no `authorization` header. */
export type AuthenticationResult = JwtResult | 'missing';

/** @param canVerify asked before a signature is verified or keys are fetched */
export type Authenticate = (
  authorization: string | undefined,
  canVerify: () => boolean,
) => AuthenticationResult | Promise<JwtResult>;

/**
 * Returns null if the settings require no authentication. Files are read again when they change: a removed token is rejected a few
 * seconds later.
 *
 * @throws OperatorError for unusable files.
 */
export function createAuthenticator(
  { tokensFile, jwt }: AuthSettings,
  options: JwtVerifierOptions,
): Authenticate | null {
  const staticTokens =
    tokensFile === null
      ? null
      : watchFile({ ...options, setting: 'AUTH_TOKENS_FILE', path: tokensFile, parse: staticTokensIn });
  const verifyJwt = jwt === null ? null : createJwtVerifier(jwt, options);
  if (staticTokens === null && verifyJwt === null) return null;
  return (authorization, canVerify) => {
    if (authorization === undefined) return 'missing';
    const token = BEARER.exec(authorization)?.[1];
    if (token === undefined) return 'invalid';
    if (LOOKS_LIKE_JWT.test(token)) return verifyJwt?.(token, canVerify) ?? 'invalid';
    return staticTokens?.()(token) ?? 'invalid';
  };
}

/** RFC 6750. */
const BEARER = /^Bearer +([\w.~+/-]+=*) *$/i;
/** Static tokens contain no dots. */
const LOOKS_LIKE_JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;
