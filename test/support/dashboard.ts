import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The folder of the dashboard, which is a package of its own. */
const FOLDER = new URL('../../examples/dashboard/', import.meta.url);

/** The source of axe-core, which checks accessibility. */
export const axePath = fileURLToPath(new URL('node_modules/axe-core/axe.min.js', FOLDER));

/** The dashboard's own packages, those for its development among them. */
export const dashboardPackages = { path: axePath, by: 'npm ci --prefix examples/dashboard' };

export function buildDashboard(): void {
  const { status, stderr } = spawnSync(process.execPath, ['node_modules/vite/bin/vite.js', 'build'], {
    cwd: FOLDER,
    encoding: 'utf8',
    // Jest's own NODE_ENV would make it a build for development.
    env: { ...process.env, NODE_ENV: 'production' },
  });
  if (status !== 0) throw new Error(`The dashboard was not built:\n${stderr}`);
}

export interface DashboardServer extends AsyncDisposable {
  url: string;
}

/** The built app on any free port, served by its own server with the given gateway. */
export async function serveDashboard(gatewayUrl: string): Promise<DashboardServer> {
  const server = spawn(process.execPath, ['serve.mjs'], {
    cwd: FOLDER,
    env: { ...process.env, PORT: '0', GATEWAY_URL: gatewayUrl },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(server.stdout, 'data')) as [Buffer];
  const url = /http:\S+(?=,)/.exec(String(line))?.[0];
  if (url === undefined) throw new Error(`The dashboard's server did not say where it is: ${String(line)}`);
  return {
    url,
    async [Symbol.asyncDispose]() {
      const ended = once(server, 'exit');
      server.kill();
      await ended;
    },
  };
}
