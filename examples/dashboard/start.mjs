import { spawn, spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/*
 * Installs and builds the dashboard, starts the demo gateway if none is running, and serves the app with a proxy to it.
 * Settings: PORT (4100), GATEWAY_URL (http://127.0.0.1:4000; if it is set, no demo is started).
 */

const here = fileURLToPath(new URL('.', import.meta.url));
const top = fileURLToPath(new URL('../../', import.meta.url));
/** npm is a batch file there, which needs a shell. */
const onWindows = process.platform === 'win32';
const gatewayUrl = process.env['GATEWAY_URL'] ?? 'http://127.0.0.1:4000';

if (installedAt() < timeOf('package-lock.json'))
  run('npm', ['ci', '--omit=dev', '--no-audit', '--no-fund'], here, { shell: onWindows });
run(process.execPath, ['node_modules/vite/bin/vite.js', 'build', '--logLevel', 'warn'], here);

const children = [];
if (process.env['GATEWAY_URL'] === undefined && !(await isReady(gatewayUrl))) {
  children.push(start(['--import', 'tsx', 'demo/demo.ts'], top, { PORT: '4000' }));
  await waitUntilReady(gatewayUrl);
}
children.push(start(['serve.mjs'], here, { GATEWAY_URL: gatewayUrl }));

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    for (const child of children) child.kill(signal);
  });
}

/** Runs a command to completion. Exits if it fails. */
function run(command, args, cwd, options = {}) {
  const env = { ...process.env, NODE_ENV: 'production' };
  const { status } = spawnSync(command, args, { cwd, stdio: 'inherit', env, ...options });
  if (status !== 0) process.exit(status ?? 1);
}

function start(args, cwd, env) {
  const child = spawn(process.execPath, args, { cwd, stdio: 'inherit', env: { ...process.env, ...env } });
  child.on('exit', (status) => {
    // Neither is useful without the other.
    for (const other of children) if (other !== child) other.kill();
    process.exitCode ||= status ?? 0;
  });
  return child;
}

function installedAt() {
  return timeOf('node_modules/.package-lock.json');
}

function timeOf(path) {
  return statSync(new URL(path, import.meta.url), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

async function waitUntilReady(url) {
  while (!(await isReady(url))) {
    if (children[0].exitCode !== null) process.exit(children[0].exitCode);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function isReady(url) {
  return fetch(`${url}/health/live`, { signal: AbortSignal.timeout(1000) }).then(
    ({ ok }) => ok,
    () => false,
  );
}
