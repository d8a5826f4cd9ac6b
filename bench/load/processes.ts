import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { RunTruth } from '../../simulator/server.ts';
import type { Command, Reply } from './simulatorProcess.ts';

export interface SimulatorProcess extends AsyncDisposable {
  url: string;
  accessKeyId: string;
  accessKeySecret: string;
  /** All runs of a project, newest first, as they are in truth. */
  runs(projectId: string): Promise<RunTruth[]>;
  calls(): Promise<{ total: number; throttled: number; mostInASecond: number }>;
}

export interface GatewayProcess extends AsyncDisposable {
  url: string;
  /** The text of /metrics. */
  scrape(): Promise<string>;
  /** The heap in use after a collection of all that can be collected, in bytes. */
  heapInUse(): Promise<number>;
}

/** The reply of the heap probe. */
interface HeapReply {
  type: 'heap';
  usedBytes: number;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export async function startSimulatorProcess(): Promise<SimulatorProcess> {
  const script = fileURLToPath(new URL('simulatorProcess.ts', import.meta.url));
  const child = fork(script, { cwd: ROOT, execArgv: ['--import', 'tsx'] });
  const started = await replyOf<Reply, 'started'>(child, 'started');
  const ask = async <Type extends Reply['type']>(command: Command, type: Type) => {
    child.send(command);
    return replyOf<Reply, Type>(child, type);
  };
  return {
    ...started,
    runs: async (projectId) => (await ask({ about: 'runs', projectId }, 'runs')).runs,
    calls: () => ask({ about: 'calls' }, 'calls'),
    [Symbol.asyncDispose]: () => end(child),
  };
}

/** `npm start`'s own program as built, before the simulator. Resolves once it is ready. Its log goes nowhere. */
export async function startGatewayProcess(
  simulator: SimulatorProcess,
  settings: Readonly<Record<string, string>> = {},
): Promise<GatewayProcess> {
  const port = await freePort();
  const probe = new URL('heapProbe.js', import.meta.url).href;
  const child = spawn(process.execPath, ['--expose-gc', '--import', probe, 'dist/cli/main.js'], {
    cwd: ROOT,
    env: {
      PATH: process.env['PATH'],
      NODE_ENV: 'production',
      PORT: String(port),
      DATAWORKS_ENDPOINT: simulator.url,
      ALIBABA_CLOUD_ACCESS_KEY_ID: simulator.accessKeyId,
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: simulator.accessKeySecret,
      ...settings,
    },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const heapInUse = async () => {
    child.send('heap');
    return (await replyOf<HeapReply, 'heap'>(child, 'heap')).usedBytes;
  };
  const url = `http://127.0.0.1:${port}`;
  while (!(await isReady(url))) {
    if (child.exitCode !== null) throw new Error(`The gateway ended with ${child.exitCode}.`);
    await pause(100);
  }
  return {
    url,
    scrape: () => fetchText(`${url}/metrics`),
    heapInUse,
    [Symbol.asyncDispose]: () => end(child),
  };
}

async function replyOf<Replies extends { type: string }, Type extends Replies['type']>(
  child: ChildProcess,
  type: Type,
) {
  for (;;) {
    const [reply] = (await once(child, 'message')) as [Replies];
    if (reply.type === type) return reply as Extract<Replies, { type: Type }>;
  }
}

async function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/health/ready`).then(
    ({ ok }) => ok,
    () => false,
  );
}

/** From another address of the loopback than the load comes from, so that it has a rate limit of its own. */
function fetchText(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, { localAddress: '127.0.0.2' }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      response.on('end', () => {
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`${url} answered ${String(response.statusCode)}.`));
      });
    }).on('error', reject);
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
