import { type Authenticator, createAuthenticator } from '../auth/authentication.ts';
import type { Clock } from '../core/clock.ts';
import { OperatorError } from '../core/operatorError.ts';
import type { HttpSettings } from '../core/settings.ts';
import { readTrustedDocuments, type TrustedDocuments } from '../graphql/trustedDocuments.ts';

export interface SettingFileListeners {
  /** Called when a changed file is unusable. Its previous content stays in use. */
  onUnusableFile: (error: OperatorError) => void;
  /** Called when the keys of AUTH_JWKS_URL become unavailable, with the reason, and with null when they are available again. */
  onIssuerChange: (problem: string | null) => void;
}

/**
 * Reads the files that settings name.
 *
 * @throws OperatorError with the problems of all files.
 */
export async function readSettingFiles(
  settings: Pick<HttpSettings, 'auth' | 'trustedDocuments'>,
  clock: Clock,
  { onUnusableFile = ignore, onIssuerChange = ignore }: Partial<SettingFileListeners> = {},
): Promise<{ authenticator: Authenticator | null; trustedDocuments: TrustedDocuments }> {
  const [authenticator, trustedDocuments] = await Promise.allSettled([
    Promise.resolve().then(() =>
      createAuthenticator(settings.auth, { clock, onUnusable: onUnusableFile, onIssuerChange }),
    ),
    readTrustedDocuments(settings.trustedDocuments),
  ]);
  if (authenticator.status === 'fulfilled' && trustedDocuments.status === 'fulfilled') {
    return { authenticator: authenticator.value, trustedDocuments: trustedDocuments.value };
  }
  const failures = [authenticator, trustedDocuments].filter((result) => result.status === 'rejected');
  throw joined(failures.map(({ reason }): unknown => reason));
}

function ignore(): void {
  // No listener.
}

function joined(errors: readonly unknown[]): unknown {
  const bug = errors.find((error) => !(error instanceof OperatorError));
  return bug ?? new OperatorError(errors.flatMap((error) => (error as OperatorError).problems));
}
