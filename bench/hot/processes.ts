import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { PROJECT_ID, TOKEN } from './workload.ts';

/** What a server process is told to be, as its argument. */
export type Start =
  | { kind: 'simulator' }
  | { kind: 'gateway'; simulator: string; settings: Readonly<Record<string, string>> }
  | { kind: 'peer'; name: string; rowsFile: string }
  | { kind: 'sdk'; simulator: string };

type Question = { ask: 'usage' } | { ask: 'sdkCalls'; count: number; pageSize: number };
type Reply = { url: string } | { cpuUs: number; rssBytes: number };

export interface ServerProcess extends AsyncDisposable {
  url: string;
  /** CPU time since it began, user's and system's, in microseconds; and the memory that it takes now, in bytes. */
  usage(): Promise<{ cpuUs: number; rssBytes: number }>;
  /** Makes so many calls by the SDK alone, one after the other, and tells the CPU time that they took. */
  sdkCalls(count: number, pageSize: number): Promise<{ cpuUs: number }>;
}

const SCRIPT = fileURLToPath(new URL('serverProcess.js', import.meta.url));

/** Its standard output goes nowhere. */
export async function startServer(start: Start, execArgv: readonly string[] = []): Promise<ServerProcess> {
  const child = fork(SCRIPT, [JSON.stringify({ ...start, token: TOKEN, projectId: PROJECT_ID })], {
    execArgv: [...execArgv],
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
  const ask = async (question: Question) => {
    child.send(question);
    return (await reply()) as Extract<Reply, { cpuUs: number }>;
  };
  return {
    url,
    usage: () => ask({ ask: 'usage' }),
    sdkCalls: (count, pageSize) => ask({ ask: 'sdkCalls', count, pageSize }),
    async [Symbol.asyncDispose]() {
      const exit = once(child, 'exit');
      child.disconnect();
      await exit;
    },
  };
}
