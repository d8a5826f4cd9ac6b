import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { faultKinds } from '../../simulator/faultKinds.ts';
import { type Simulator, startSimulator } from '../../simulator/server.ts';
import { type GatewayProcess, startGatewayProcess } from '../support/gatewayProcess.ts';

interface Run {
  stdout: string;
  stderr: string;
  code: number;
}

/** Runs a program of the demo as its npm script does. */
async function run(program: 'fault' | 'query', ...args: string[]): Promise<Run> {
  const path = fileURLToPath(new URL(`../../demo/${program}.ts`, import.meta.url));
  try {
    const output = await promisify(execFile)(process.execPath, ['--import', 'tsx', path, ...args]);
    return { ...output, code: 0 };
  } catch (error) {
    return error as Run;
  }
}

describe('npm run demo:fault', () => {
  let simulator: Simulator;
  beforeAll(async () => {
    simulator = await startSimulator();
  });
  afterAll(() => simulator.close());

  const fault = (...args: string[]) => run('fault', ...args, '--simulator', simulator.url);
  const activeFaults = async () => (await fetch(`${simulator.url}/__simulator/faults`)).json();

  test('lists every kind and the active faults without arguments', async () => {
    const { stdout } = await fault();
    for (const kind of Object.keys(faultKinds)) expect(stdout).toMatch(new RegExp(`^ {2}${kind} `, 'm'));
    expect(stdout).toContain('Active: []');
  });

  test('turns a fault on with the given fields or demo defaults, and turns all faults off', async () => {
    await fault('latency', 'delayMs=300', 'times=3', 'action=ListPipelineRuns');
    await fault('replace');
    await expect(activeFaults()).resolves.toEqual([
      { kind: 'latency', delayMs: 300, times: 3, action: 'ListPipelineRuns' },
      { kind: 'replace', at: ['PagingInfo', 'TotalCount'], value: 'many' },
    ]);
    expect((await fault('off')).stdout).toBe('All faults are off.\n');
    await expect(activeFaults()).resolves.toEqual([]);
  });

  test.each([
    [['nonsense'], 'Expected a kind, one of latency, hold,'],
    [['latency', 'delayMs'], 'The arguments must be'],
  ])('rejects %j', async (args, problem) => {
    const { code, stderr } = await fault(...args);
    expect([code, stderr]).toEqual([1, expect.stringContaining(problem)]);
  });

  test('explains how to start the demo if it is not running', async () => {
    const { code, stderr } = await run('fault', 'off', '--simulator', 'http://127.0.0.1:1');
    expect([code, stderr]).toEqual([1, expect.stringContaining('npm run demo')]);
  });
});

describe('npm run demo', () => {
  let demo: GatewayProcess;
  beforeAll(() => {
    demo = startGatewayProcess({ PORT: '0' }, [], 'demo');
  });
  afterAll(async () => {
    await demo[Symbol.asyncDispose]();
  });

  test('prints commands that query it and turn on a fault in it', async () => {
    const url = await demo.url;
    await demo.wrote('Ctrl-C');
    const args = (name: string) =>
      new RegExp(`^  npm run demo:${name}(?: -- (.*))?$`, 'm').exec(demo.stdout())?.[1]?.split(' ') ?? [];
    expect(args('query')).toEqual(['--gateway', url]);
    const query = async () =>
      JSON.parse(
        (await run('query', '{ pipelineRuns(projectId: 10001, first: 1) { totalCount } }', ...args('query')))
          .stdout,
      );
    expect((await run('fault', 'http5xx', ...args('fault'))).code).toBe(0);
    expect(await query()).toMatchObject({ errors: [{ extensions: { code: 'UPSTREAM_UNAVAILABLE' } }] });
    await run('fault', 'off', ...args('fault'));
    expect(await query()).toMatchObject({ data: { pipelineRuns: { totalCount: expect.any(Number) } } });
  }, 60_000);
});
