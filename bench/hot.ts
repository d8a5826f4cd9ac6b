import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCallers } from './hot/callers.ts';
import { cold } from './hot/cold.ts';
import { crowd, scheduling } from './hot/crowd.ts';
import { endurance } from './hot/endurance.ts';
import { measure, medianOf, type Sample, type Target, warmUp } from './hot/measure.ts';
import { memory } from './hot/memory.ts';
import { pair } from './hot/pair.ts';
import { type ServerProcess, startServer } from './hot/processes.ts';
import {
  bodyOf,
  type Connection,
  manyPages,
  type Page,
  PROJECT_ID,
  QUERY,
  samePage,
  TOKEN,
} from './hot/workload.ts';

/*
 * The cost of a response that needs no upstream call. The same query is sent to this gateway, with each optimisation off and on, and
 * to bare Node and three servers that hold the same rows in memory. Each is a process of its own. The figure is its CPU time per
 * response, which other load on the machine hardly affects. All are measured in turn, several times.
 * Then: a query that needs a call, a thousand connections, a million requests, and two processes.
 */

const ROUNDS = Number(process.env['ROUNDS'] ?? 9);
const SECONDS = Number(process.env['SECONDS'] ?? 1);

const CONNECTIONS = 10;
const BARE = 'bare node:http, the same bytes';

const OFF = { COMPILED_QUERIES: 'off', STORED_ANSWERS: 'off' };
const levers: Readonly<Record<string, Record<string, string>>> = {
  'this gateway': {},
  'this gateway, no stored answers': { STORED_ANSWERS: 'off' },
  'this gateway, no stored answers, no compiled queries': OFF,
};
/** Measured also with each of the callers. */
const compared = new Set(['this gateway', 'this gateway, no stored answers']);
const peerNames: Readonly<Record<string, string>> = {
  bare: BARE,
  bareWithHeaders: `${BARE} and headers`,
  mercurius: 'Mercurius with jit',
  apollo: 'Apollo Server standalone',
  apolloWithoutCacheControl: 'Apollo Server standalone, no cacheControl plugin',
  yoga: 'GraphQL Yoga',
};

const directory = await mkdtemp(join(tmpdir(), 'hot-'));
const simulator = await startServer({ kind: 'simulator' });
try {
  const servers = new Map<string, ServerProcess>();
  const callers = await createCallers(directory);
  for (const [name, lever] of Object.entries(levers)) {
    const settings = { ...callers.settings, ...lever };
    servers.set(name, await startServer({ kind: 'gateway', simulator: simulator.url, settings }));
  }
  const rowsFile = join(directory, 'rows.json');
  await writeFile(rowsFile, JSON.stringify(await rowsOf(servers.get('this gateway')?.url ?? '')));
  for (const [kind, name] of Object.entries(peerNames)) {
    servers.set(name, await startServer({ kind: 'peer', name: kind, rowsFile }));
  }
  await tellAnswer(servers);
  const targets = new Map<string, Target>();
  for (const [name, server] of servers) {
    targets.set(name, server);
    if (!compared.has(name)) continue;
    for (const [caller, headers] of Object.entries(callers.headers)) {
      targets.set(`${name}, ${caller}`, { ...server, headers });
    }
  }
  await compare('The same query again and again', targets, samePage);
  await compare('500 different variables over warm data', targets, manyPages);
  for (const server of servers.values()) await server[Symbol.asyncDispose]();
  await cold(simulator, ROUNDS);
  await crowd(simulator.url);
  await scheduling();
  await endurance(simulator.url);
  await pair();
  await memory();
} finally {
  await simulator[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
}

async function compare(
  title: string,
  servers: ReadonlyMap<string, Target>,
  pages: readonly Page[],
): Promise<void> {
  const samples = new Map([...servers.keys()].map((name): [string, Sample[]] => [name, []]));
  for (const server of servers.values()) await warmUp(server, pages);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, server] of servers) {
      const sample = await measure(server, pages, { connections: CONNECTIONS, seconds: SECONDS });
      samples.get(name)?.push(sample);
    }
  }
  const bare = medianOf(samples.get(BARE) ?? []);
  console.log(`\n## ${title}\n`);
  console.log(
    '| server | CPU µs a request | least of the rounds | of bare Node | bytes | p50 ms | p99 ms | load average |',
  );
  console.log('| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |');
  for (const [name, ofOne] of samples) {
    const { usEach, bytes, requests: count, latencyMs, load } = medianOf(ofOne);
    const least = Math.min(...ofOne.map(({ cpuUs, requests }) => cpuUs / requests));
    const cells = [
      usEach.toFixed(0),
      least.toFixed(0),
      (bare.usEach / usEach).toFixed(2),
      (bytes / count).toFixed(0),
    ];
    console.log(`| ${[name, ...cells, latencyMs.p50, latencyMs.p99, load.toFixed(1)].join(' | ')} |`);
  }
}

/** All rows of the list, as the gateway returns them, and the headers of its responses. */
async function rowsOf(url: string): Promise<{ rows: Connection; headers: [string, string][] }> {
  const edges: Connection['edges'] = [];
  for (let number = 1; ; number++) {
    const { connection, headers } = await ask(url, { number, size: 100 });
    edges.push(...connection.edges);
    if (edges.length >= connection.totalCount) return { rows: { ...connection, edges }, headers };
  }
}

async function ask(
  url: string,
  page: Page,
): Promise<{ connection: Connection; headers: [string, string][] }> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${TOKEN}`,
      // The peers repeat the headers with uncompressed rows.
      'accept-encoding': 'identity',
    },
    body: bodyOf(page),
  });
  const { data, errors } = (await response.json()) as {
    data?: { pipelineRuns: Connection };
    errors?: unknown;
  };
  if (!data) throw new Error(`${url} answered ${JSON.stringify(errors)}.`);
  return { connection: data.pipelineRuns, headers: [...response.headers] };
}

async function tellAnswer(servers: ReadonlyMap<string, ServerProcess>): Promise<void> {
  const shown = await Promise.all([...servers.values()].map(({ url }) => ask(url, { number: 1, size: 10 })));
  const sizes = shown.map(({ connection }) => JSON.stringify(connection).length);
  const edges = shown[0]?.connection.edges;
  const stages = edges?.reduce((count, { node }) => count + node.stages.length, 0);
  console.log(
    `Project ${PROJECT_ID}, ${edges?.length} runs of ${stages} stages in all, ${Math.min(...sizes)} to ${Math.max(...sizes)} bytes; the query has ${QUERY.length}.`,
  );
}
