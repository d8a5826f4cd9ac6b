import { createHash } from 'node:crypto';
import alicloud from '@alicloud/credentials';
import type { CredentialModel } from '@alicloud/credentials';
import type { Action } from '../core/upstream.ts';
import type { UpstreamError } from '../core/upstreamError.ts';
import { upstreamError } from './classify.ts';

/** Provides the key for signatures. The SDK calls only `getCredential`. */
export interface CredentialSource {
  /**
   * The current credential.
   *
   * @throws UpstreamError of kind credentials; its message says which variables to set.
   */
  getCredential(): Promise<Credential>;
  /** Must be called when DataWorks rejects the credential: the whole chain then looks up the next one. */
  forget(): void;
}

/** What the gateway reads of a credential. The SDK reads the rest of what the library provides. */
type Credential = Pick<CredentialModel, 'accessKeyId' | 'accessKeySecret' | 'securityToken'>;

/** What of `@alicloud/credentials` is used. */
export type CredentialProvider = Pick<CredentialSource, 'getCredential'>;

/**
 * Credentials for the client, by default of `@alicloud/credentials`' chain (environment, OIDC role, profile files, ECS role,
 * credentials URI), which reads the process's environment itself.
 *
 * The library's providers do not support concurrent calls: a cold chain answers only the first caller, and each caller of an expired
 * session starts its own refresh. So callers share one fetch. After a failure the chain uses only its last provider, so a failed
 * chain is replaced.
 */
export function createCredentialSource(
  createProvider: () => CredentialProvider = () => new alicloud.default(),
): CredentialSource {
  let provider: CredentialProvider | null = null;
  let fetching: Promise<Credential> | null = null;

  async function fetchCredential(): Promise<Credential> {
    try {
      provider ??= createProvider();
      const credential = await provider.getCredential();
      if (credential.accessKeyId && credential.accessKeySecret) return credential;
    } catch {
      // The library's message may quote a whole response of a token service, secrets included.
    }
    provider = null;
    // A placeholder: the client replaces it by the action that failed.
    throw missingCredential('ListPipelineRuns');
  }

  return {
    getCredential() {
      fetching ??= fetchCredential().finally(() => {
        fetching = null;
      });
      return fetching;
    },
    forget() {
      provider = null;
    },
  };
}

/**
 * Names the account and endpoint in keys that replicas share in Redis: the same for all replicas, and not reversible.
 *
 * @param account DATAWORKS_ACCOUNT, which must name the account of temporary credentials: their access key changes at each refresh
 */
export async function accountIdentity(
  endpoint: string,
  account: string | null,
  credential: CredentialSource,
): Promise<string> {
  const { accessKeyId, securityToken } = await credential.getCredential();
  const owner = account ?? (securityToken ? '' : (accessKeyId ?? ''));
  return createHash('sha256')
    .update(JSON.stringify([endpoint, owner]))
    .digest('hex')
    .slice(0, 32);
}

/** No credential was found for a call of the action. */
export function missingCredential(action: Action): UpstreamError {
  return upstreamError({
    kind: 'credentials',
    action,
    detail:
      'none were found. Set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, and ' +
      'ALIBABA_CLOUD_SECURITY_TOKEN if they are a session, or set up another way that @alicloud/credentials knows',
  });
}
