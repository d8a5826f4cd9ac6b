import alicloud from '@alicloud/credentials';
import type { CredentialModel } from '@alicloud/credentials';
import type { Action } from '../core/upstream.ts';
import type { UpstreamError } from '../core/upstreamError.ts';
import { upstreamError } from './classify.ts';

/** Where signatures get their key. `getCredential` is the only method that the SDK calls on the credential it is given. */
export interface CredentialSource {
  /**
   * Fetches a credential, so that a gateway without one does not start.
   *
   * @throws UpstreamError of kind credentials; its words say which variables to set.
   */
  warm(): Promise<void>;
  /** The credential of the moment. Throws as `warm` does. */
  getCredential(): Promise<CredentialModel>;
  /** To be called when DataWorks refused the credential: the next one is looked up anew, by the whole chain. */
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
 * The library's providers fall over one another when called together: a cold chain answers only the first caller, and each
 * caller of an expired session starts a refresh of its own. So one fetch serves all who wait. After a failure the chain
 * asks only its last provider for ever, so a failed one is replaced.
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
      if (isUsable(credential)) return credential;
    } catch {
      // What the library says may quote a whole answer of a token service, secrets included.
    }
    provider = null;
    // The action that every gateway needs first; the client puts the one that failed in its place.
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

function providerOf(fixed: StaticCredential | null): CredentialProvider {
  if (fixed === null) return new alicloud.default();
  const { accessKeyId, accessKeySecret, securityToken } = fixed;
  const type = securityToken === undefined ? 'access_key' : 'sts';
  return new alicloud.default(new alicloud.Config({ type, accessKeyId, accessKeySecret, securityToken }));
}

function isUsable({ accessKeyId, accessKeySecret }: CredentialModel): boolean {
  return Boolean(accessKeyId) && Boolean(accessKeySecret);
}

/** That no credential could be had, as the action that needed one failed. */
export function missingCredential(action: Action): UpstreamError {
  return upstreamError({
    kind: 'credentials',
    action,
    detail:
      'none could be found. Set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, and ' +
      'ALIBABA_CLOUD_SECURITY_TOKEN if they are a session, or set up another way that @alicloud/credentials knows',
  });
}
