import { describe, test } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

/** A real redis-server on a free loopback port, without persistence. */
export interface RedisServer {
  readonly port: number;
  /** Suspends it with its connections open. */
  pause(): void;
  resume(): void;
  /** Kills it immediately, as in a crash. */
  kill(): Promise<void>;
  /** Starts it again on the same port, with no data. */
  restart(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * A `describe` that needs the redis-server binary. Without one its tests are skipped, with a line that says so; where
 * CI is set they fail instead, so that a build can't pass by not looking.
 */
export function describeWithRedis(name: string, tests: () => void): void {
  if (spawnSync('redis-server', ['--version']).status === 0) {
    describe(name, tests);
  } else if (process.env.CI) {
    test(name, () => {
      throw new Error(
        'Expected redis-server on the PATH, since CI is set. Install it: apt-get install redis-server.',
      );
    });
  } else {
    process.stderr.write(`Skipped, since there is no redis-server on the PATH: ${name}\n`);
    describe.skip(name, tests);
  }
}

export async function startRedisServer(): Promise<RedisServer> {
  const port = await freePort();
  const directory = await mkdtemp(join(tmpdir(), 'redis-'));
  let server = await spawnServer(port, directory);

  async function kill(): Promise<void> {
    if (server.exitCode !== null || server.signalCode !== null) return;
    server.kill('SIGKILL');
    await once(server, 'exit');
  }

  return {
    port,
    pause: () => void server.kill('SIGSTOP'),
    resume: () => void server.kill('SIGCONT'),
    kill,
    async restart() {
      await kill();
      server = await spawnServer(port, directory);
    },
    async [Symbol.asyncDispose]() {
      await kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** A proxy to a local server that delays responses. */
export interface SlowLink {
  readonly port: number;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startSlowLink(toPort: number, delayMs: number): Promise<SlowLink> {
  const sockets = new Set<Socket>();
  const link = createServer((client) => {
    const server = connect(toPort, '127.0.0.1');
    client.pipe(server);
    server.on('data', (piece) => {
      void setTimeout(delayMs).then(() => client.write(piece));
    });
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
    }
  }).listen(0, '127.0.0.1');
  await once(link, 'listening');
  return {
    port: (link.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      link.close();
      await once(link, 'close');
    },
  };
}

async function spawnServer(port: number, directory: string): Promise<ChildProcess> {
  const server = spawn(
    'redis-server',
    ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', directory],
    { stdio: 'ignore' },
  );
  while (!(await accepts(port))) {
    if (server.exitCode !== null) throw new Error(`redis-server exited with ${server.exitCode}.`);
  }
  return server;
}

/** Whether a process listens on the port. A negative result is delayed, to prevent a busy loop. */
async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    await setTimeout(5);
    return false;
  } finally {
    socket.destroy();
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
