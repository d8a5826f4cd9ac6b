import { load } from './measure.ts';
import { startServer } from './processes.ts';
import { manyPages } from './workload.ts';

const REQUESTS = Number(process.env['REQUESTS'] ?? 1_000_000);
const PARTS = 10;

/** A million requests over 500 variables, and the memory after each tenth of them. */
export async function endurance(simulator: string): Promise<void> {
  await using server = await startServer({ kind: 'gateway', simulator, settings: {} }, ['--expose-gc']);
  console.log(`\n## Memory over ${REQUESTS.toLocaleString('en')} requests\n`);
  console.log('| requests | heap after a full collection | resident |');
  console.log('| ---: | ---: | ---: |');
  for (let part = 0; part <= PARTS; part++) {
    const amount = part === 0 ? 5000 : REQUESTS / PARTS;
    await load(server, manyPages, { amount, connections: 10 });
    const { rssBytes } = await server.usage();
    const { heapBytes } = await server.usageAfterCollection();
    const cells = [(5000 + (part * REQUESTS) / PARTS).toLocaleString('en'), megabytes(heapBytes)];
    console.log(`| ${[...cells, megabytes(rssBytes)].join(' | ')} |`);
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
