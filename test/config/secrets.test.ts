import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readCommandLine, readConfigFile } from '../../src/cli/commandLine.ts';
import { loadConfig } from '../../src/config/config.ts';
import { OperatorError, withoutCredentials } from '../../src/core/operatorError.ts';
import { createAuthenticator } from '../../src/auth/authentication.ts';
import { readTrustedDocuments } from '../../src/graphql/trustedDocuments.ts';
import { systemClock } from '../../src/core/clock.ts';
import { problemsIn } from '../../src/cli/program.ts';
import { settings } from '../../src/config/settings.ts';
import { type TemporaryFiles, temporaryFiles } from '../support/fixtures.ts';

let files: TemporaryFiles;
beforeAll(async () => {
  files = await temporaryFiles();
});
afterAll(() => files[Symbol.asyncDispose]());

const names = Object.keys(settings.shape);
/** Characters that URLs give a meaning to are among them. */
const secrets = fc.stringMatching(/^[A-Za-z0-9]{4}[\w!@#$%^&*/:?. -]{12,20}[A-Za-z0-9]{4}$/);
const forms: readonly ((secret: string) => string)[] = [
  (secret) => `https://user:${secret}@keys.example/path`,
  (secret) => `https://${secret}@keys.example`,
  (secret) => `http://${secret}:${secret}@10.0.0.1:99999`,
  (secret) => `https://keys.example/?token=${secret}`,
  (secret) => `redis://user:${secret}@redis.example`,
  (secret) => `user:${secret}@cn-shanghai`,
  (secret) => `//user:${secret}@cn-shanghai`,
  (secret) => `https%3A%2F%2Fuser%3A${encodeURIComponent(secret)}%40keys.example`,
  (secret) => `https://ok.example,https://user:${secret}@evil.example`,
];

const base = {
  DATAWORKS_REGION: 'cn-shanghai',
  AUTH_ISSUER: 'i',
  AUTH_AUDIENCE: 'a',
};

async function problemsOf(env: Record<string, string>): Promise<readonly string[]> {
  const result = loadConfig(env);
  if ('problems' in result) return result.problems;
  const { auth, trustedDocuments } = result.config.http;
  const noListeners = { clock: systemClock, onUnusable: () => undefined, onIssuerChange: () => undefined };
  const problems: string[] = [];
  for (const read of [
    () => createAuthenticator(auth, noListeners),
    () => readTrustedDocuments(trustedDocuments),
  ]) {
    try {
      await read();
    } catch (error) {
      problems.push(...problemsIn(error));
    }
  }
  return problems;
}

function expectNoSecret(text: string, secret: string): void {
  expect(text).not.toContain(secret);
  expect(text).not.toContain(encodeURIComponent(secret));
  // Half of a password is most of one.
  expect(text).not.toContain(secret.slice(0, 8));
  expect(text).not.toContain(secret.slice(-8));
}

describe('a credential in a setting', () => {
  test('stands in no problem that is reported, whichever setting it was put into', async () => {
    let reported = 0;
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...names),
        fc.constantFrom(...forms),
        secrets,
        async (name, form, secret) => {
          const problems = await problemsOf({ ...base, [name]: form(secret) });
          runs += 1;
          if (problems.length > 0) reported += 1;
          expectNoSecret(problems.join('\n'), secret);
        },
      ),
      { numRuns: 2000, seed: 11 },
    );
    expect(reported / runs).toBeGreaterThan(0.7);
  });

  test.each(['AUTH_JWKS_URL', 'DATAWORKS_ENDPOINT', 'DATAWORKS_REGION', 'HOST', 'CORS_ORIGINS'])(
    'is a problem in %s that names the setting and keeps the rest of the value',
    async (name) => {
      const problems = await problemsOf({ ...base, [name]: 'https://ana:canary@gateway.example' });
      expect(problems.join('\n')).toMatch(new RegExp(`^${name} must be`));
      expect(problems.join('\n')).not.toMatch(/ana|canary/);
    },
  );

  test('stands in nothing that is said of files and arguments', async () => {
    const failures = [
      () => readConfigFile('https://ana:canary@files.example/gateway.env'),
      () => readCommandLine(['https://ana:canary@files.example']),
    ];
    for (const fail of failures) {
      expect(fail).toThrow(OperatorError);
      expect(fail).not.toThrow(/canary/);
    }
    const wrapped = await files.write('wrapped.env', 'ALIBABA_CLOUD_ACCESS_KEY_SECRET=abc\nZGVmY2FuYXJ5==\n');
    expect(() => readConfigFile(wrapped)).toThrow(/is not a setting/);
    expect(() => readConfigFile(wrapped)).not.toThrow(/ZGVmY2FuYXJ5/);
  });

  test('stands nowhere in what --check writes', () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url)), '--check'],
      {
        env: {
          ...base,
          AUTH_JWKS_URL: 'https://ana:canary@keys.example/',
          DATAWORKS_ENDPOINT: 'ftp://ana:canary@dataworks.example',
          DATAWORKS_REGION: 'https://ana:canary@dataworks.example',
          REDIS_URL: 'ana:canary@redis.example',
          AUTH_TOKENS_FILE: '//ana:canary@files.example/tokens.json',
          HOST: '//ana:canary@0.0.0.0',
        },
        encoding: 'utf8',
      },
    );
    expect(status).toBe(1);
    expect(stderr).toMatch(/AUTH_JWKS_URL must be/);
    expect(stdout + stderr).not.toMatch(/canary/);
  });
});

describe('a value in a problem', () => {
  test.each([
    ['loud', 'loud'],
    ['/etc/gateway/tokens.json', '/etc/gateway/tokens.json'],
    ['http://dataworks.example', 'http://dataworks.example'],
    ['https://ana:canary@keys.example/path', 'https://[redacted]@keys.example/path'],
    ['https://keys.example/?token=canary', 'https://[redacted]'],
    ['LTAI5tCanaryKeyId', '[redacted]'],
    ['x'.repeat(5000), `${'x'.repeat(100)}…`],
  ])('%.40s is shown as %.40s', (value, shown) => {
    expect(withoutCredentials(value)).toBe(shown);
  });
});
