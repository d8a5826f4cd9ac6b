import { expect, test } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { createJwtVerifier } from '../../src/auth/jwt.ts';
import { temporaryFiles } from '../support/fixtures.ts';
import { createVirtualClock } from '../support/virtualClock.ts';

test('a token is verified once, by however many requests, and once it has expired never again', async () => {
  await using files = await temporaryFiles();
  const clock = createVirtualClock();
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const verify = createJwtVerifier(
    {
      jwks: {
        file: await files.write('keys.json', { keys: [{ ...(await exportJWK(publicKey)), kid: 'k1' }] }),
      },
      issuer: 'https://issuer',
      audience: 'gateway',
      algorithms: ['RS256'],
      projectsClaim: 'projects',
      scopeClaim: 'scope',
    },
    { clock, onUnusable: () => undefined, onIssuerChange: () => undefined },
  );
  const token = await new SignJWT({ sub: 'ana', iss: 'https://issuer', aud: 'gateway', projects: '*' })
    .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
    .setExpirationTime(clock.now() / 1000 + 60)
    .sign(privateKey);
  let verifications = 0;
  const ask = () =>
    verify(token, () => {
      verifications += 1;
      return true;
    });

  const viewer = await ask();
  expect(viewer).toMatchObject({ expiresAt: clock.now() + 60_000 });
  const first = verifications;
  // The same viewer without a promise, so that no signature can have been verified.
  for (let n = 0; n < 100; n++) expect(ask()).toBe(viewer);
  await clock.advance(120_000);
  expect(ask()).toBe('invalid');
  expect(verifications).toBe(first);
});
