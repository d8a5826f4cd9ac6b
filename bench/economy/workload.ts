import type { WindowRequest } from '../../src/core/window.ts';

/** One list of runs, as a dashboard requests it. */
export interface List {
  projectId: string;
  filter: { status?: 'FAILED' };
}

/** What an operation shows of a list. */
export interface Shown {
  /** Epoch milliseconds at which it was last known true. */
  asOf: number;
  endCursor: string | null;
  hasNextPage: boolean;
}

/** Executes one operation: some windows of one list, all of which must succeed. */
export type Ask = (list: List, windows: readonly WindowRequest[]) => Promise<Shown>;

/** A client that polls. */
export interface Client {
  /** Milliseconds from the start until the first request. */
  firstMs: number;
  everyMs: number;
  /** The list and the window of the next request: `rows` rows from `offset`. */
  next(): { list: List; offset: number; rows: number };
  ask(ask: Ask): Promise<Shown>;
}

export const BIG_PROJECT = '10000';
export const PROJECTS = Array.from({ length: 20 }, (_, n) => String(20_000 + n));

/** A new run in every project once a minute, and in the big one every 20 seconds. Milliseconds. */
export const newRunEveryMs: Record<string, number> = Object.fromEntries([
  ...PROJECTS.map((id): [string, number] => [id, 60_000]),
  [BIG_PROJECT, 20_000],
]);

/**
 * 1,000 dashboards over 20 projects, each polling every 5 to 15 s for two windows of one list: 70 % look at the head in windows
 * of several sizes, 20 % at numbered pages, 5 % deep, 5 % at the failed runs of one of two projects. And 20 pagers, each
 * walking a list from head to end by cursors, 20 rows every 2 s: ten of them the big project's 2,524 runs.
 */
export function createClients(): Client[] {
  const dice = createDice(42);
  const pick = <T>(of: readonly [T, ...T[]]): T => of[Math.floor(dice() * of.length)] ?? of[0];
  const dashboards = Array.from({ length: 1000 }, (_, n) => {
    const kind = dice();
    const isFiltered = kind >= 0.95;
    const list: List = isFiltered
      ? { projectId: pick(['20000', '20001']), filter: { status: 'FAILED' } }
      : { projectId: PROJECTS[n % PROJECTS.length] ?? BIG_PROJECT, filter: {} };
    const page = kind < 0.9 ? pick([1, 2, 3]) : 6;
    const window: WindowRequest =
      kind < 0.7 || isFiltered
        ? { by: 'cursor', from: 'start', count: pick([5, 10, 20, 50]), after: null, before: null }
        : { by: 'offset', offset: (page - 1) * 20, count: 20 };
    const rows = window.count;
    const offset = window.by === 'offset' ? window.offset : 0;
    return {
      firstMs: Math.floor(dice() * 10_000),
      everyMs: 5000 + Math.floor(dice() * 10_000),
      next: () => ({ list, offset, rows }),
      ask: (ask: Ask) => ask(list, [window, window]),
    };
  });
  const pagers = Array.from({ length: 20 }, (_, n) =>
    createPager(n < 10 ? BIG_PROJECT : (PROJECTS[n] ?? BIG_PROJECT), Math.floor(dice() * 30_000)),
  );
  return [...dashboards, ...pagers];
}

function createPager(projectId: string, firstMs: number): Client {
  const list: List = { projectId, filter: {} };
  const rows = 20;
  let after: string | null = null;
  let offset = 0;
  return {
    firstMs,
    everyMs: 2000,
    next: () => ({ list, offset, rows }),
    async ask(ask) {
      const shown = await ask(list, [{ by: 'cursor', from: 'start', count: rows, after, before: null }]);
      after = shown.hasNextPage ? shown.endCursor : null;
      offset = shown.hasNextPage ? offset + rows : 0;
      return shown;
    },
  };
}

/** A small generator with a fixed seed, so that every strategy gets the same workload. */
export function createDice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state / 0x7fffffff;
  };
}
