import { load } from './measure.ts';
import { startServer } from './processes.ts';
import { manyPages, type Page, samePage } from './workload.ts';

const CONNECTIONS = 1000;
const SECONDS = 20;

/** A thousand callers, each of whom asks again as soon as it is answered, and what that does to the event loop. */
export async function crowd(simulator: string): Promise<void> {
  console.log(`\n## ${CONNECTIONS} connections\n`);
  console.log('| workload | MAX_TURN_MS | answered / s | refused with 503 / s | event loop delay, 99th |');
  console.log('| --- | ---: | ---: | ---: | ---: |');
  for (const maxTurnMs of ['80', '60000']) {
    await ofWorkload('the same query', samePage, maxTurnMs, simulator);
    await ofWorkload('500 variables', manyPages, maxTurnMs, simulator);
  }
}

async function ofWorkload(
  name: string,
  pages: readonly Page[],
  maxTurnMs: string,
  simulator: string,
): Promise<void> {
  const settings = { MAX_TURN_MS: maxTurnMs };
  await using server = await startServer({ kind: 'gateway', simulator, settings });
  await load(server, pages, { amount: 5000, connections: 10 }, { mayRefuse: true });
  await server.usage();
  const { duration, non2xx, requests } = await load(
    server,
    pages,
    { duration: SECONDS, connections: CONNECTIONS },
    { mayRefuse: true },
  );
  const { loopDelayP99Ms } = await server.usage();
  const perSecond = (count: number) => Math.round(count / duration).toLocaleString('en');
  const cells = [name, maxTurnMs, perSecond(requests.total - non2xx), perSecond(non2xx)];
  console.log(`| ${[...cells, `${loopDelayP99Ms.toFixed(0)} ms`].join(' | ')} |`);
}
