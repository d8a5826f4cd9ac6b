import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

export interface Callers {
  /** Settings of a gateway that accepts the JWT besides static tokens. */
  settings: Readonly<Record<string, string>>;
  /** Headers of callers in place of those with a static token and without compression. */
  headers: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const ISSUER = 'https://issuer.example';
const AUDIENCE = 'dataworks-gateway';

/** Callers that differ in how they authenticate and what they accept. */
export async function createCallers(directory: string): Promise<Callers> {
  const { privateKey, publicKey } = await generateKeyPair('RS256');
  const keysFile = join(directory, 'keys.json');
  await writeFile(keysFile, JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'bench' }] }));
  const jwt = await new SignJWT({ projects: '*', scope: 'openid profile', name: 'A caller of the bench' })
    .setProtectedHeader({ alg: 'RS256', kid: 'bench', typ: 'JWT' })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setSubject('3f1c5a52-6b2d-4be4-a9a0-3f0f8a1c7d11')
    .setIssuedAt()
    .setExpirationTime('1 day')
    .sign(privateKey);
  return {
    settings: { AUTH_JWKS_FILE: keysFile, AUTH_ISSUER: ISSUER, AUTH_AUDIENCE: AUDIENCE },
    headers: {
      JWT: { authorization: `Bearer ${jwt}` },
      gzip: { 'accept-encoding': 'gzip' },
      brotli: { 'accept-encoding': 'br' },
    },
  };
}
