import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';

/** A real redis-server on loopback without persistence. The server of the tests cannot be used outside of Jest. */
export interface Redis {
  url: string;
  /** Suspends it with its connections open. */
  pause(): void;
  resume(): void;
  /** Kills it immediately, as in a crash. */
  kill(): Promise<void>;
  /** Starts it again on the same port, with no data. */
  restart(): Promise<void>;
}

/** @throws where there is no `redis-server` on the PATH. */
export async function startRedis(port: number): Promise<Redis> {
  let server = await start(port);
  const kill = async () => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const exit = once(server, 'exit');
    server.kill('SIGKILL');
    await exit;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    pause: () => void server.kill('SIGSTOP'),
    resume: () => void server.kill('SIGCONT'),
    kill,
    async restart() {
      await kill();
      server = await start(port);
    },
  };
}

async function start(port: number): Promise<ChildProcess> {
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const server = spawn('redis-server', [...options, '--dir', tmpdir()], { stdio: 'ignore' });
  await once(server, 'spawn');
  while (!(await accepts(port))) {
    if (server.exitCode !== null) throw new Error(`redis-server ended with ${server.exitCode}.`);
    await pause(5);
  }
  return server;
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  return once(socket, 'connect')
    .then(
      () => true,
      () => false,
    )
    .finally(() => socket.destroy());
}
