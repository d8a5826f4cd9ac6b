import type { AuthSettings } from '../core/settings.ts';
import { anonymous, type Viewer } from '../core/viewer.ts';
import { createJwtVerifier, type JwtResult, type JwtVerifierOptions } from './jwt.ts';
import { type MaybePromise, whenThere } from '../core/maybePromise.ts';
import { staticTokensIn } from './staticTokens.ts';
import { watchFile } from './watchedFile.ts';

export interface Authenticator {
  /** Whether callers must prove anything at all. */
  isRequired: boolean;
  /**
   * The viewer behind an `authorization` header: `missing` without one, `invalid` when it proves nothing, `unavailable` when there
   * are no keys to verify it with, and `unchecked` where `mayVerify` did not allow the work.
   *
   * @param mayVerify asked before a signature is verified or keys are fetched. Default: always.
   */
  authenticate(
    authorization: string | undefined,
    mayVerify?: () => boolean,
  ): MaybePromise<JwtResult | 'missing'>;
  /** Why the keys of AUTH_JWKS_URL can't be fetched at the moment; null while they can. */
  keysProblem(): string | null;
}

/** `onUnusable`: called when a file has changed and can't be used any more. */
type Watching = JwtVerifierOptions;

/**
 * Files are read again when they change: a token that is taken out of one opens nothing a few seconds later.
 *
 * @throws OperatorError for files that can't be used.
 */
export async function createAuthenticator(
  { tokensFile, jwt }: AuthSettings,
  watching: Watching,
): Promise<Authenticator> {
  const staticTokens = tokensFile === null ? null : await watchTokens(tokensFile, watching);
  const jwtVerifier = jwt === null ? null : await createJwtVerifier(jwt, watching);
  if (staticTokens === null && jwtVerifier === null) {
    return { isRequired: false, authenticate: () => anonymous, keysProblem: () => null };
  }
  return {
    isRequired: true,
    authenticate(authorization, mayVerify = () => true) {
      if (authorization === undefined) return 'missing';
      const token = BEARER.exec(authorization)?.[1];
      if (token === undefined) return 'invalid';
      if (LOOKS_LIKE_JWT.test(token)) return jwtVerifier?.verify(token, mayVerify) ?? 'invalid';
      const viewer = staticTokens && whenThere(staticTokens(), (viewerOfToken) => viewerOfToken(token));
      return whenThere(viewer, (known): Viewer | 'invalid' => known ?? 'invalid');
    },
    keysProblem: () => jwtVerifier?.keysProblem() ?? null,
  };
}

function watchTokens(path: string, watching: Watching) {
  return watchFile({
    ...watching,
    setting: 'AUTH_TOKENS_FILE',
    path,
    parse: (text) => staticTokensIn(text, path),
  });
}

/** RFC 6750. */
const BEARER = /^Bearer +([\w.~+/-]+=*) *$/i;
/** Static tokens have no dots. */
const LOOKS_LIKE_JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;
