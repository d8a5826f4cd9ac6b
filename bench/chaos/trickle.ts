import { createJudge, type Verdicts } from '../load/judge.ts';
import { head, type Operation, page } from '../load/operations.ts';
import type { Replica, World } from './world.ts';

/** Sends a few queries per second, to each replica in turn, while it runs. */
export interface Trickle {
  stop(): Promise<TrickleFigures>;
}

export interface TrickleFigures {
  queries: number;
  verdicts: Verdicts;
  /** Errors for queries whose result was cached before the scenario and could have been served. */
  rejectedKnown: number;
  /** For results requested before, and for results requested for the first time, in milliseconds. */
  longestWaitMs: { known: number; unknown: number };
  /** Of each stale response that arrived while the breaker was open, in milliseconds. */
  staleBehindBreakerMs: number[];
}

const EVERY_MS = 50;
const FRESH_MS = 5000;
const BIG = '10000';

const known: readonly Operation[] = [
  ...Array.from({ length: 8 }, () => head('hot list', { projectId: BIG }, 20)),
  page('numbered page', BIG, 3),
  page('numbered page', '20001', 2),
  page('deep page', BIG, 70),
  ...['20000', '20001', '20002'].map((projectId) => head('other heads', { projectId }, 10)),
];

/** One in this many queries requests an uncached list. */
const UNKNOWN_EVERY = 20;

export function startTrickle({ replicas, simulator }: World): Trickle {
  const judge = createJudge({ checkEvery: 1, freshMs: FRESH_MS });
  const underWay = new Set<Promise<void>>();
  const figures = {
    queries: 0,
    rejectedKnown: 0,
    longestWaitMs: { known: 0, unknown: 0 },
    staleBehindBreakerMs: [] as number[],
  };

  async function ask(operation: Operation, replica: Replica, kind: 'known' | 'unknown'): Promise<void> {
    const [sentAt, startedMs, aheadMs] = [Date.now(), performance.now(), replica.clockAheadMs];
    const wasOpen = replica.isBreakerOpen();
    const text = await post(replica, operation);
    const waitMs = performance.now() - startedMs;
    figures.longestWaitMs[kind] = Math.max(figures.longestWaitMs[kind], waitMs);
    if (wasOpen && replica.isBreakerOpen() && text.includes('"staleBecause":"'))
      figures.staleBehindBreakerMs.push(waitMs);
    if (kind === 'known' && text.includes('"errors":[{')) figures.rejectedKnown += 1;
    const clockAheadMs = [aheadMs, replica.clockAheadMs];
    judge.hear({ operation, text, sentAt, receivedAt: Date.now(), clockAheadMs });
  }

  const timer = setInterval(() => {
    const n = figures.queries++;
    const isUnknown = n % UNKNOWN_EVERY === 0;
    const operation = isUnknown ? newQuery() : known[n % known.length];
    const replica = replicas[Math.floor(n / 3) % replicas.length];
    if (!operation || !replica) return;
    const asking = ask(operation, replica, isUnknown ? 'unknown' : 'known');
    underWay.add(asking);
    void asking.finally(() => underWay.delete(asking));
  }, EVERY_MS);

  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(underWay);
      const verdicts = await judge.conclude((projectId) => Promise.resolve(simulator.runs(projectId)));
      return { ...figures, verdicts };
    },
  };
}

/** Queries everything that the trickle counts as cached. */
export async function warmUp({ replicas }: World): Promise<void> {
  for (const replica of replicas) for (const operation of known) await post(replica, operation);
}

/** Whether each replica returns the head of the list as of `since` or later, and reports that it is healthy. */
export async function areWell({ replicas }: World, since: number): Promise<boolean> {
  const hot = known[0];
  const each = await Promise.all(
    replicas.map(async (replica) => {
      const text = hot ? await post(replica, hot) : '';
      const asOf = Date.parse(/"asOf":"([^"]+)"/.exec(text)?.[1] ?? '') - replica.clockAheadMs;
      return text.includes('"staleBecause":null') && asOf >= since && (await replica.isReady());
    }),
  );
  return each.every(Boolean);
}

let lists = 0;

function newQuery(): Operation {
  lists += 1;
  return head('new list', { projectId: BIG, creator: `9${String(lists).padStart(15, '0')}` }, 10);
}

async function post({ url }: Replica, { body }: Operation): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  return fetch(`${url}/graphql`, { method: 'POST', headers, body }).then(
    (answer) => answer.text(),
    (error: unknown) => `No answer: ${String(error)}`,
  );
}
