import { load } from './measure.ts';
import { startServer } from './processes.ts';
import { manyPages, type Page, samePage } from './workload.ts';

const CONNECTIONS = 1000;
const SECONDS = 20;

type Settings = Readonly<Record<string, string>>;

/** The gateway's default, which the other measurements raise. */
const DEFAULTS: Settings = { MAX_QUEUE_MS: '1000' };

/** A thousand callers that each send the next request after a response, and the effect on the event loop. */
export async function crowd(simulator: string): Promise<void> {
  console.log(`\n## ${CONNECTIONS} connections\n`);
  console.log(
    '| workload | answered / s | rejected with 503 / s | unanswered for 10 s | p50, p99 | event loop delay, 99th |',
  );
  console.log('| --- | ---: | ---: | ---: | ---: | ---: |');
  await ofWorkload('the same query', samePage, DEFAULTS, simulator);
  await ofWorkload('500 variables', manyPages, DEFAULTS, simulator);
  const costly = { ...DEFAULTS, STORED_ANSWERS: 'off' };
  await ofWorkload('500 variables, no stored answers', manyPages, costly, simulator);
}

/** The effect of the request scheduler under many callers, compared with the same server without it. */
export async function scheduling(): Promise<void> {
  console.log(`\n## ${CONNECTIONS} connections, with the request scheduler and without\n`);
  console.log('| server | responses / s | unanswered for 10 s | p50, p99 | event loop delay, 99th |');
  console.log('| --- | ---: | ---: | ---: | ---: |');
  for (let round = 1; round <= 3; round++) {
    for (const isScheduled of [true, false]) {
      await using server = await startServer({ kind: 'scheduling', isScheduled });
      await load(server, samePage, { amount: 5000, connections: 10 });
      await server.usage();
      const { duration, errors, latency, requests } = await load(
        server,
        samePage,
        { duration: SECONDS / 4, connections: CONNECTIONS },
        { mayFail: true },
      );
      const { loopDelayP99Ms } = await server.usage();
      const cells = [
        `${isScheduled ? 'with' : 'without'}, round ${round}`,
        Math.round(requests.total / duration).toLocaleString('en'),
        errors,
        `${latency.p50}, ${latency.p99} ms`,
        `${loopDelayP99Ms.toFixed(0)} ms`,
      ];
      console.log(`| ${cells.join(' | ')} |`);
    }
  }
}

async function ofWorkload(
  name: string,
  pages: readonly Page[],
  settings: Settings,
  simulator: string,
): Promise<void> {
  await using server = await startServer({ kind: 'gateway', simulator, settings });
  await load(server, pages, { amount: 5000, connections: 10 });
  await server.usage();
  const { duration, errors, latency, non2xx, requests } = await load(
    server,
    pages,
    { duration: SECONDS, connections: CONNECTIONS },
    { mayFail: true },
  );
  const { loopDelayP99Ms } = await server.usage();
  const perSecond = (count: number) => Math.round(count / duration).toLocaleString('en');
  const cells = [
    name,
    perSecond(requests.total - non2xx),
    perSecond(non2xx),
    errors,
    `${latency.p50}, ${latency.p99} ms`,
    `${loopDelayP99Ms.toFixed(0)} ms`,
  ];
  console.log(`| ${cells.join(' | ')} |`);
}
