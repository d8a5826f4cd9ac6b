import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/*
 * One server of the benchmark, in a process of its own, whose parent requests its CPU time. The first argument says what to start,
 * as JSON. It imports only what that server needs: everything else, such as a TypeScript loader, would be measured with it.
 */

const CREDENTIALS = { accessKeyId: 'SimulatorAccessKeyId', accessKeySecret: 'SimulatorAccessKeySecret' };

const start = JSON.parse(process.argv[2]);
const loopDelay = monitorEventLoopDelay({ resolution: 10 });
loopDelay.enable();
let simulator = null;
let call = null;

process.on('disconnect', () => process.exit(0));
process.on('message', (command) => void reply(command));
process.send({ url: await urlOf(start) });

async function reply(command) {
  const before = command.ask === 'calls' ? process.cpuUsage() : undefined;
  if (command.ask === 'calls') {
    const { count, pageSize, atOnce } = command;
    let left = count;
    const caller = async () => {
      while (left-- > 0) await call(pageSize);
    };
    await Promise.all(Array.from({ length: atOnce }, caller));
  }
  if (command.ask === 'heap') globalThis.gc();
  const { user, system } = process.cpuUsage(before);
  process.send({
    cpuUs: user + system,
    rssBytes: process.memoryUsage.rss(),
    heapBytes: process.memoryUsage().heapUsed,
    loopDelayP99Ms: loopDelay.percentile(99) / 1e6,
    mostCallsInASecond: simulator?.maxCallsInAnySecond() ?? 0,
  });
  loopDelay.reset();
}

async function urlOf(what) {
  switch (what.kind) {
    case 'simulator': {
      const { startSimulator } = await import('../../simulator/server.ts');
      simulator = await startSimulator({ qps: what.qps ?? null });
      return simulator.url;
    }
    case 'gateway':
      return gatewayUrl(what);
    case 'peer':
      return peerUrl(what);
    case 'scheduling':
      return schedulingUrl(what.isScheduled);
    case 'client': {
      const { createCall } = await import(`./${what.name}Call.js`);
      call = createCall(what.simulator, what.projectId, CREDENTIALS);
      return what.simulator;
    }
  }
}

async function peerUrl({ name, rowsFile }) {
  const { peers } = await import('./peers.js');
  const { rows, headers } = JSON.parse(readFileSync(rowsFile, 'utf8'));
  return peers[name](rows, headers);
}

/** The built program, as in production but for the simulator's quota: its log goes where its standard output does. */
async function gatewayUrl({ simulator, settings, token, port }) {
  const directory = mkdtempSync(join(tmpdir(), 'hot-'));
  const tokensFile = join(directory, 'tokens.json');
  const sha256 = createHash('sha256').update(token).digest('hex');
  writeFileSync(tokensFile, JSON.stringify([{ name: 'bench', sha256, projects: '*' }]));
  Object.assign(process.env, {
    PORT: String(port),
    NODE_ENV: 'production',
    DATAWORKS_ENDPOINT: simulator,
    DATAWORKS_MAX_QPS: '10000',
    // Other load on the machine must not make it reject measured requests.
    MAX_QUEUE_MS: '10000',
    AUTH_TOKENS_FILE: tokensFile,
    RATE_LIMIT_PER_SECOND: '1000000',
    MAX_OPERATION_CALLS: '100',
    ALIBABA_CLOUD_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: CREDENTIALS.accessKeySecret,
    ...settings,
  });
  // The program has arguments of its own.
  process.argv.length = 2;
  await import('../../dist/cli/main.js');
  rmSync(directory, { recursive: true });
  return `http://127.0.0.1:${port}/graphql`;
}

/** A bare server whose every response takes as much CPU time as one that is not stored, with the request scheduler or without. */
async function schedulingUrl(isScheduled) {
  const { systemClock } = await import('../../src/core/clock.ts');
  const { createRequestScheduler } = await import('../../src/http/requestScheduler.ts');
  const body = randomBytes(6400).toString('hex');
  const scheduler = createRequestScheduler({ clock: systemClock, maxWaitMs: 10_000 });
  const server = createServer((request, response) => {
    request.resume();
    const respond = () => {
      for (let n = 0; n < 12; n++) createHash('sha256').update(body).digest();
      response.end(body);
    };
    if (isScheduled) scheduler.schedule(respond);
    else respond();
  });
  server.on('connection', () => scheduler.connectionOpened());
  server.listen(0, '127.0.0.1', 4096);
  await once(server, 'listening');
  return `http://127.0.0.1:${server.address().port}/graphql`;
}
