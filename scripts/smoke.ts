import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startSimulator } from '../simulator/server.ts';

/*
 * `npm run smoke [-- --node <binary>]`: starts the built gateway in front of the simulator, sends one query and prints one line. With
 * `--node` the gateway runs under another version of Node than this script does.
 */

const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const QUERY = '{ pipelineRuns(projectId: 10000, first: 1) { totalCount nodes { status } } }';
const TIMEOUT_MS = 20_000;

const { values } = parseArgs({ options: { node: { type: 'string', default: process.execPath } } });
await using simulator = await startSimulator();
const gateway = spawn(values.node, [MAIN], {
  env: {
    PATH: process.env['PATH'],
    PORT: '0',
    DATAWORKS_ENDPOINT: simulator.url,
    ALIBABA_CLOUD_ACCESS_KEY_ID: simulator.accessKeyId,
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: simulator.accessKeySecret,
  },
  stdio: ['ignore', 'pipe', 'inherit'],
});
const timeout = setTimeout(() => gateway.kill('SIGKILL'), TIMEOUT_MS);
try {
  const url = await listeningUrl();
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: QUERY }),
  });
  const body = await response.text();
  const { data } = JSON.parse(body) as { data?: { pipelineRuns?: { totalCount: number } | null } };
  const total = data?.pipelineRuns?.totalCount;
  if (total === undefined) throw new Error(`Expected a list of pipeline runs; got ${body}`);
  console.log(`Smoke test: Node ${await versionOf(values.node)} started and served ${total} pipeline runs.`);
} finally {
  clearTimeout(timeout);
  gateway.kill();
}

/** The gateway logs its URL once it listens. */
async function listeningUrl(): Promise<string> {
  let output = '';
  for await (const chunk of gateway.stdout) {
    output += String(chunk);
    const url = /gateway at (http:\/\/[\w.:]+)\/graphql/.exec(output)?.[1];
    if (url !== undefined) return url;
  }
  throw new Error(`The gateway ended before it listened:\n${output}`);
}

async function versionOf(node: string): Promise<string> {
  let version = '';
  for await (const chunk of spawn(node, ['-p', 'process.versions.node']).stdout) version += String(chunk);
  return version.trim();
}
