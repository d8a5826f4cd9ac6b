import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { packageFolderOf } from '../../scripts/licenses.ts';
import { productionFiles } from '../../scripts/productionFiles.ts';
import { type Simulator, startSimulator } from '../../simulator/server.ts';
import { postOperation } from '../support/gateway.ts';
import { startGatewayProcess } from '../support/gatewayProcess.ts';
import { describeWithRedis, startRedisServer } from '../support/redisServer.ts';

const MAX_INSTALLED_BYTES = 40_000_000;

/** A folder with only the files of the image: no package is within its reach. */
let image: string;
let simulator: Simulator;
beforeAll(async () => {
  image = mkdtempSync(join(tmpdir(), 'image-'));
  for (const path of productionFiles()) cpSync(path, join(image, path), { recursive: true });
  simulator = await startSimulator({ qps: null });
});
afterAll(async () => {
  rmSync(image, { recursive: true });
  await simulator.close();
});

const RUNS = { query: '{ pipelineRuns(projectId: 10000, first: 1) { nodes { createTime } } }' };

/** Starts the gateway of the image. */
function start(env: Record<string, string> = {}, nodeArgs: readonly string[] = []) {
  const settings = {
    PORT: '0',
    DATAWORKS_ENDPOINT: simulator.url,
    ALIBABA_CLOUD_ACCESS_KEY_ID: simulator.accessKeyId,
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: simulator.accessKeySecret,
    ...env,
  };
  return startGatewayProcess(settings, [], [...nodeArgs, join(image, 'dist/cli/main.js')]);
}

describe('the image', () => {
  test('is smaller than 40 MB, with all that npm ci --omit=dev installs', () => {
    const files = readdirSync(image, { recursive: true, encoding: 'utf8' });
    const bytes = files.reduce((sum, path) => sum + statSync(join(image, path)).size, 0);
    expect(bytes).toBeLessThan(MAX_INSTALLED_BYTES);
    expect(JSON.parse(readFileSync('package.json', 'utf8'))).not.toHaveProperty('dependencies');
  });

  test('serves queries and GraphiQL, and writes traces, without any installed package', async () => {
    await using gateway = start({ OTEL_TRACES_EXPORTER: 'console' });
    const url = await gateway.url;
    expect((await postOperation(url, RUNS)).data.pipelineRuns.nodes).toHaveLength(1);
    const page = await (await fetch(`${url}/explorer`)).text();
    const script = /src="(explorer\/graphiql[^"]+)"/.exec(page)?.[1] ?? '';
    expect(await (await fetch(`${url}/${script}`)).text()).toContain('renderYogaGraphiQL');
    gateway.kill('SIGTERM');
    expect(await gateway.exit).toEqual({ code: 0, signal: null });
    expect(gateway.stdout()).toContain("name: 'ListPipelineRuns'");
  });

  test('logs a bug with its lines in src', async () => {
    // A row of the simulator cannot be serialized; times of log lines can.
    const bug = `
      const { toISOString } = Date.prototype;
      Date.prototype.toISOString = function () {
        if (Date.now() - this > 60_000) throw new TypeError('A bug.');
        return toISOString.call(this);
      };`;
    await using gateway = start({}, ['--import', `data:text/javascript,${encodeURIComponent(bug)}`]);
    const { errors } = await postOperation(await gateway.url, RUNS);
    expect(errors?.[0]?.extensions.code).toBe('INTERNAL_SERVER_ERROR');
    await gateway.wrote('"type":"TypeError"');
    const line = readFileSync('src/graphql/schema.ts', 'utf8').split('\n').findIndex(hasToISOString) + 1;
    expect(gateway.stdout()).toMatch(new RegExp(`at \\S* ?\\(src/graphql/schema\\.ts:${line}:\\d+\\)`));
  });
});

const hasToISOString = (line: string) => line.includes('.toISOString()');

describeWithRedis('the image', () => {
  test('connects to Redis', async () => {
    await using redis = await startRedisServer();
    await using gateway = start({ REDIS_URL: `redis://127.0.0.1:${redis.port}` });
    const url = await gateway.url;
    expect((await postOperation(url, RUNS)).data.pipelineRuns.nodes).toHaveLength(1);
    expect(await (await fetch(`${url}/health/ready`)).json()).toMatchObject({ status: 'ok' });
  });
});

describe('the bundle', () => {
  const scripts = readdirSync('dist', { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.js'),
  );

  /** The package folders in a file: esbuild writes the path of each module above it. */
  function packagesIn(path: string): string[] {
    const modules = readFileSync(path, 'utf8').matchAll(/^\s*\/\/ (node_modules\/\S+)$/gm);
    return [...modules].flatMap(([, module = '']) => packageFolderOf(module) ?? []);
  }

  test('lists the license of each package', () => {
    const licenses = readFileSync('dist/LICENSES.txt', 'utf8');
    const folders = new Set(scripts.flatMap((path) => packagesIn(join('dist', path))));
    expect(folders.size).toBeGreaterThan(100);
    for (const folder of folders) {
      const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
        name: string;
        version: string;
      };
      const [, section = ''] = licenses.split(`\n${name} ${version} (`);
      expect(section.length).toBeGreaterThan(0);
    }
    expect(licenses).toContain('Copyright (c) GraphQL Contributors');
  });

  test('does not load at the start what only some settings or requests need', () => {
    const packages = [...staticImports('dist/cli/main.js')].flatMap(packagesIn).join('\n');
    expect(packages).toContain('node_modules/@apollo/server');
    expect(packages).not.toMatch(
      /@opentelemetry\/(?!api$)|ioredis|render-graphiql|graphql-yoga|@apollo\/(?:composition|gateway|usage-reporting)/m,
    );
  });

  /** The files that load with a file, itself included. */
  function staticImports(path: string, found = new Set<string>()): Set<string> {
    if (found.has(path)) return found;
    found.add(path);
    const imports = readFileSync(path, 'utf8').matchAll(/(?:^import|\bfrom) "(\.[^"]+)";$/gm);
    for (const [, target = ''] of imports) staticImports(join(dirname(path), target), found);
    return found;
  }

  test('contains one instance of each package that compares instances', () => {
    const texts = scripts.map((path) => readFileSync(join('dist', path), 'utf8')).join('\n');
    for (const name of ['graphql/(?:.*/)?GraphQLError', '@opentelemetry/api/(?:.*/)?trace-api']) {
      expect(texts.match(new RegExp(`^// .*node_modules/${name}\\.m?js$`, 'gm'))).toHaveLength(1);
    }
  });
});

test('the program prints the schema from the build', async () => {
  const program = startGatewayProcess({}, [], [join(image, 'dist/cli/printSchema.js')]);
  expect((await program.exit).code).toBe(0);
  expect(program.stdout()).toContain('type PipelineRun');
});
