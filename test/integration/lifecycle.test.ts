import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { GraphQLError } from 'graphql';
import { loadConfig } from '../../src/config/config.ts';
import { CREDENTIALS_UNVERIFIED, withCredentialCheck } from '../../src/upstream/withCredentialCheck.ts';
import { startGateway } from '../../src/gateway.ts';
import { manageLifecycle } from '../../src/cli/lifecycle.ts';
import type { Actions, Upstream } from '../../src/core/upstream.ts';
import { UpstreamError, type UpstreamErrorKind } from '../../src/core/upstreamError.ts';
import { type Simulator, startSimulator } from '../../simulator/server.ts';
import { startTracing } from '../../src/cli/tracing.ts';
import { createCredentialSource } from '../../src/upstream/credentials.ts';
import { captureLog, digestOf, type TemporaryFiles, temporaryFiles } from '../support/fixtures.ts';
import { postOperation } from '../support/gateway.ts';
import { startGatewayProcess } from '../support/gatewayProcess.ts';
import { createVirtualClock } from '../support/virtualClock.ts';

const RUNS = { query: '{ pipelineRuns(projectId: 10001) { totalCount } }' };

let simulator: Simulator;
let files: TemporaryFiles;
beforeAll(async () => {
  simulator = await startSimulator({ qps: null });
  files = await temporaryFiles();
});
afterAll(async () => {
  await simulator.close();
  await files[Symbol.asyncDispose]();
});

const settings = (more: Record<string, string> = {}): Record<string, string> => ({
  PORT: '0',
  DATAWORKS_ENDPOINT: simulator.url,
  ALIBABA_CLOUD_ACCESS_KEY_ID: simulator.accessKeyId,
  ALIBABA_CLOUD_ACCESS_KEY_SECRET: simulator.accessKeySecret,
  ...more,
});

describe('the start', () => {
  test('prints all problems, missing credentials included, without a stack, and exits with 1', async () => {
    await using gateway = startGatewayProcess({ MAX_DEPTH: 'deep' });
    expect(await gateway.exit).toEqual({ code: 1, signal: null });
    expect(gateway.stdout()).toBe('');
    expect(gateway.stderr().trimEnd().split('\n')).toEqual([
      'The gateway cannot start:',
      '  - MAX_DEPTH must be a whole number from 1 to 100; got "deep".',
      expect.stringMatching(/^ {2}- DATAWORKS_REGION is not set/),
      expect.stringMatching(/^ {2}- .*ALIBABA_CLOUD_ACCESS_KEY_ID/),
    ]);
  });

  test.each([
    ['main', 'The gateway'],
    ['demo', 'The demo'],
  ] as const)('prints one line if the port is in use: %s', async (program, name) => {
    const { port } = new URL(simulator.url);
    await using gateway = startGatewayProcess(settings({ PORT: port }), [], program);
    expect(await gateway.exit).toEqual({ code: 1, signal: null });
    expect(gateway.stderr()).toBe(
      `${name} cannot start:\n  - Cannot listen on port ${port} of HOST: the port is in use. Stop the other program, or set another PORT.\n`,
    );
  });

  test('rejects a key on the command line without repeating it', async () => {
    await using gateway = startGatewayProcess(settings(), ['--access-key-secret=canary']);
    expect(await gateway.exit).toEqual({ code: 1, signal: null });
    expect(gateway.stderr()).toMatch(/The command line contains a key/);
    expect(gateway.stderr()).not.toMatch(/canary/);
  });

  test('reads settings and the key from a file; the environment takes precedence', async () => {
    const file = await files.write(
      'gateway.env',
      Object.entries(settings({ PORT: '1' }))
        .map(([name, value]) => `${name}=${value}`)
        .join('\n'),
    );
    await using gateway = startGatewayProcess({ PORT: '0' }, ['--config', file]);
    const { data } = await postOperation(await gateway.url, RUNS);
    expect(data.pipelineRuns.totalCount).toBeGreaterThan(0);
  });
});

describe('--check', () => {
  test('needs no credentials, starts nothing and exits with 0 for valid settings', async () => {
    await using gateway = startGatewayProcess({ DATAWORKS_REGION: 'cn-shanghai' }, ['--check']);
    expect(await gateway.exit).toEqual({ code: 0, signal: null });
    expect(gateway.stdout()).toBe('Configuration is valid.\n');
  });

  test('reads the files that settings name and prints the problems of all of them', async () => {
    await using gateway = startGatewayProcess(
      {
        DATAWORKS_REGION: 'cn-shanghai',
        AUTH_TOKENS_FILE: await files.write('tokens.json', [{ name: 'a' }]),
        PERSISTED_OPERATIONS_FILE: '/nowhere.json',
      },
      ['--check'],
    );
    expect(await gateway.exit).toEqual({ code: 1, signal: null });
    expect(gateway.stderr()).toMatch(/0\.sha256[^]*0\.projects[^]*PERSISTED_OPERATIONS_FILE \/nowhere/);
  });
});

describe('SIGTERM', () => {
  test('finishes requests in flight, accepts no new connection and exits with 0', async () => {
    await using gateway = startGatewayProcess(settings());
    const url = await gateway.url;
    const hold = simulator.fault({ kind: 'hold', action: 'ListPipelineRuns' });
    const inFlight = postOperation(url, RUNS);
    await hold.hit(1);
    gateway.kill('SIGTERM');
    await gateway.wrote('Shutting down');
    await expect(fetch(`${url}/health/ready`)).rejects.toThrow();
    hold();
    const { status, data, headers } = await inFlight;
    expect([status, data.pipelineRuns.totalCount > 0]).toEqual([200, true]);
    expect(headers.get('connection')).toBe('close');
    expect(await gateway.exit).toEqual({ code: 0, signal: null });
  });

  test('exits immediately the second time', async () => {
    await using gateway = startGatewayProcess(settings());
    const hold = simulator.fault({ kind: 'hold', action: 'ListPipelineRuns' });
    const inFlight = postOperation(await gateway.url, RUNS).catch(() => 'cut off');
    await hold.hit(1);
    gateway.kill('SIGTERM');
    await gateway.wrote('Shutting down');
    gateway.kill('SIGTERM');
    expect(await gateway.exit).toEqual({ code: 1, signal: null });
    expect(await inFlight).toBe('cut off');
    hold();
  });

  test('cuts off requests that take longer than SHUTDOWN_GRACE_MS and exits with 0', async () => {
    await using gateway = startGatewayProcess(settings({ SHUTDOWN_GRACE_MS: '50' }));
    const hold = simulator.fault({ kind: 'hold', action: 'ListPipelineRuns' });
    const inFlight = postOperation(await gateway.url, RUNS).catch(() => 'cut off');
    await hold.hit(1);
    gateway.kill('SIGTERM');
    expect(await gateway.exit).toEqual({ code: 0, signal: null });
    expect(await inFlight).toBe('cut off');
    hold();
  });

  test('rejects a request that arrives meanwhile, and reports not ready', async () => {
    const result = loadConfig({ PORT: '0', DATAWORKS_ENDPOINT: simulator.url });
    if ('problems' in result) throw new Error(result.problems.join());
    const gateway = await startGateway(result.config, {
      credential: createCredentialSource(() => ({ getCredential: () => Promise.resolve(simulator) })),
    });
    const { hostname, port } = new URL(gateway.url);
    const requests = [rawPost(JSON.stringify(RUNS)), 'GET /health/ready HTTP/1.1\r\nhost: localhost\r\n\r\n'];
    const sockets = requests.map(() => connect(Number(port), hostname));
    sockets.forEach((socket, i) => socket.write(requests[i]!.slice(0, 20)));
    // A response here means that the partial requests, which were sent earlier, have arrived.
    await fetch(`${gateway.url}/health/live`);
    const callsBefore = simulator.calls.length;
    const closed = gateway.close();
    sockets.forEach((socket, i) => socket.write(requests[i]!.slice(20)));
    const [operation, readiness] = await Promise.all(sockets.map(textOf));
    await closed;
    expect(operation).toMatch(
      /^HTTP\/1.1 503 [^]*retry-after: 1\r\n[^]*"code":"SHUTTING_DOWN","retryAfterMs":1000/,
    );
    expect(operation).toMatch(/connection: close/i);
    expect(readiness).toMatch(/^HTTP\/1.1 503 [^]*"status":"unavailable"/);
    expect(simulator.calls.length).toBe(callsBefore);
  });
});

describe('an uncaught error', () => {
  test.each(['unhandledRejection', 'uncaughtException'])('%s is logged and exits with 1', (event) => {
    const log = captureLog();
    const exits: unknown[] = [];
    const fake = Object.assign(new EventEmitter(), { exit: (code: unknown) => exits.push(code) });
    manageLifecycle({ process: fake as never, logger: log.logger, close: () => Promise.resolve() });
    fake.emit(event, new RangeError('Out of range.'));
    expect(exits).toEqual([1]);
    expect(log.lines()).toMatchObject([
      { level: 'fatal', err: { type: 'RangeError', message: 'Out of range.' } },
    ]);
  });

  test('of a field is logged and does not exit', () => {
    const log = captureLog();
    const fake = Object.assign(new EventEmitter(), {
      exit: () => {
        throw new Error('It exited.');
      },
    });
    manageLifecycle({ process: fake as never, logger: log.logger, close: () => Promise.resolve() });
    fake.emit('unhandledRejection', new GraphQLError('No code.', { path: ['pipelineRuns', 'nodes', 0] }));
    expect(log.lines()).toMatchObject([{ level: 'error', err: { message: 'No code.' } }]);
    expect(() => fake.emit('unhandledRejection', new GraphQLError('Without a path.'))).toThrow('It exited.');
  });
});

describe('readiness', () => {
  test('waits until DataWorks accepts the credentials', async () => {
    const hold = simulator.fault({ kind: 'hold', action: 'ListProjects' });
    await using gateway = startGatewayProcess(settings());
    const ready = async () => fetch(`${await gateway.url}/health/ready`);
    const before = await ready();
    expect([before.status, await before.json()]).toEqual([
      503,
      { status: 'unavailable', reasons: ['DataWorks has not accepted the credentials yet.'] },
    ]);
    expect((await fetch(`${await gateway.url}/health/live`)).status).toBe(200);
    await hold.hit(1);
    hold();
    // The response to the check was sent before the response to this request.
    await postOperation(await gateway.url, { query: '{ project(projectId: 10001) { name } }' });
    expect((await ready()).status).toBe(200);
  });

  test('reports an unavailable Redis while the credentials are not accepted', async () => {
    const hold = simulator.fault({ kind: 'hold', action: 'ListProjects' });
    await using gateway = startGatewayProcess(settings({ REDIS_URL: 'redis://127.0.0.1:1', REPLICAS: '2' }));
    const response = await fetch(`${await gateway.url}/health/ready`);
    expect([response.status, await response.json()]).toEqual([
      503,
      {
        status: 'unavailable',
        reasons: [
          'DataWorks has not accepted the credentials yet.',
          expect.stringContaining('Redis unavailable'),
        ],
      },
    ]);
    hold();
  });

  /** A credential check against an upstream that returns the given results in order and repeats the last. */
  function createChecked(answers: (UpstreamErrorKind | 'ok')[]) {
    const clock = createVirtualClock();
    const callsAtS: number[] = [];
    const changes: string[] = [];
    const quota = { isExhausted: false };
    const upstream: Upstream = {
      call: (action) => {
        callsAtS.push(clock.monotonic() / 1000);
        const answer = answers.length > 1 ? answers.shift() : answers[0];
        if (answer !== undefined && answer !== 'ok') {
          return Promise.reject(new UpstreamError('It failed.', { kind: answer, action }));
        }
        const value: Actions['ListProjects']['result'] = {
          rows: [],
          totalCount: 0,
          pageNumber: 1,
          pageSize: 100,
        };
        return Promise.resolve({ value: value as never, asOf: clock.now(), staleBecause: null });
      },
    };
    const stopped = new AbortController();
    let problem: string | null = CREDENTIALS_UNVERIFIED;
    const checked = withCredentialCheck(upstream, {
      clock,
      timeoutMs: 1000,
      signal: stopped.signal,
      isQuotaExhausted: () => quota.isExhausted,
      onChange(changed) {
        problem = changed;
        changes.push(changed === null ? 'accepted' : 'rejected');
      },
      report: () => undefined,
    });
    const check = { upstream: checked, problem: () => problem, stop: () => stopped.abort() };
    return { clock, check, callsAtS, changes, quota };
  }

  test('is false while the credentials are rejected', async () => {
    const { clock, check, callsAtS, changes } = createChecked(['credentials', 'credentials', 'ok']);
    await clock.advance(0);
    expect([check.problem(), callsAtS.length]).toEqual(['DataWorks rejects the credentials.', 1]);
    await clock.advance(30_000);
    expect([check.problem(), callsAtS.length]).toEqual(['DataWorks rejects the credentials.', 2]);
    await clock.advance(60_000);
    expect([check.problem(), callsAtS.length]).toEqual([null, 3]);
    await clock.advance(300_000);
    expect(callsAtS).toEqual([0, 30, 90]);
    expect(changes).toEqual(['rejected', 'accepted']);
    check.stop();
    expect(clock.pendingTimers()).toBe(0);
  });

  test('costs few calls per day while the credentials are rejected', async () => {
    const { clock, check, callsAtS, changes } = createChecked(['credentials']);
    await clock.advance(86_400_000);
    check.stop();
    expect(callsAtS.slice(0, 5)).toEqual([0, 30, 90, 210, 450]);
    expect(callsAtS.length).toBeLessThan(35);
    expect(changes).toEqual(['rejected']);
  });

  test('stays false while another failure prevents a check of the credentials', async () => {
    const { clock, check, callsAtS, quota } = createChecked(['credentials', 'quotaExhausted', 'ok']);
    await clock.advance(30_000);
    expect([check.problem(), callsAtS.length]).toEqual(['DataWorks rejects the credentials.', 2]);
    quota.isExhausted = true;
    await clock.advance(7_200_000);
    expect([check.problem(), callsAtS.length]).toEqual(['DataWorks rejects the credentials.', 2]);
    quota.isExhausted = false;
    await clock.advance(3_600_000);
    expect([check.problem(), callsAtS.length]).toEqual([null, 3]);
    check.stop();
  });

  test('is true again after the first successful call of any caller', async () => {
    const { clock, check, changes } = createChecked(['credentials', 'ok', 'credentials']);
    const callOfACaller = () =>
      check.upstream.call(
        'ListProjects',
        { projectIds: ['10000'] },
        { deadline: clock.now() + 1000, priority: 'interactive', report: () => undefined },
      );
    await clock.advance(0);
    await callOfACaller();
    expect([check.problem(), changes]).toEqual([null, ['rejected', 'accepted']]);
    await expect(callOfACaller()).rejects.toMatchObject({ kind: 'credentials' });
    expect(check.problem()).toBe('DataWorks rejects the credentials.');
    check.stop();
    expect(clock.pendingTimers()).toBe(0);
  });

  test('does not depend on an unavailable upstream', async () => {
    const clock = createVirtualClock();
    const away = new UpstreamError('Away.', { kind: 'unavailable', action: 'ListProjects' });
    const problems: (string | null)[] = [];
    withCredentialCheck(
      { call: () => Promise.reject(away) },
      {
        clock,
        timeoutMs: 1000,
        signal: new AbortController().signal,
        onChange: (problem) => problems.push(problem),
        report: () => undefined,
      },
    );
    await clock.advance(0);
    expect(problems).toEqual([null]);
  });
});

describe('OpenTelemetry', () => {
  test('does not start unless a standard variable configures it', async () => {
    expect(await startTracing({})).toBeNull();
    expect(
      await startTracing({ OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://x' }),
    ).toBeNull();
    expect(
      await startTracing({ OTEL_SDK_DISABLED: 'true', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://x' }),
    ).toBeNull();
  });

  test('sends its spans to the configured collector, the last ones at shutdown', async () => {
    const received: string[] = [];
    const collector = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => {
        received.push(`${request.url} ${body}`);
        response.end('{}');
      });
    });
    await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
    const { port } = collector.address() as AddressInfo;
    await using gateway = startGatewayProcess(
      settings({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`, OTEL_SERVICE_NAME: 'runs' }),
    );
    const traceId = 'c0000000000000000000000000000001';
    await postOperation(await gateway.url, RUNS, { traceparent: `00-${traceId}-d000000000000001-01` });
    gateway.kill('SIGTERM');
    expect((await gateway.exit).code).toBe(0);
    collector.close();
    const all = received.join('\n');
    expect(all).toMatch(/^\/v1\/traces /);
    for (const word of [traceId, 'd000000000000001', 'ListPipelineRuns', '"runs"'])
      expect(all).toContain(word);
  });
});

describe('npm run token', () => {
  const command = fileURLToPath(new URL('../../dist/cli/token.js', import.meta.url));
  const run = (...args: string[]) => spawnSync(process.execPath, [command, ...args], { encoding: 'utf8' });

  test('prints a token once, and its entry for the tokens file', () => {
    const { status, stdout, stderr } = run('dashboards', '--projects', '10000,10001', '--may', 'metrics');
    expect(status).toBe(0);
    const token = /dwg_[\w-]{43}/.exec(stderr)?.[0] ?? '';
    expect(JSON.parse(stdout)).toEqual({
      name: 'dashboards',
      sha256: createHash('sha256').update(token).digest('hex'),
      projects: ['10000', '10001'],
      may: ['metrics'],
    });
    expect(stdout).not.toContain(token);
    expect(digestOf(token)).toBe((JSON.parse(stdout) as { sha256: string }).sha256);
  });

  test.each([
    [[]],
    [['a']],
    [['a', '--projects', 'x']],
    [['a', '--projects', '*', '--may', 'fly']],
    [['--token', 'x']],
  ])('prints its usage for %j', (args) => {
    const { status, stdout, stderr } = run(...args);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^Usage: npm run token/);
  });
});

function rawPost(body: string): string {
  return `POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}

async function textOf(socket: Socket): Promise<string> {
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
}
