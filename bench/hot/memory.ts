import { pathToFileURL } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { lifePlan } from '../../simulator/lifecycle.ts';
import { runAnswer } from '../../simulator/runs.ts';
import { createRunTable, type RunRow } from '../../simulator/runTable.ts';
import { toWireText } from '../../simulator/wire.ts';
import { createDemand } from '../../src/cache/demand.ts';
import { type CacheLayer, withCache } from '../../src/cache/withCache.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { PipelineRunFilter } from '../../src/core/domain.ts';
import type { Upstream, UpstreamResult } from '../../src/core/upstream.ts';
import { readResponse } from '../../src/upstream/response.ts';

const ROWS = 100;
const LISTS = 200;
const HOT_LISTS = 50;
const SCANNED_LISTS = 3000;
const DEFAULT_BYTES = 128_000_000;
const NOW = Date.UTC(2026, 0, 1);

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** The memory of cached lists, and whether a scan over more lists than fit evicts those that are in use. */
export async function memory(): Promise<void> {
  console.log(`\n## Memory of ${LISTS} lists, each of ${ROWS} runs with five stages and details\n`);
  console.log('| lists of each project | kB on the heap, a project | kB estimated | estimate of heap |');
  console.log('| --- | ---: | ---: | ---: |');
  await measure('one', [{}]);
  await measure('one', [{}]);
  await measure('three, of the same runs', [{}, { creator: '1' }, { objectId: '1' }]);
  await scan();
}

async function measure(name: string, filters: readonly PipelineRunFilter[]): Promise<void> {
  const { cache, read } = createLists(10 * DEFAULT_BYTES);
  const before = heapBytes();
  for (let n = 0; n < LISTS; n++) for (const filter of filters) await read(n, filter);
  const heap = (heapBytes() - before) / LISTS / 1000;
  const estimate = cache.bytesStored() / LISTS / 1000;
  const cells = [name, heap.toFixed(1), estimate.toFixed(1), (estimate / heap).toFixed(2)];
  console.log(`| ${cells.join(' | ')} |`);
}

/** Hot lists are requested every two seconds, and between two of these rounds a part of the lists that are requested only once. */
async function scan(): Promise<void> {
  const { read, advance, calls } = createLists(DEFAULT_BYTES, 3_600_000);
  const readHot = async () => {
    for (let n = 0; n < HOT_LISTS; n++) await read(n, {});
  };
  for (let round = 0; round < 2; round++) {
    await readHot();
    advance(2000);
  }
  const atOnce = 1500;
  let hotCalls = 0;
  for (let first = 0; first < SCANNED_LISTS; first += atOnce) {
    for (let n = 0; n < atOnce; n++) await read(HOT_LISTS + first + n, {});
    const before = calls();
    await readHot();
    hotCalls += calls() - before;
    advance(2000);
  }
  const requests = (HOT_LISTS * SCANNED_LISTS) / atOnce;
  console.log(
    `\n${HOT_LISTS} hot lists while ${SCANNED_LISTS} others are read once: ${requests - hotCalls} of ${requests} requests of hot lists are hits.`,
  );
}

function createLists(maxBytes: number, freshMs = 5000) {
  let now = 0;
  let calls = 0;
  const clock = { ...systemClock, now: () => now };
  const report = () => undefined;
  const upstream: Upstream = {
    call(action, params, context) {
      calls += 1;
      const { projectId } = params as { projectId: string };
      const { value } = readResponse(action, params, { body: bodyOf(projectId) }, context);
      return Promise.resolve({ value, asOf: now, staleBecause: null } as UpstreamResult<never>);
    },
  };
  const demand = createDemand({ clock, freshMs, staleMs: 60_000, allowances: () => [] });
  const cache: CacheLayer = withCache(upstream, { clock, maxBytes, demand, patienceMs: 1000, report });
  return {
    cache,
    calls: () => calls,
    advance: (ms: number) => void (now += ms),
    read: (n: number, filter: PipelineRunFilter) =>
      cache.upstream.call(
        'ListPipelineRuns',
        { projectId: String(10_000 + n), filter, pageNumber: 1, pageSize: ROWS },
        { deadline: now + 1000, priority: 'interactive', report },
      ),
  };
}

/** The response of the simulator for the runs of a project that have five stages. */
function bodyOf(projectId: string): string {
  const PipelineRuns = rowsOf(projectId).map((row) => runAnswer(row, NOW));
  const PagingInfo = { PageNumber: 1, PageSize: ROWS, TotalCount: ROWS, PipelineRuns };
  return toWireText({ RequestId: 'bench', PagingInfo });
}

function rowsOf(projectId: string): RunRow[] {
  const project = { id: projectId, runCount: 10 * ROWS };
  const table = createRunTable(project, { seed: 1, now: () => NOW, newRunEveryMs: null });
  const rows = table.serials().map((serial) => table.row(serial));
  return rows.filter(({ seed }) => lifePlan(seed).stages.length === 5).slice(0, ROWS);
}

function heapBytes(): number {
  for (let time = 0; time < 3; time++) collect();
  return process.memoryUsage().heapUsed;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await memory();
