import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createListReader } from '../../src/loaders/reader.ts';
import { createListMemory, type ListSource } from '../../src/loaders/list.ts';
import type { PipelineRun, PipelineRunFilter } from '../../src/core/domain.ts';
import type { UpstreamResult, CallContext, Page, Upstream } from '../../src/core/upstream.ts';
import type { WindowRequest } from '../../src/core/window.ts';
import { createCache } from '../support/cache.ts';
import { createFakeUpstream, type FakeUpstream, pageOf, runOf } from '../support/fakeUpstream.ts';
import { createVirtualClock, type VirtualClock } from '../support/virtualClock.ts';

const freshMs = 5_000;
const staleMs = 60_000;
const pageSize = 10;

type RunPage = UpstreamResult<Page<PipelineRun>>;

/** A list of runs, newest first, and a cache in front of it. What the list was at any time can be looked up. */
function createWorld({ filter = {}, length = 45 }: { filter?: PipelineRunFilter; length?: number } = {}) {
  const clock = createVirtualClock();
  let serial = 0;
  let runs: PipelineRun[] = [];
  const states: { since: number; runs: PipelineRun[] }[] = [];
  const upstream = createFakeUpstream(clock, { ListPipelineRuns: (params) => pageOf(runs, params) });
  const slowness = { beforeMs: 0, afterMs: 0 };
  const { upstream: cache, view } = createCache(slowed(upstream, clock, slowness), {
    clock,
    freshMs,
    staleMs,
  });
  const context = (notBefore?: number): CallContext => ({
    deadline: clock.now() + 10_000,
    priority: 'interactive',
    notBefore,
    report: () => undefined,
  });

  function set(changed: PipelineRun[]): void {
    runs = changed;
    states.push({ since: clock.now(), runs });
  }
  /** Changes happen between calls, never in the same millisecond. */
  async function change(change: (runs: PipelineRun[]) => PipelineRun[]): Promise<void> {
    await clock.advance(1);
    set(change(runs));
    await clock.advance(1);
  }
  /** All that the list was between then and now. */
  function statesSince(time: number): PipelineRun[][] {
    return states.filter((_, at) => (states[at + 1]?.since ?? Infinity) >= time).map((state) => state.runs);
  }
  const made = (status?: PipelineRun['status']) =>
    runOf(`run-${serial}`, status, { createTime: 1_000 * serial++ });
  set(Array.from({ length }, () => made()).reverse());

  return {
    clock,
    upstream,
    /** How long a call is under way before and after the upstream looks at its list. */
    slowness,
    read: (pageNumber: number, notBefore?: number) =>
      cache.call('ListPipelineRuns', { projectId: '1', filter, pageNumber, pageSize }, context(notBefore)),
    peek: (pageNumber: number) =>
      view.peek('ListPipelineRuns', { projectId: '1', filter, pageNumber, pageSize }),
    /** Lets time pass, and refreshes come home. */
    async settle(ms = 0) {
      await clock.advance(ms);
    },
    async insertAtHead(count: number, status?: PipelineRun['status']) {
      for (let n = 0; n < count; n++) await change((runs) => [made(status), ...runs]);
    },
    insertAt: (offset: number, status?: PipelineRun['status']) =>
      change((runs) => [...runs.slice(0, offset), made(status), ...runs.slice(offset)]),
    append: (count: number) => change((runs) => [...runs, ...Array.from({ length: count }, () => made())]),
    removeAt: (offset: number) => change((runs) => runs.filter((_, at) => at !== offset)),
    setStatus: (offset: number, status: PipelineRun['status']) =>
      change((runs) => runs.map((run, at) => (at === offset ? { ...run, status } : run))),
    get runs() {
      return runs;
    },
    statesSince,
    /** Whether rows have left since then and others come, so that its length does not tell one state from another. */
    hasTurnedOverSince(time: number) {
      const lengths = statesSince(time).map(({ length }) => length);
      const grew = lengths.some((length, at) => length > (lengths[at - 1] ?? Infinity));
      return grew && lengths.some((length, at) => length < (lengths[at - 1] ?? 0));
    },
  };
}

/** The asOf of an answer is when its call was sent, as with the real client. */
function slowed(
  upstream: FakeUpstream,
  clock: VirtualClock,
  slowness: { beforeMs: number; afterMs: number },
): Upstream {
  const pause = (ms: number) =>
    new Promise<void>((resolve) => (ms > 0 ? clock.after(ms, resolve) : resolve()));
  return {
    async call(action, params, context) {
      const asOf = clock.now();
      const { beforeMs, afterMs } = slowness;
      await pause(beforeMs);
      const answer = await upstream.call(action, params, context);
      await pause(afterMs);
      return { ...answer, asOf };
    },
  };
}

type World = ReturnType<typeof createWorld>;

const idsOf = ({ value }: RunPage) => value.rows.map(({ runId }) => runId);
const truth = (world: World, pageNumber: number) =>
  pageOf(world.runs, { pageNumber, pageSize }).rows.map(({ runId }) => runId);

/** A list of which the first four pages were read. */
async function knownWorld(options?: { filter?: PipelineRunFilter }): Promise<World> {
  const world = createWorld(options);
  for (const page of [1, 2, 3, 4]) await world.read(page);
  await world.settle(freshMs);
  await world.read(1);
  await world.settle();
  world.upstream.newCalls();
  return world;
}

describe('a list that has grown at its head', () => {
  test('needs one call to confirm all of its cached pages', async () => {
    const world = await knownWorld();
    await world.settle(freshMs - 1);
    await world.insertAtHead(3);
    await world.settle(1);
    await world.read(1);
    await world.settle();
    for (const page of [1, 2, 3, 4]) {
      const answer = await world.read(page);
      expect(idsOf(answer)).toEqual(truth(world, page));
      expect(answer).toMatchObject({
        asOf: world.clock.now(),
        staleBecause: null,
        value: { totalCount: 48 },
      });
    }
    expect(world.upstream.newCalls()).toEqual(['ListPipelineRuns 1']);
  });

  test('has its deep pages refreshed by its head, whichever is requested', async () => {
    const world = await knownWorld();
    await world.insertAtHead(2);
    await world.settle(freshMs);
    expect((await world.read(3)).staleBecause).toBe('REFRESHING');
    await world.settle();
    const answer = await world.read(3);
    expect(answer).toMatchObject({ asOf: world.clock.now(), staleBecause: null });
    expect(idsOf(answer)).toEqual(truth(world, 3));
    expect(world.upstream.newCalls()).toEqual(['ListPipelineRuns 1']);
  });

  test('keeps its deep pages for a day', async () => {
    const world = await knownWorld();
    const readAll = async () => {
      await world.read(1);
      await world.settle();
      return world.read(4);
    };
    for (let hour = 0; hour < 23; hour++) {
      await world.settle(3_600_000 - 5);
      await world.insertAtHead(1);
      await readAll();
    }
    expect(idsOf(await world.read(3))).toEqual(truth(world, 3));
    expect(new Set(world.upstream.newCalls())).toEqual(new Set(['ListPipelineRuns 1']));
    await world.settle(2 * 3_600_000);
    await readAll();
    await world.settle();
    expect(world.upstream.newCalls()).toContain('ListPipelineRuns 4');
  });

  test('has pages with an unfinished run read again', async () => {
    const world = createWorld();
    await world.setStatus(25, 'RUNNING');
    for (const page of [1, 2, 3]) await world.read(page);
    await world.setStatus(25, 'FAILED');
    await world.settle(freshMs);
    world.upstream.newCalls();
    await world.read(2);
    await world.read(3);
    await world.settle();
    expect(world.upstream.newCalls().sort()).toEqual(['ListPipelineRuns 1', 'ListPipelineRuns 3']);
    expect((await world.read(3)).value.rows[5]!.status).toBe('FAILED');
  });

  test('has pages behind its end answered without a call', async () => {
    const world = await knownWorld();
    expect((await world.read(999)).value).toEqual({
      rows: [],
      totalCount: 45,
      pageNumber: 999,
      pageSize,
    });
    expect(world.upstream.newCalls()).toEqual([]);
  });
});

const changes: [string, (world: World) => Promise<void>][] = [
  ['a row of its head is removed', (world) => world.removeAt(2)],
  ['a deep row is removed', (world) => world.removeAt(25)],
  [
    'as many rows are removed as inserted',
    async (world) => {
      await world.insertAtHead(1);
      await world.removeAt(25);
    },
  ],
  [
    'more rows are inserted than removed',
    async (world) => {
      await world.insertAtHead(3);
      await world.removeAt(44);
    },
  ],
  ['more rows are inserted than a page holds', (world) => world.insertAtHead(pageSize)],
  ['rows are appended', (world) => world.append(2)],
  ['a row is inserted inside its head', (world) => world.insertAt(4)],
];

describe('a list that grows while its pages are read', () => {
  test('has a page that was read between two heads confirmed by the second', async () => {
    const world = createWorld();
    await world.read(1);
    await world.insertAtHead(1);
    await world.read(2);
    await world.insertAtHead(1);
    await world.read(1, world.clock.now());
    expect(idsOf(await world.read(2, world.clock.now()))).toEqual(truth(world, 2));
    expect(world.upstream.newCalls()).toEqual([1, 2, 1].map((page) => `ListPipelineRuns ${page}`));
  });

  test('has a page read again that was read while a deep row was removed', async () => {
    const world = createWorld();
    await world.read(1);
    await world.insertAtHead(2);
    world.slowness.afterMs = 100;
    const [head, deep] = [world.read(1, world.clock.now()), world.read(3)];
    await world.settle(100);
    await Promise.all([head, deep]);
    world.slowness.afterMs = 0;
    await world.removeAt(15);
    await world.settle(freshMs);
    await world.read(1);
    await world.settle();
    expect(idsOf(await world.read(3, world.clock.now()))).toEqual(truth(world, 3));
  });
});

describe('a list whose head does not continue the previous one', () => {
  test.each(changes)('is read again when %s', async (_, change) => {
    const world = await knownWorld();
    await change(world);
    await world.settle(freshMs);
    await world.read(1);
    await world.settle();
    world.upstream.newCalls();
    for (const page of [1, 2, 3, 4]) {
      await world.read(page);
      await world.settle();
    }
    for (const page of [1, 2, 3, 4]) {
      expect(idsOf(await world.read(page))).toEqual(truth(world, page));
    }
    expect(world.upstream.newCalls()).toEqual([2, 3, 4].map((page) => `ListPipelineRuns ${page}`));
  });

  test('is read as it comes when its pages are shorter than its length says', async () => {
    const clock = createVirtualClock();
    const short = { rows: [runOf('a')], totalCount: 3, pageNumber: 1, pageSize };
    const upstream = createFakeUpstream(clock, { ListPipelineRuns: () => short });
    const { upstream: cache } = createCache(upstream, {
      clock,
      freshMs,
      staleMs,
    });
    const read = () =>
      cache.call(
        'ListPipelineRuns',
        { projectId: '1', filter: {}, pageNumber: 1, pageSize },
        { deadline: clock.now() + 1e4, priority: 'interactive', report: () => undefined },
      );
    await read();
    expect((await read()).value).toEqual(short);
    expect(upstream.calls).toHaveLength(1);
  });
});

describe('a list of one status', () => {
  const filter: PipelineRunFilter = { status: 'FAILED' };

  test('is as old as its rows where its head cannot confirm them', async () => {
    const world = await knownWorld({ filter });
    const readAt = world.clock.now() - freshMs;
    await world.settle(freshMs);
    await world.read(1);
    await world.settle();
    expect((await world.read(1)).asOf).toBe(world.clock.now());
    expect(await world.read(3)).toMatchObject({ asOf: readAt, staleBecause: 'REFRESHING' });
    await world.settle();
    expect(world.upstream.newCalls()).toEqual(['ListPipelineRuns 1', 'ListPipelineRuns 3']);
  });

  test('shows a change that its head does not show within the staleness bound', async () => {
    const world = await knownWorld({ filter });
    await world.removeAt(22);
    await world.insertAt(35, 'FAILED');
    for (let waitedMs = 0; waitedMs < staleMs; waitedMs += freshMs) {
      await world.read(3);
      await world.settle(freshMs);
    }
    await world.read(3);
    await world.settle();
    expect(idsOf(await world.read(3))).toEqual(truth(world, 3));
  });

  test('is dropped when one of its deep pages shows such a change', async () => {
    const world = await knownWorld({ filter });
    await world.removeAt(22);
    await world.insertAt(35, 'FAILED');
    await world.settle(1);
    await world.read(3, world.clock.now());
    await world.settle(freshMs);
    await world.read(1);
    await world.settle();
    world.upstream.newCalls();
    await world.read(4);
    await world.settle();
    expect(idsOf(await world.read(4))).toEqual(truth(world, 4));
    expect(world.upstream.newCalls()).toEqual(['ListPipelineRuns 4']);
  });
});

describe('while nothing newer is available of a list', () => {
  /** A head that has moved, of which the rows behind are known but for those that it pushed over a page's edge. */
  async function movedWorld(move: (world: World) => Promise<void>): Promise<World> {
    const world = createWorld();
    for (const page of [1, 3]) await world.read(page);
    await move(world);
    await world.settle(freshMs);
    await world.read(1);
    await world.settle();
    world.upstream.newCalls();
    return world;
  }

  test('a page of which rows are missing since the list has moved is served as it was', async () => {
    const world = await movedWorld((world) => world.insertAtHead(1));
    world.upstream.failWith('unavailable');
    const answer = await world.read(3);
    expect(idsOf(answer)).toEqual(world.runs.slice(21, 31).map(({ runId }) => runId));
    expect(answer.value.totalCount).toBe(45);
    expect(answer.staleBecause).toBe('UPSTREAM_ERROR');
    expectTrue(world, answer, 3);
  });

  test('it is requested no more often than any entry whose refresh failed', async () => {
    const world = await movedWorld((world) => world.insertAtHead(1));
    world.upstream.failWith('unavailable');
    for (let n = 0; n < 10; n++) await world.read(3);
    expect(world.upstream.newCalls()).toEqual(['ListPipelineRuns 3']);
    world.upstream.failWith(null);
    await world.settle(freshMs);
    expect(idsOf(await world.read(3))).toEqual(truth(world, 3));
  });

  test.each(changes)('a page is served as it was when %s', async (_, change) => {
    const world = await movedWorld(change);
    world.upstream.failWith('throttled');
    const answer = await world.read(3);
    expect(answer.staleBecause).toBe('BUDGET');
    expectTrue(world, answer, 3);
  });

  test('a page is served as it was when the refresh of the head failed a while ago', async () => {
    const world = await movedWorld((world) => world.insertAtHead(1));
    world.upstream.failWith('unavailable');
    await world.settle(freshMs);
    await world.read(1);
    await world.settle(1_500);
    expect((await world.read(3)).staleBecause).toBe('UPSTREAM_ERROR');
  });

  test('a page is served as it was within the staleness bound, and no longer', async () => {
    const world = await movedWorld((world) => world.insertAtHead(1));
    world.upstream.failWith('unavailable');
    await world.settle(staleMs - freshMs - 10);
    expect((await world.read(3)).staleBecause).toBe('UPSTREAM_ERROR');
    await world.settle(freshMs + 10);
    await expect(world.read(3)).rejects.toMatchObject({ kind: 'unavailable' });
  });

  test('a page beyond the former end of the list is not served as empty', async () => {
    const world = await movedWorld((world) => world.insertAtHead(6));
    world.upstream.failWith('unavailable');
    expect(world.runs).toHaveLength(51);
    await expect(world.read(6)).rejects.toMatchObject({ kind: 'unavailable' });
    // One that is still beyond the end is empty by the list as it is.
    expect((await world.read(7)).value).toMatchObject({ rows: [], totalCount: 51 });
  });

  test('a page that must be newer than the cached one fails', async () => {
    const world = await movedWorld((world) => world.insertAtHead(1));
    world.upstream.failWith('unavailable');
    await expect(world.read(3, world.clock.now())).rejects.toMatchObject({ kind: 'unavailable' });
  });
});

type Step =
  | { do: 'wait'; ms: number }
  | { do: 'insert'; count: number }
  | { do: 'remove'; at: number }
  | { do: 'change'; at: number; status: PipelineRun['status'] }
  | { do: 'read'; page: number }
  | { do: 'fail'; as: 'unavailable' | 'throttled' | null }
  | { do: 'window'; offset: number; limit: number }
  | { do: 'cursors'; count: number; pages: number };

const status = fc.constantFrom<PipelineRun['status']>('RUNNING', 'SUCCEEDED', 'FAILED');
const events = [
  fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 500, 2_500, 5_000, 20_000, 70_000) }),
  fc.record({ do: fc.constant('insert' as const), count: fc.integer({ min: 1, max: 12 }) }),
  fc.record({ do: fc.constant('remove' as const), at: fc.nat(60) }),
  fc.record({ do: fc.constant('change' as const), at: fc.nat(60), status }),
  fc.record({ do: fc.constant('read' as const), page: fc.integer({ min: 1, max: 6 }) }),
];
const failures = fc.record({
  do: fc.constant('fail' as const),
  as: fc.constantFrom('unavailable' as const, 'throttled' as const, null, null),
});
const step = fc.oneof(
  ...events,
  fc.record({
    do: fc.constant('window' as const),
    offset: fc.nat(50),
    limit: fc.integer({ min: 1, max: 30 }),
  }),
  fc.record({
    do: fc.constant('cursors' as const),
    count: fc.integer({ min: 1, max: 12 }),
    pages: fc.integer({ min: 1, max: 4 }),
  }),
) satisfies fc.Arbitrary<Step>;

/** Rows as they were, in place and number, at some one time from `asOf` on; and each as it was since then. */
function expectTrue(world: World, { value, asOf }: RunPage, page: number): void {
  const states = world.statesSince(asOf);
  const shown = JSON.stringify([value.totalCount, value.rows.map(({ runId }) => runId)]);
  const possible = states.map((runs) => {
    const { rows, totalCount } = pageOf(runs, { pageNumber: page, pageSize });
    return JSON.stringify([totalCount, rows.map(({ runId }) => runId)]);
  });
  expect(possible).toContain(shown);
  for (const run of value.rows) {
    expect(states.some((runs) => runs.includes(run))).toBe(true);
  }
}

function createReader(world: World) {
  const source: ListSource<PipelineRun> = {
    action: 'ListPipelineRuns',
    identity: 'list',
    description: 'the list',
    growsAtHead: true,
    key: ({ runId, createTime }) => ({ id: runId, time: createTime }),
    readPage: (index, _, notBefore) => world.read(index + 1, notBefore),
    peekPage: (index) => world.peek(index + 1),
  };
  return createListReader(source, createListMemory(pageSize, world.clock));
}

async function readWindow(world: World, offset: number, limit: number): Promise<void> {
  const window = await createReader(world).read({ by: 'offset', offset, count: limit });
  const shown = window.nodes.map(({ runId }) => runId);
  expect(new Set(shown).size).toBe(shown.length);
  if (world.hasTurnedOverSince(window.asOf)) return;
  const possible = world
    .statesSince(window.asOf)
    .map((runs) =>
      JSON.stringify([runs.length, runs.slice(offset, offset + limit).map(({ runId }) => runId)]),
    );
  expect(possible).toContain(JSON.stringify([window.totalCount, shown]));
}

/** Pages through the list while new runs arrive: no row twice, and none left out between two that are shown. */
async function walk(world: World, count: number, pages: number): Promise<void> {
  const started = world.runs.map(({ runId }) => runId);
  const seen: string[] = [];
  let oldest = Infinity;
  let after: string | null = null;
  for (let page = 0; page < pages; page++) {
    const request: WindowRequest = { by: 'cursor', from: 'start', count, after, before: null };
    const window = await createReader(world).read(request);
    oldest = Math.min(oldest, window.asOf);
    seen.push(...window.nodes.map(({ runId }) => runId));
    if (window.nodes.length > 0) after = window.cursorAt(window.nodes.length - 1);
    await world.insertAtHead(page % 3);
    await world.settle(2_000 * page);
  }
  expect(new Set(seen).size).toBe(seen.length);
  if (world.hasTurnedOverSince(oldest)) return;
  const places = seen.map((id) => started.indexOf(id)).filter((place) => place >= 0);
  expect(places).toEqual(places.map((_, n) => (places[0] ?? 0) + n));
}

async function run(world: World, step: Step): Promise<void> {
  switch (step.do) {
    case 'wait':
      return world.settle(step.ms);
    case 'insert':
      return world.insertAtHead(step.count, 'RUNNING');
    case 'remove':
      return world.removeAt(step.at);
    case 'change':
      // What is finished does not change any more.
      return world.runs[step.at]?.status === 'RUNNING' ? world.setStatus(step.at, step.status) : undefined;
    case 'read':
      expectTrue(world, await world.read(step.page), step.page);
      return;
    case 'fail':
      world.upstream.failWith(step.as);
      return;
    case 'window':
      return readWindow(world, step.offset, step.limit);
    case 'cursors':
      return walk(world, step.count, step.pages);
  }
}

/** The page that is read anew shows that the other one is outdated too. */
const movedTwice: Step[] = [
  { do: 'cursors', count: 1, pages: 2 },
  { do: 'window', offset: 10, limit: 1 },
  { do: 'insert', count: 1 },
  { do: 'cursors', count: 6, pages: 2 },
];

describe('whatever happens to a list', () => {
  test('each answer is what the list was at some time since its asOf, and no row is lost or doubled', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
        const world = createWorld();
        for (const each of steps) await run(world, each);
      }),
      { numRuns: 300, examples: [[movedTwice]] },
    );
  }, 60_000);

  test('each answer is what the list was, also when the upstream fails at times', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(...events, failures), { maxLength: 60 }), async (steps) => {
        const world = createWorld();
        for (const each of steps) {
          if (each.do !== 'read') await run(world, each);
          else
            await world.read(each.page).then(
              (answer) => expectTrue(world, answer, each.page),
              (error: unknown) => expect(error).toHaveProperty('kind'),
            );
        }
      }),
      { numRuns: 300 },
    );
  }, 60_000);

  /** The page was read later than the head that it belongs to, and was never confirmed by another. */
  const readSinceItsHead: Step[] = [
    { do: 'read', page: 1 },
    { do: 'wait', ms: 5_000 },
    { do: 'read', page: 3 },
    { do: 'insert', count: 1 },
    { do: 'read', page: 1 },
  ];

  /** One row of the page was read anew with another page, before any head has seen that. */
  const partlyReadAnew: Step[] = [
    { do: 'read', page: 1 },
    { do: 'read', page: 3 },
    { do: 'insert', count: 1 },
    { do: 'read', page: 4 },
    { do: 'wait', ms: 5_000 },
    { do: 'read', page: 1 },
  ];

  test('a page of a growing list that was served a moment ago never fails', async () => {
    const steps: fc.Arbitrary<Step[]> = fc.array(
      fc.oneof(
        fc.record({ do: fc.constant('insert' as const), count: fc.integer({ min: 1, max: 12 }) }),
        fc.record({ do: fc.constant('read' as const), page: fc.integer({ min: 1, max: 5 }) }),
        fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 2_500, 5_000) }),
      ),
      { maxLength: 30 },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (before) => {
        const world = createWorld();
        const knownAt = new Map<number, number>();
        for (const each of before) {
          if (each.do === 'read') knownAt.set(each.page, (await world.read(each.page)).asOf);
          else await run(world, each);
        }
        await world.settle();
        world.upstream.failWith('unavailable');
        for (const [page, asOf] of knownAt) {
          if (asOf + staleMs <= world.clock.now()) continue;
          const answer = await world.read(page);
          expectTrue(world, answer, page);
          expect(answer.asOf).toBeGreaterThanOrEqual(asOf);
        }
      }),
      { numRuns: 300, examples: [[readSinceItsHead], [partlyReadAnew]] },
    );
  }, 60_000);

  test('the same holds for pages that are read while it changes, however slow the upstream is', async () => {
    const slow = fc.record({
      do: fc.constant('slow' as const),
      beforeMs: fc.constantFrom(0, 1, 100, 3_000),
      afterMs: fc.constantFrom(0, 1, 100, 3_000),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(...events, slow), { maxLength: 60 }), async (steps) => {
        const world = createWorld();
        const reads: Promise<void>[] = [];
        for (const each of steps) {
          if (each.do === 'slow') Object.assign(world.slowness, each);
          else if (each.do === 'read')
            reads.push(
              world.read(each.page).then(
                (answer) => expectTrue(world, answer, each.page),
                (error: unknown) => expect(error).toMatchObject({ kind: 'timeout' }),
              ),
            );
          else await run(world, each);
        }
        await world.settle(30_000);
        await Promise.all(reads);
      }),
      { numRuns: 300 },
    );
  }, 60_000);
});
