import { createHash } from 'node:crypto';
import type { CredentialSource } from './credentials.ts';

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
