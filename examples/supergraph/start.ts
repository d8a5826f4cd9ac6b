import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { createGatewayRuntime } from '@graphql-hive/gateway-runtime';
import { composeSupergraph } from './compose.ts';
import { startTeams } from './teams.ts';

/**
 * `npm run supergraph`: the demo gateway and a subgraph of teams, composed and served by one router. The router listens on PORT
 * (default 4000); the two subgraphs listen on the next two ports.
 */
async function main(): Promise<void> {
  const port = Number(process.env['PORT'] ?? 4000);
  const demo = await startDemo(port + 1);
  const teams = await startTeams(port + 2);
  const supergraph = await composeSupergraph([
    { name: 'dataworks', url: `http://127.0.0.1:${port + 1}/graphql` },
    { name: 'teams', url: teams.url },
  ]);
  const runtime = createGatewayRuntime({ supergraph, logging: 'warn' });
  const router = createServer((request, response) => void runtime(request, response)).listen(
    port,
    '127.0.0.1',
  );
  await once(router, 'listening');
  console.log(welcome(`http://127.0.0.1:${port}/graphql`));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      demo.kill();
      router.closeAllConnections();
      router.close();
      void Promise.all([runtime[Symbol.asyncDispose](), teams.close()]);
    });
  }
}

/** The gateway with the simulator, as `npm run demo` starts it. */
async function startDemo(port: number): Promise<ChildProcess> {
  const script = fileURLToPath(new URL('../../demo/demo.ts', import.meta.url));
  const demo = spawn(process.execPath, ['--import', 'tsx', script], {
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  process.once('exit', () => demo.kill());
  while (demo.exitCode === null) {
    const ready = await fetch(`http://127.0.0.1:${port}/health/ready`, {
      signal: AbortSignal.timeout(1000),
    }).catch(() => null);
    if (ready?.ok) return demo;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  // The demo has printed the reason.
  process.exit(1);
}

function welcome(url: string): string {
  const query =
    '{ teams { name projects { displayName pipelineRuns(first: 2) { totalCount nodes { status createTime project { team { name } } } } } } }';
  return `
The router is at ${url}. It serves the gateway and a subgraph of teams.
To query both, open the URL in a browser and paste the query, or run this in another terminal:

curl -s ${url} -H 'content-type: application/json' -d '{"query":"${query}"}'

The teams come from one subgraph, their workspaces and runs from the other, and the team of a run's workspace from the first
again. The gateway may not read workspace 10004, so its fields are null. Press Ctrl-C to stop.
`;
}

await main().catch((error: unknown) => {
  if (!(error instanceof Error && 'syscall' in error && error.syscall === 'listen')) throw error;
  console.error(
    `The supergraph cannot start: ${error.message}. Set another PORT; the two after it are taken as well.`,
  );
  process.exit(1);
});
