import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { freePort } from '../load/processes.ts';
import { PROJECT_ID, TOKEN } from './workload.ts';

/** The configuration of a server process, passed as its argument. */
export type Start =
  /** `qps`: calls a second that it allows; default: any number. */
  | { kind: 'simulator'; qps?: number }
  | { kind: 'gateway'; simulator: string; settings: Readonly<Record<string, string>> }
  | { kind: 'peer'; name: string; rowsFile: string }
  /** A bare server that takes CPU time for each response. */
  | { kind: 'scheduling'; isScheduled: boolean }
  /** Calls DataWorks without a gateway. */
  | { kind: 'client'; name: 'sdk' | 'undici'; simulator: string };

type Command =
  { ask: 'usage' } | { ask: 'heap' } | { ask: 'calls'; count: number; pageSize: number; atOnce: number };
type Reply = { url: string } | Usage;

export interface Usage {
  /** User and system CPU time since its start, in microseconds. */
  cpuUs: number;
  /** The resident memory now. */
  rssBytes: number;
  heapBytes: number;
  /** Of its event loop since the previous call, the 99th percentile in milliseconds. */
  loopDelayP99Ms: number;
  /** Of a simulator: the most calls that any second held. */
  mostCallsInASecond: number;
}

export interface ServerProcess extends AsyncDisposable {
  url: string;
  usage(): Promise<Usage>;
  /** The same after a full garbage collection. The process must have been started with `--expose-gc`. */
  usageAfterCollection(): Promise<Usage>;
  /** Makes `count` calls of a client, `atOnce` concurrently, and returns the CPU time that they took. */
  calls(count: number, pageSize: number, atOnce: number): Promise<{ cpuUs: number }>;
}

const SCRIPT = fileURLToPath(new URL('serverProcess.js', import.meta.url));

/** Its standard output is discarded. */
export async function startServer(start: Start, execArgv: readonly string[] = []): Promise<ServerProcess> {
  const argument = { ...start, token: TOKEN, projectId: PROJECT_ID, port: await freePort() };
  const isTypeScript = start.kind === 'simulator' || start.kind === 'scheduling';
  const child = fork(SCRIPT, [JSON.stringify(argument)], {
    execArgv: [...(isTypeScript ? ['--import', 'tsx'] : []), ...execArgv],
    env: { PATH: process.env['PATH'], NODE_ENV: 'production' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`A server ended with ${String(code)}.`);
  });
  ended.catch(() => undefined);
  const reply = async () => {
    const [message] = (await Promise.race([once(child, 'message'), ended])) as [Reply];
    return message;
  };
  const { url } = (await reply()) as Extract<Reply, { url: string }>;
  const ask = async (command: Command) => {
    child.send(command);
    return (await reply()) as Usage;
  };
  return {
    url,
    usage: () => ask({ ask: 'usage' }),
    usageAfterCollection: () => ask({ ask: 'heap' }),
    calls: (count, pageSize, atOnce) => ask({ ask: 'calls', count, pageSize, atOnce }),
    async [Symbol.asyncDispose]() {
      const exit = once(child, 'exit');
      child.disconnect();
      await exit;
    },
  };
}
