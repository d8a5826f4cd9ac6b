import { load } from './measure.ts';
import { startServer } from './processes.ts';
import { manyPages, type Page, samePage } from './workload.ts';

const CONNECTIONS = 1000;
const SECONDS = 20;

/** A thousand callers, each of whom asks again as soon as it is answered, and what that does to the event loop. */
export async function crowd(simulator: string): Promise<void> {
  console.log(`\n## ${CONNECTIONS} connections\n`);
  console.log(
    '| workload | MAX_QUEUE_MS | answered / s | refused with 503 / s | p50, p99 of all | event loop delay, 99th |',
  );
  console.log('| --- | ---: | ---: | ---: | ---: | ---: |');
  for (const maxWaitMs of ['1000', '50']) {
    await ofWorkload('the same query', samePage, maxWaitMs, simulator);
    await ofWorkload('500 variables', manyPages, maxWaitMs, simulator);
  }
}

async function ofWorkload(
  name: string,
  pages: readonly Page[],
  maxWaitMs: string,
  simulator: string,
): Promise<void> {
  const settings = { MAX_QUEUE_MS: maxWaitMs };
  await using server = await startServer({ kind: 'gateway', simulator, settings });
  await load(server, pages, { amount: 5000, connections: 10 }, { mayRefuse: true });
  await server.usage();
  const { duration, latency, non2xx, requests } = await load(
    server,
    pages,
    { duration: SECONDS, connections: CONNECTIONS },
    { mayRefuse: true },
  );
  const { loopDelayP99Ms } = await server.usage();
  const perSecond = (count: number) => Math.round(count / duration).toLocaleString('en');
  const cells = [name, maxWaitMs, perSecond(requests.total - non2xx), perSecond(non2xx)];
  console.log(
    `| ${[...cells, `${latency.p50}, ${latency.p99} ms`, `${loopDelayP99Ms.toFixed(0)} ms`].join(' | ')} |`,
  );
}
