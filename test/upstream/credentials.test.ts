import { describe, expect, test } from '@jest/globals';
import alicloud from '@alicloud/credentials';
import type { CredentialModel } from '@alicloud/credentials';
import { createCredentialSource } from '../../src/upstream/credentials.ts';
import type { CredentialProvider } from '../../src/upstream/credentials.ts';

const key = (accessKeyId = 'id', accessKeySecret = 'secret') =>
  new alicloud.CredentialModel({ accessKeyId, accessKeySecret, type: 'access_key' });

/** Makes providers that answer when told, and counts what they are asked. */
function createProviders() {
  const asked: { resolve: (model: CredentialModel) => void; reject: (error: Error) => void }[] = [];
  let made = 0;
  return {
    asked,
    made: () => made,
    create(): CredentialProvider {
      made += 1;
      return {
        getCredential: () =>
          new Promise((resolve, reject) => {
            asked.push({ resolve, reject });
          }),
      };
    },
  };
}

describe('fetching', () => {
  test('happens once for concurrent callers and again for later ones', async () => {
    const providers = createProviders();
    const source = createCredentialSource(() => providers.create());
    const waiting = Array.from({ length: 20 }, () => source.getCredential());
    providers.asked[0]!.resolve(key());
    expect(new Set(await Promise.all(waiting)).size).toBe(1);
    expect(providers.asked).toHaveLength(1);

    void source.getCredential();
    expect(providers.asked).toHaveLength(2);
    expect(providers.made()).toBe(1);
  });

  test('that fails names the variables to set, quotes nothing of the provider, and uses a new provider next time', async () => {
    const providers = createProviders();
    const source = createCredentialSource(() => providers.create());
    const warmed = source.getCredential();
    providers.asked[0]!.reject(new Error('get sts token failed, result: {"AccessKeySecret":"hush"}'));
    const error: unknown = await warmed.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'UpstreamError', kind: 'credentials' });
    expect((error as Error).cause).toBeUndefined();
    expect(String(error)).toContain('ALIBABA_CLOUD_ACCESS_KEY_ID');
    expect(String(error)).not.toContain('hush');

    const again = source.getCredential();
    providers.asked[1]!.resolve(key());
    await again;
    expect(providers.made()).toBe(2);
  });

  test.each([
    ['has no secret', key('id', '')],
    ['has no id', key('')],
  ])('of a credential that %s is a failure', async (_what, model) => {
    const source = createCredentialSource(() => ({ getCredential: () => Promise.resolve(model) }));
    await expect(source.getCredential()).rejects.toMatchObject({ kind: 'credentials' });
  });

  test('fails if no provider can be created', async () => {
    const source = createCredentialSource(() => {
      throw new Error('the access key id is empty');
    });
    await expect(source.getCredential()).rejects.toMatchObject({ kind: 'credentials' });
  });

  test('starts from the whole chain after the credential was rejected', async () => {
    const providers = createProviders();
    const source = createCredentialSource(() => providers.create());
    for (let round = 1; round <= 2; round += 1) {
      const warmed = source.getCredential();
      providers.asked.at(-1)!.resolve(key());
      await warmed;
      source.forget();
    }
    expect(providers.made()).toBe(2);
  });
});
