import { createHash } from 'node:crypto';
import alicloud from '@alicloud/credentials';
import type { CredentialModel } from '@alicloud/credentials';
import type { Action } from '../core/upstream.ts';
import type { UpstreamError } from '../core/upstreamError.ts';
import { upstreamError } from './classify.ts';

/** Provides the key for signatures. The SDK calls only `getCredential`. */
export interface CredentialSource {
  /**
   * Fetches a credential, so that a gateway without one does not start.
   *
   * @throws UpstreamError of kind credentials; its message says which variables to set.
   */
  warm(): Promise<void>;
  /** The current credential. Throws as `warm` does. */
  getCredential(): Promise<CredentialModel>;
  /** Must be called when DataWorks rejects the credential: the whole chain then looks up the next one. */
  forget(): void;
}

/** What of `@alicloud/credentials` is used. */
export interface CredentialProvider {
  getCredential(): Promise<CredentialModel>;
}

/** A fixed key, or a session of it. */
export interface StaticCredential {
  accessKeyId: string;
  accessKeySecret: string;
  securityToken?: string | undefined;
}

/**
 * Credentials for the client: the fixed key given, or else `@alicloud/credentials`' default chain (environment, OIDC role,
 * profile files, ECS role, credentials URI), which reads the process's environment itself.
 *
 * The library's providers do not support concurrent calls: a cold chain answers only the first caller, and each caller of an expired
 * session starts its own refresh. So callers share one fetch. After a failure the chain uses only its last provider, so a failed
 * chain is replaced.
 */
export function createCredentialSource(
  fixed: StaticCredential | null,
  createProvider: () => CredentialProvider = () => providerOf(fixed),
): CredentialSource {
  let provider: CredentialProvider | null = null;
  let fetching: Promise<CredentialModel> | null = null;

  async function fetchCredential(): Promise<CredentialModel> {
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

  function getCredential(): Promise<CredentialModel> {
    fetching ??= fetchCredential().finally(() => {
      fetching = null;
    });
    return fetching;
  }

  return {
    async warm() {
      await getCredential();
    },
    getCredential,
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

function providerOf(fixed: StaticCredential | null): CredentialProvider {
  if (fixed === null) return new alicloud.default();
  const { accessKeyId, accessKeySecret, securityToken } = fixed;
  const type = securityToken === undefined ? 'access_key' : 'sts';
  return new alicloud.default(new alicloud.Config({ type, accessKeyId, accessKeySecret, securityToken }));
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
