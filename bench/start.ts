import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { bundle } from '../scripts/bundle.ts';
import { packageFolderOf } from '../scripts/licenses.ts';
import { productionFiles } from '../scripts/productionFiles.ts';
import { type Simulator, startSimulator } from '../simulator/server.ts';
import { freePort } from './load/processes.ts';

/*
 * `npm run bench:start`: the time from the start of the built program to its first response, with credentials that the simulator has
 * checked, and the size of what production installs.
 */

const STARTS = 10;
const PAUSE_MS = 500;
const LARGEST = 12;

const BODY = JSON.stringify({
  query: '{ pipelineRuns(projectId: 10000, first: 10) { nodes { runId stages { name } } } }',
});

/** Loaded into the gateway: replies to any message with the CPU time since the start of the process, in microseconds. */
const CPU_PROBE = `data:text/javascript,${encodeURIComponent(`
  process.on('message', () => process.send(process.cpuUsage()));
  process.channel.unref();
`)}`;

interface Start {
  responseMs: number;
  cpuMs: number;
}

await reportStarts();
reportInstalled();
await reportBundle();

async function reportStarts(): Promise<void> {
  const simulator = await startSimulator({ qps: null });
  const starts: Start[] = [];
  // The first start reads the files from disk and is not counted.
  for (let n = 0; n <= STARTS; n++) {
    const start = await measureStart(simulator);
    if (n > 0) starts.push(start);
    await pause(PAUSE_MS);
  }
  await simulator.close();
  console.log(`\n## Start to first response, ${STARTS} starts, load average ${loadavg()[0]?.toFixed(1)}\n`);
  console.log('|  | minimum | median | maximum |\n| --- | ---: | ---: | ---: |');
  console.log(row('time, ms', ...spread(starts.map(({ responseMs }) => responseMs))));
  console.log(row('CPU time, ms', ...spread(starts.map(({ cpuMs }) => cpuMs))));
}

async function measureStart(simulator: Simulator): Promise<Start> {
  const port = await freePort();
  const startedMs = performance.now();
  const gateway = spawn(process.execPath, ['--import', CPU_PROBE, 'dist/cli/main.js'], {
    env: {
      PATH: process.env['PATH'],
      NODE_ENV: 'production',
      PORT: String(port),
      DATAWORKS_ENDPOINT: simulator.url,
      ALIBABA_CLOUD_ACCESS_KEY_ID: simulator.accessKeyId,
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: simulator.accessKeySecret,
    },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  if (!gateway.stdout) throw new Error('The gateway has no standard output.');
  // Its first line: it listens.
  await Promise.race([once(gateway.stdout, 'data'), once(gateway, 'exit')]);
  const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: BODY,
  });
  if (!(await response.text()).includes('"nodes":[{')) throw new Error('The first response has no runs.');
  const responseMs = performance.now() - startedMs;
  gateway.send('usage');
  const [{ user, system }] = (await once(gateway, 'message')) as [NodeJS.CpuUsage];
  gateway.kill('SIGKILL');
  await once(gateway, 'exit');
  return { responseMs, cpuMs: (user + system) / 1000 };
}

function reportInstalled(): void {
  console.log('\n## What production installs\n\n| file or folder | bytes |\n| --- | ---: |');
  const sizes = productionFiles().map((path) => [path, bytesOf(path)] as const);
  for (const [path, bytes] of sizes) console.log(row(path, bytes));
  console.log(
    row(
      'together',
      sizes.reduce((sum, [, bytes]) => sum + bytes, 0),
    ),
  );
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    packages: Record<string, { dev?: boolean }>;
  };
  const installed = Object.entries(packages).filter(([path, { dev }]) => path !== '' && dev !== true);
  console.log(`\nPackages that npm ci --omit=dev installs: ${installed.length}.`);
}

function bytesOf(path: string): number {
  if (!statSync(path).isDirectory()) return statSync(path).size;
  return readdirSync(path).reduce((sum, name) => sum + bytesOf(join(path, name)), 0);
}

async function reportBundle(): Promise<void> {
  const { metafile } = await bundle();
  const byPackage = new Map<string, number>();
  for (const { inputs } of Object.values(metafile.outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const name = packageFolderOf(path)?.replace(/^.*node_modules\//, '') ?? 'src';
      byPackage.set(name, (byPackage.get(name) ?? 0) + bytesInOutput);
    }
  }
  const largest = [...byPackage].sort(([, one], [, other]) => other - one).slice(0, LARGEST);
  console.log(
    `\n## Largest of ${byPackage.size - 1} packages in the bundle\n\n| package | bytes |\n| --- | ---: |`,
  );
  for (const [name, bytes] of largest) console.log(row(name, bytes));
}

function spread(values: readonly number[]): number[] {
  const inOrder = [...values].sort((one, other) => one - other);
  const median = inOrder[Math.floor(inOrder.length / 2)] ?? NaN;
  return [inOrder[0] ?? NaN, median, inOrder.at(-1) ?? NaN].map(Math.round);
}

function row(...cells: (string | number)[]): string {
  return `| ${cells.map((cell) => (typeof cell === 'number' ? cell.toLocaleString('en') : cell)).join(' | ')} |`;
}
