import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { connectionFromArraySlice, offsetToCursor } from 'graphql-relay';
import { cursorAt, decodeCursor, encodeCursor } from '../../src/loaders/cursor.ts';
import { createListReader, type ListReader } from '../../src/loaders/reader.ts';
import { createListMemory, type ListSource } from '../../src/loaders/list.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { UpstreamResult, Page } from '../../src/core/upstream.ts';
import type { Window, WindowRequest } from '../../src/core/window.ts';

interface Row {
  id: string;
  time: number | null;
}

/** A list that changes under its reader, and counts what the reader costs. */
function createList(rows: Row[], pageSize: number) {
  let asOf = 0;
  const reads: number[] = [];
  const cached = new Map<number, UpstreamResult<Page<Row>>>();
  const beforeRead: (() => void)[] = [];
  const memory = createListMemory(pageSize, systemClock);
  return {
    rows,
    reads,
    /** Runs before the next page is read, as a change between two calls. */
    beforeNextRead: (change: () => void) => void beforeRead.push(change),
    /** One reader an operation. */
    reader(): ListReader<Row> {
      const source: ListSource<Row> = {
        action: 'ListPipelineRuns',
        identity: 'list',
        description: 'the test list',
        growsAtHead: true,
        key: (row) => row,
        peekPage: (index) => cached.get(index) ?? null,
        readPage: (index) => {
          beforeRead.shift()?.();
          reads.push(index);
          const answer: UpstreamResult<Page<Row>> = {
            value: {
              rows: rows.slice(index * pageSize, (index + 1) * pageSize),
              totalCount: rows.length,
              pageNumber: index + 1,
              pageSize,
            },
            asOf: ++asOf,
            staleBecause: null,
          };
          cached.set(index, answer);
          return Promise.resolve(answer);
        },
      };
      return createListReader(source, memory);
    },
  };
}

/** The windows of one operation that are requested in one tick. */
function readAll(reader: ListReader<Row>, requests: WindowRequest[]): Promise<Window<Row>[]> {
  return Promise.all(requests.map((request) => reader.read(request)));
}

const lastCursorOf = ({ nodes, cursorAt }: Window<Row>) =>
  nodes.length > 0 ? cursorAt(nodes.length - 1) : null;

const forward = (count: number, after: string | null = null): WindowRequest => ({
  by: 'cursor',
  from: 'start',
  count,
  after,
  before: null,
});
const backward = (count: number, before: string | null = null): WindowRequest => ({
  by: 'cursor',
  from: 'end',
  count,
  after: null,
  before,
});

/** Newest first, with ties. */
const newestFirst = (length: number, tie = 1): Row[] =>
  Array.from({ length }, (_, at) => ({
    id: `r${length - at}`,
    time: 1000 + Math.floor((length - at) / tie),
  }));

let added = 0;
const insertAtHead = (rows: Row[], count: number) => {
  for (let n = 0; n < count; n++) rows.unshift({ id: `new${++added}`, time: 1_000_000 + added });
};

describe('a window', () => {
  test('has the rows, cursors and counts that graphql-relay cuts out of the whole array', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(60),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 25 }),
        fc.boolean(),
        fc.option(fc.nat(70), { nil: null }),
        async (length, pageSize, count, isForward, anchor) => {
          const list = createList(newestFirst(length), pageSize);
          const at = anchor !== null && anchor < length ? anchor : null;
          const row = at === null ? null : list.rows[at]!;
          const cursor = row && encodeCursor('list', { ...row, offset: at! });
          const window = await list
            .reader()
            .read(isForward ? forward(count, cursor) : backward(count, cursor));
          const oracle = connectionFromArraySlice(
            list.rows,
            isForward
              ? { first: count, ...(at !== null && { after: offsetToCursor(at) }) }
              : { last: count, ...(at !== null && { before: offsetToCursor(at) }) },
            { sliceStart: 0, arrayLength: length },
          );
          expect(window.nodes).toEqual(oracle.edges.map(({ node }) => node));
          expect(window.totalCount).toBe(length);
          const first = oracle.edges[0] && list.rows.indexOf(oracle.edges[0].node);
          if (first !== undefined) {
            expect(window.hasPreviousPage).toBe(first > 0);
            expect(window.hasNextPage).toBe(first + oracle.edges.length < length);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  test('of a numbered page is that slice of the array, also beyond its end', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(50),
        fc.integer({ min: 1, max: 9 }),
        fc.nat(60),
        fc.integer({ min: 1, max: 20 }),
        async (length, pageSize, offset, limit) => {
          const list = createList(newestFirst(length), pageSize);
          const window = await list.reader().read({ by: 'offset', offset, count: limit });
          expect(window.nodes).toEqual(list.rows.slice(offset, offset + limit));
          expect(window.totalCount).toBe(length);
          expect(window.hasNextPage).toBe(offset + limit < length);
          expect(window.hasPreviousPage).toBe(Math.min(offset, length) > 0);
        },
      ),
    );
  });

  test('beyond the end depends on one page only, also where the list ends in the middle of a page', async () => {
    const list = createList(newestFirst(13), 10);
    const window = await list.reader().read({ by: 'offset', offset: 30, count: 10 });
    expect(list.reads).toEqual([3]);
    expect(window).toMatchObject({ nodes: [], totalCount: 13, hasPreviousPage: true, asOf: 1 });
  });

  test('beyond the end is as old as the newest page that the operation has read', async () => {
    const list = createList(newestFirst(13), 10);
    const windows = await readAll(list.reader(), [
      { by: 'offset', offset: 0, count: 10 },
      { by: 'offset', offset: 30, count: 10 },
    ]);
    expect(windows).toMatchObject([{ asOf: 1 }, { asOf: 2 }]);
    expect(list.reads).toEqual([0, 3]);
  });

  test('costs one read where one canonical page covers it, and two where it lies on two', async () => {
    const list = createList(newestFirst(1000), 100);
    await list.reader().read({ by: 'offset', offset: 200, count: 100 });
    await list.reader().read({ by: 'offset', offset: 295, count: 10 });
    expect(list.reads).toEqual([2, 2, 3]);
  });

  test('reads no second page of a list that ends on the first', async () => {
    const list = createList(newestFirst(97), 100);
    const window = await list.reader().read({ by: 'offset', offset: 95, count: 10 });
    expect(window.nodes).toHaveLength(2);
    expect(list.reads).toEqual([0]);
  });
});

describe('a walk from page to page', () => {
  const walks = fc.record({
    length: fc.nat(80),
    pageSize: fc.integer({ min: 1, max: 12 }),
    window: fc.integer({ min: 1, max: 15 }),
    tie: fc.constantFrom(1, 1, 3),
    inserts: fc.array(fc.nat(30), { maxLength: 8 }),
  });

  test('forward meets every row exactly once while new rows arrive at the head', async () => {
    await fc.assert(
      fc.asyncProperty(
        walks,
        fc.boolean(),
        async ({ length, pageSize, window: size, tie, inserts }, insideOperations) => {
          const list = createList(newestFirst(length, tie), pageSize);
          const before = list.rows.map(({ id }) => id);
          const met: string[] = [];
          let cursor: string | null = null;
          for (let step = 0; step < 1000; step++) {
            const count = inserts[step] ?? 0;
            if (insideOperations) list.beforeNextRead(() => insertAtHead(list.rows, count));
            else insertAtHead(list.rows, step === 0 ? 0 : count);
            const window: Window<Row> = await list.reader().read(forward(size, cursor));
            met.push(...window.nodes.map(({ id }) => id));
            cursor = lastCursorOf(window) ?? cursor;
            if (!window.hasNextPage) break;
          }
          const old = new Set(before);
          expect(met.filter((id) => old.has(id))).toEqual(before);
          expect(new Set(met).size).toBe(met.length);
        },
      ),
      { numRuns: 250 },
    );
  });

  test('backward meets every row exactly once while new rows arrive at the head', async () => {
    await fc.assert(
      fc.asyncProperty(walks, async ({ length, pageSize, window: size, tie, inserts }) => {
        const list = createList(newestFirst(length, tie), pageSize);
        const met: string[] = [];
        let cursor: string | null = null;
        for (let step = 0; step < 1000; step++) {
          insertAtHead(list.rows, inserts[step] ?? 0);
          const window: Window<Row> = await list.reader().read(backward(size, cursor));
          met.unshift(...window.nodes.map(({ id }) => id));
          if (window.nodes.length > 0) cursor = window.cursorAt(0);
          if (!window.hasPreviousPage) break;
        }
        expect(met).toEqual(list.rows.map(({ id }) => id));
      }),
      { numRuns: 150 },
    );
  });

  test('goes on where a vanished row stood', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 60 }),
        fc.integer({ min: 1, max: 10 }),
        fc.integer({ min: 1, max: 9 }),
        fc.nat(25),
        async (length, pageSize, size, inserts) => {
          const list = createList(newestFirst(length), pageSize);
          const first = await list.reader().read(forward(size));
          const last = first.nodes.at(-1)!;
          list.rows.splice(list.rows.indexOf(last), 1);
          insertAtHead(list.rows, inserts);
          const second = await list.reader().read(forward(size, lastCursorOf(first)));
          const expected = list.rows.filter(({ time }) => time! < last.time!).slice(0, size);
          expect(second.nodes).toEqual(expected);
        },
      ),
      { numRuns: 150 },
    );
  });

  test('meets every row once in a list that is in no order', async () => {
    const list = createList(
      newestFirst(50).map((row, at) => ({ ...row, time: (at * 7919) % 101 })),
      8,
    );
    const met: string[] = [];
    let cursor: string | null = null;
    do {
      const window: Window<Row> = await list.reader().read(forward(7, cursor));
      met.push(...window.nodes.map(({ id }) => id));
      cursor = window.hasNextPage ? lastCursorOf(window) : null;
    } while (cursor !== null);
    expect(met).toEqual(list.rows.map(({ id }) => id));
  });

  test('finds a row that was pushed down by ten thousand new ones in a few reads', async () => {
    const list = createList(newestFirst(20_000), 100);
    const first = await list.reader().read(forward(10));
    insertAtHead(list.rows, 10_000);
    list.reads.length = 0;
    const window = await list.reader().read(forward(10, lastCursorOf(first)));
    expect(window.nodes[0]).toBe(list.rows[10_010]);
    expect(list.reads.length).toBeLessThanOrEqual(16);
  });
});

describe('the windows of one operation', () => {
  test('share the pages that cover them', async () => {
    const list = createList(newestFirst(1000), 100);
    const windows = await readAll(list.reader(), [
      forward(5),
      { by: 'offset', offset: 20, count: 20 },
      { by: 'offset', offset: 190, count: 20 },
      forward(50),
    ]);
    expect(windows.map(({ nodes }) => nodes.length)).toEqual([5, 20, 20, 50]);
    expect(list.reads.sort()).toEqual([0, 1, 2]);
  });

  test('learn the length of the list from each other', async () => {
    const list = createList(newestFirst(250), 100);
    await readAll(list.reader(), [backward(10), { by: 'offset', offset: 100, count: 10 }]);
    expect(list.reads).toEqual([1, 2]);
  });

  test('agree on one state of the list when it moves between their pages', async () => {
    const list = createList(newestFirst(40), 10);
    list.beforeNextRead(() => undefined);
    list.beforeNextRead(() => insertAtHead(list.rows, 3));
    const window = await list.reader().read({ by: 'offset', offset: 0, count: 20 });
    // Page 0 was read of the list before the insert and page 1 after it: page 0 is read again.
    expect(list.reads).toEqual([0, 1, 0]);
    expect(window.nodes).toEqual(list.rows.slice(0, 20));
    expect(window.totalCount).toBe(43);
  });

  test('show nothing twice when the list moves without changing its length', async () => {
    const list = createList(newestFirst(40), 10);
    list.beforeNextRead(() => undefined);
    list.beforeNextRead(() => {
      insertAtHead(list.rows, 1);
      list.rows.pop();
    });
    const window = await list.reader().read({ by: 'offset', offset: 0, count: 20 });
    expect(window.nodes).toEqual(list.rows.slice(0, 20));
  });

  test('fail alone', async () => {
    const list = createList(newestFirst(40), 10);
    const reader = list.reader();
    const [rejected, served] = [reader.read(forward(5, 'bm90IG91cnM')), reader.read(forward(5))];
    await expect(rejected).rejects.toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } });
    expect(await served).toMatchObject({ totalCount: 40 });
  });
});

describe('a cursor', () => {
  test('names the row that it was made for', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }),
        fc.string({ minLength: 1 }),
        fc.option(fc.integer(), { nil: null }),
        fc.nat(),
        (list, id, time, offset) => {
          expect(decodeCursor(list, encodeCursor(list, { id, time, offset }))).toEqual({ id, time, offset });
        },
      ),
    );
  });

  test('is the same for the same row at the same place', () => {
    const anchor = { id: 'a', time: 1, offset: 2 };
    expect(encodeCursor('list', anchor)).toBe(encodeCursor('list', anchor));
  });

  test('is that of its list and its place, wherever the same cached rows were requested before', () => {
    const rows = [
      { id: 'a', time: 1 },
      { id: 'b', time: null },
    ];
    const lists = fc.constantFrom('list', 'another list');
    const request = fc.tuple(lists, fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 1 }));
    fc.assert(
      fc.property(fc.array(request, { minLength: 2 }), (requests) => {
        for (const [identity, page, index] of requests) {
          const offset = 100 * page;
          const cursor = cursorAt({ identity, key: (row: Row) => row }, { rows, offset }, index);
          expect(decodeCursor(identity, cursor)).toEqual({ ...rows[index], offset: offset + index });
        }
      }),
    );
  });

  test('of another list, or one that is truncated, edited or invented, is rejected', () => {
    const cursor = encodeCursor('list', {
      id: '097c73fe-ed6e-4fb1-b109-a5d59e46cd58',
      time: 1702736654000,
      offset: 12,
    });
    const text = Buffer.from(cursor, 'base64url').toString();
    const edited = Buffer.from(text.replace(':12:', ':13:')).toString('base64url');
    const older = Buffer.from(text.replace(':1:', ':0:')).toString('base64url');
    expect(decodeCursor('another list', cursor)).toBeNull();
    for (const bad of [
      cursor.slice(0, -2),
      `${cursor}A`,
      ` ${cursor}`,
      edited,
      older,
      '',
      'MTA=',
      '💥',
      cursor.toLowerCase(),
    ]) {
      expect(decodeCursor('list', bad)).toBeNull();
    }
  });

  test('never decodes from random text', () => {
    fc.assert(fc.property(fc.string(), (text) => decodeCursor('list', text) === null));
  });
});
