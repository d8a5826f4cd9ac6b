import { anonymous, type Viewer } from '../context.ts';
import { createJwtVerifier, type JwtSettings } from './jwt.ts';
import { type MaybePromise, whenThere } from './maybePromise.ts';
import { staticTokensIn } from './staticTokens.ts';
import { watchFile, type WatchedFileOptions } from './watchedFile.ts';

/** How callers prove who they are. With neither, everybody is the anonymous viewer. */
export interface AuthSettings {
  /** A JSON file of static bearer tokens' names, digests and scopes. */
  tokensFile: string | null;
  jwt: JwtSettings | null;
}

export interface Authenticator {
  /** Whether callers must prove anything at all. */
  isRequired: boolean;
  /**
   * The viewer behind an `authorization` header: `missing` without one, `invalid` when it proves nothing. Rejects when the keys
   * to check it with can't be had, which is no fault of the caller's.
   */
  authenticate(authorization: string | undefined): MaybePromise<Viewer | 'missing' | 'invalid'>;
}

/** `onUnusable`: told when a file has changed and can't be used any more. */
type Watching = Pick<WatchedFileOptions<unknown>, 'clock' | 'onUnusable'>;

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
  const jwtViewer = jwt === null ? null : await createJwtVerifier(jwt, watching);
  if (staticTokens === null && jwtViewer === null) {
    return { isRequired: false, authenticate: () => anonymous };
  }
  return {
    isRequired: true,
    authenticate(authorization) {
      if (authorization === undefined) return 'missing';
      const token = BEARER.exec(authorization)?.[1];
      if (token === undefined) return 'invalid';
      const viewer = LOOKS_LIKE_JWT.test(token)
        ? (jwtViewer?.(token) ?? null)
        : staticTokens && whenThere(staticTokens(), (viewerOfToken) => viewerOfToken(token));
      return whenThere(viewer, (known) => known ?? 'invalid');
    },
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
