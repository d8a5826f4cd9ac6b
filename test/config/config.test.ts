import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readCommandLine, readConfigFile } from '../../src/cli/commandLine.ts';
import { loadConfig } from '../../src/config/config.ts';
import { type TemporaryFiles, temporaryFiles } from '../support/fixtures.ts';

const REGION = { DATAWORKS_REGION: 'cn-shanghai' };

function configOf(env: Record<string, string>) {
  const result = loadConfig({ ...REGION, ...env });
  if ('problems' in result) throw new Error(result.problems.join('\n'));
  return result.config;
}

describe('settings', () => {
  test('have the documented defaults if only a region is set', () => {
    expect(configOf({})).toMatchObject({
      upstream: { endpoint: 'dataworks.cn-shanghai.aliyuncs.com', protocol: 'https' },
      introspection: true,
      explorer: true,
      metrics: true,
      logLevel: 'info',
      http: {
        host: '127.0.0.1',
        port: 4000,
        corsOrigins: [],
        auth: { tokensFile: null, jwt: null },
        rateLimit: null,
        trustedDocuments: { file: null, only: false },
        automaticPersistedQueries: false,
        shutdownGraceMs: 15_000,
        limits: {
          bodyBytes: 100_000,
          deadlineMs: 10_000,
          queueMs: 1000,
          tokens: 2000,
          depth: 10,
          aliases: 15,
          rootFields: 5,
          directives: 20,
          selections: 1000,
          rows: 4000,
          responseBytes: 4_000_000,
        },
      },
    });
  });

  test('turn off introspection and explorer in production', () => {
    expect(configOf({ NODE_ENV: 'production' })).toMatchObject({ introspection: false, explorer: false });
    expect(configOf({ NODE_ENV: 'production', INTROSPECTION: 'on' })).toMatchObject({ introspection: true });
  });

  test('limit the request rate as soon as callers are authenticated', () => {
    expect(configOf({ AUTH_TOKENS_FILE: 'tokens.json' }).http.rateLimit).toEqual({
      perSecond: 100,
      burst: 200,
    });
    expect(configOf({ RATE_LIMIT_PER_SECOND: '5' }).http.rateLimit).toEqual({ perSecond: 5, burst: 10 });
    expect(configOf({ RATE_LIMIT_PER_SECOND: '5', RATE_LIMIT_BURST: '5' }).http.rateLimit?.burst).toBe(5);
  });

  test('that are empty count as not set', () => {
    expect(configOf({ PORT: '', CORS_ORIGINS: '', AUTH_TOKENS_FILE: '' }).http.port).toBe(4000);
  });

  test('that are invalid are all reported at once, with their names and values', () => {
    const result = loadConfig({
      PORT: 'http',
      HOST: '0.0.0.0',
      DATAWORKS_ENDPOINT: 'http://dataworks.example',
      MAX_DEPTH: '0',
      CORS_ORIGINS: 'https://ok.example, *',
      AUTH_ALGORITHMS: 'RS256,HS256',
      LOG_LEVEL: 'loud',
      METRICS: 'yes',
      PERSISTED_OPERATIONS_ONLY: 'on',
      AUTOMATIC_PERSISTED_QUERIES: 'on',
    });
    const problems = 'problems' in result ? result.problems : [];
    expect(problems.map((problem) => problem.split(' ')[0])).toEqual([
      'PORT',
      'CORS_ORIGINS',
      'DATAWORKS_ENDPOINT',
      'MAX_DEPTH',
      'AUTH_ALGORITHMS',
      'LOG_LEVEL',
      'METRICS',
      'HOST',
      'PERSISTED_OPERATIONS_FILE',
      'AUTOMATIC_PERSISTED_QUERIES',
    ]);
    expect(problems[0]).toBe('PORT must be a whole number from 0 to 65535; got "http".');
  });

  test.each([
    [{ AUTH_JWKS_URL: 'https://i.example/keys' }, 'AUTH_ISSUER and AUTH_AUDIENCE must be set'],
    [
      { AUTH_JWKS_URL: 'http://i.example/keys', AUTH_ISSUER: 'i', AUTH_AUDIENCE: 'a' },
      'must be an https URL',
    ],
    [
      { AUTH_JWKS_URL: 'https://i.example', AUTH_JWKS_FILE: 'f', AUTH_ISSUER: 'i', AUTH_AUDIENCE: 'a' },
      'both set',
    ],
    [{ AUTH_ALGORITHMS: 'none' }, 'public-key algorithms'],
    [{ REDIS_URL: 'http://redis', DATAWORKS_ACCOUNT: 'a' }, 'redis://'],
    [
      { REDIS_URL: 'redis://r', ALIBABA_CLOUD_ACCESS_KEY_ID: 'k', ALIBABA_CLOUD_SECURITY_TOKEN: 't' },
      'DATAWORKS_ACCOUNT must be set',
    ],
  ])('%j are refused', (env, words) => {
    const result = loadConfig({ ...REGION, ...(env as Record<string, string>) });
    expect(result).toEqual({ problems: [expect.stringContaining(words)] });
  });
});

describe('a file of settings', () => {
  let files: TemporaryFiles;
  beforeAll(async () => {
    files = await temporaryFiles();
  });
  afterAll(() => files[Symbol.asyncDispose]());

  test('is lines of names and values, or one JSON object', async () => {
    const lines = await files.write(
      'a.env',
      '# where\nDATAWORKS_REGION=cn-shanghai\nPORT="5000"\nALIBABA_CLOUD_PROFILE=p\n',
    );
    const json = await files.write('b.json', { DATAWORKS_REGION: 'cn-shanghai', PORT: 5000, METRICS: false });
    expect(readConfigFile(lines)).toEqual({
      DATAWORKS_REGION: 'cn-shanghai',
      PORT: '5000',
      ALIBABA_CLOUD_PROFILE: 'p',
    });
    expect(readConfigFile(json)).toEqual({ DATAWORKS_REGION: 'cn-shanghai', PORT: '5000', METRICS: 'off' });
  });

  test('with names that are no settings, or that is none, is refused', async () => {
    const misspelled = await files.write('c.env', 'DATAWORKS_REGOIN=x\nMAX_DEPHT=1\n');
    expect(() => readConfigFile(misspelled)).toThrow(/DATAWORKS_REGOIN .*\nMAX_DEPHT .* is not a setting/);
    expect(() => readConfigFile('/nowhere')).toThrow(/cannot be read/);
    const nested = await files.write('d.json', { PORT: { is: 1 } });
    expect(() => readConfigFile(nested)).toThrow(/cannot be read. It must contain/);
  });
});

describe('the command line', () => {
  test('takes a file and a check', () => {
    expect(readCommandLine([])).toEqual({ check: false });
    expect(readCommandLine(['--config', 'a.env', '--check'])).toEqual({ config: 'a.env', check: true });
  });

  test.each([
    ['--access-key-secret=canary'],
    ['LTAI5tCanaryCanary'],
    ['ALIBABA_CLOUD_SECURITY_TOKEN=canary'],
  ])('refuses the key in %s and does not repeat it', (argument) => {
    expect(() => readCommandLine([argument])).toThrow(/^The command line contains a key/);
    expect(() => readCommandLine([argument])).not.toThrow(/canary/i);
  });

  test.each([[['--port', '1']], [['x']], [['--config']]])('refuses %j', (args) => {
    expect(() => readCommandLine(args)).toThrow('The arguments must be [--config <file>] [--check].');
  });
});
