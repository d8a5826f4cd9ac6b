import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { systemClock } from '../../src/core/clock.ts';
import type { Page, UpstreamResult } from '../../src/core/upstream.ts';
import type { WindowRequest } from '../../src/core/window.ts';
import { encodeCursor } from '../../src/loaders/cursor.ts';
import { createListMemory, type ListSource } from '../../src/loaders/list.ts';
import { createListReader } from '../../src/loaders/reader.ts';

interface Row {
  id: string;
  time: number | null;
}

/** A list that does not change, of which some pages are cached. */
function createScene(length: number, pageSize: number, cachedPages: readonly number[]) {
  const rows: Row[] = Array.from({ length }, (_, at) => ({ id: `r${at}`, time: length - at }));
  const calls: number[] = [];
  const pageAt = (index: number): UpstreamResult<Page<Row>> => ({
    value: {
      rows: rows.slice(index * pageSize, (index + 1) * pageSize),
      totalCount: length,
      pageNumber: index + 1,
      pageSize,
    },
    asOf: 1,
    staleBecause: null,
  });
  const cache = new Map(cachedPages.map((index) => [index, pageAt(index)]));
  const memory = createListMemory(pageSize, systemClock);
  memory.fullPages.set('ListPipelineRuns', pageSize);
  const source: ListSource<Row> = {
    action: 'ListPipelineRuns',
    identity: 'list',
    description: 'the test list',
    growsAtHead: true,
    key: (row) => row,
    peekPage: (index) => cache.get(index) ?? null,
    readPage(index) {
      if (!cache.has(index)) calls.push(index);
      return Promise.resolve(cache.get(index) ?? pageAt(index));
    },
  };
  const reader = createListReader(source, memory);
  const cursorAt = (offset: number) => encodeCursor('list', { ...rows[offset]!, offset });
  return { reader, calls, cursorAt };
}

const counts = fc.integer({ min: 1, max: 25 });
const windows = fc.oneof(
  fc.record({ by: fc.constant('offset' as const), offset: fc.nat(70), count: counts }),
  fc.record({
    by: fc.constant('cursor' as const),
    from: fc.constantFrom('start' as const, 'end' as const),
    count: counts,
    at: fc.option(fc.nat(60), { nil: null }),
  }),
);

/** `at` is the offset of the row whose cursor the window continues from. */
function requestOf(
  window: typeof windows extends fc.Arbitrary<infer Value> ? Value : never,
  length: number,
  cursorAt: (offset: number) => string,
): WindowRequest {
  if (window.by === 'offset') return window;
  const { by, from, count, at } = window;
  const cursor = at !== null && at < length ? cursorAt(at) : null;
  return from === 'start'
    ? { by, from, count, after: cursor, before: null }
    : { by, from, count, after: null, before: cursor };
}

describe('the price of windows', () => {
  test('names at least the calls that their reads make, and none for windows that are cached', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(60),
        fc.integer({ min: 1, max: 12 }),
        fc.uniqueArray(fc.nat(7), { maxLength: 5 }),
        fc.array(windows, { minLength: 1, maxLength: 4 }),
        async (length, pageSize, cachedPages, requested) => {
          const { reader, calls, cursorAt } = createScene(length, pageSize, cachedPages);
          const requests = requested.map((window) => requestOf(window, length, cursorAt));
          const prices = requests.map((request) => reader.price(request));
          const cachedRows = requests.map((request) => reader.cachedRows(request));
          const results = await Promise.all(requests.map((request) => reader.read(request)));
          expect(calls.length).toBeLessThanOrEqual(new Set(prices.flat()).size);
          expect(new Set(calls).size).toBe(calls.length);
          for (const [at, result] of results.entries()) {
            if (prices[at]!.length === 0) {
              expect(cachedRows[at]).toEqual(result.nodes);
            }
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test('is refused for a cursor that the read rejects, and so are the rows', () => {
    const { reader } = createScene(30, 10, [0]);
    const request: WindowRequest = { by: 'cursor', from: 'start', count: 5, after: 'bm8', before: null };
    expect(() => reader.price(request)).toThrow('`after` must be a cursor');
    expect(() => reader.cachedRows(request)).toThrow('`after` must be a cursor');
  });
});
