import { spawn, spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/*
 * The dashboard by one command: installs and builds it, starts the demo gateway where none answers, and serves the app before it.
 * Settings: PORT (4100), GATEWAY_URL (http://127.0.0.1:4000; where it is set, no demo is started).
 */

const here = fileURLToPath(new URL('.', import.meta.url));
const top = fileURLToPath(new URL('../../', import.meta.url));
const gatewayUrl = process.env['GATEWAY_URL'] ?? 'http://127.0.0.1:4000';

if (installedAt() < timeOf('package-lock.json'))
  run('npm', ['ci', '--omit=dev', '--no-audit', '--no-fund'], here);
run(process.execPath, ['node_modules/vite/bin/vite.js', 'build', '--logLevel', 'warn'], here);

const children = [];
if (process.env['GATEWAY_URL'] === undefined && !(await answers(gatewayUrl))) {
  children.push(start(['--import', 'tsx', 'demo/demo.ts'], top, { PORT: '4000' }));
  await untilItAnswers(gatewayUrl);
}
children.push(start(['serve.mjs'], here, { GATEWAY_URL: gatewayUrl }));

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    for (const child of children) child.kill(signal);
  });
}

/** Runs to its end, or ends with it where it fails. */
function run(command, args, cwd) {
  const env = { ...process.env, NODE_ENV: 'production' };
  const { status } = spawnSync(command, args, { cwd, stdio: 'inherit', env });
  if (status !== 0) process.exit(status ?? 1);
}

function start(args, cwd, env) {
  const child = spawn(process.execPath, args, { cwd, stdio: 'inherit', env: { ...process.env, ...env } });
  child.on('exit', (status) => {
    // One is of no use without the other.
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

async function untilItAnswers(url) {
  while (!(await answers(url))) {
    if (children[0].exitCode !== null) process.exit(children[0].exitCode);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function answers(url) {
  return fetch(`${url}/health/live`, { signal: AbortSignal.timeout(1000) }).then(
    ({ ok }) => ok,
    () => false,
  );
}
