import { describe, expect, test } from '@jest/globals';
import { createListReader } from '../../src/loaders/reader.ts';
import { createPageSizes } from '../../src/loaders/pageSizes.ts';
import type { WindowRequest } from '../../src/core/window.ts';
import { createVirtualClock } from '../support/virtualClock.ts';

const FIRST_TEN: WindowRequest = { by: 'offset', offset: 0, limit: 10 };

/** A list of three rows. Each operation reads it through a reader of its own. */
function createScene() {
  const clock = createVirtualClock();
  const pageSizes = createPageSizes(10, clock);
  const rows = ['a', 'b', 'c'].map((id) => ({ id, time: null }));
  const scene = {
    clock,
    offered: clock.now(),
    canReadAgain: true,
    reads: [] as (number | undefined)[],
    async read() {
      const reader = createListReader<{ id: string; time: number | null }>({
        action: 'ListPipelineRuns',
        identity: 'list',
        description: 'the test list',
        pageSize: 10,
        pageSizes,
        growsAtHead: true,
        key: (row) => row,
        peekPage: () => null,
        readPage(index, pageSize, notBefore) {
          scene.reads.push(notBefore);
          if (notBefore !== undefined && !scene.canReadAgain)
            return Promise.reject(new Error('It is unavailable.'));
          const value = { rows, totalCount: rows.length, pageNumber: index + 1, pageSize };
          return Promise.resolve({
            value,
            asOf: Math.max(notBefore ?? 0, scene.offered),
            staleBecause: null,
          });
        },
      });
      const [window] = await reader.read([FIRST_TEN]);
      return window;
    },
  };
  return scene;
}

describe('a window that was served before', () => {
  test('is read again if the available pages would make it older', async () => {
    const scene = createScene();
    const { asOf } = (await scene.read()) as { asOf: number };
    scene.offered = asOf - 5;
    expect(await scene.read()).toMatchObject({ asOf, totalCount: 3 });
    expect(scene.reads).toEqual([undefined, undefined, asOf]);
  });

  test('fails instead of going back in time if that read fails', async () => {
    const scene = createScene();
    const { asOf } = (await scene.read()) as { asOf: number };
    scene.offered = asOf - 5;
    scene.canReadAgain = false;
    expect(await scene.read()).toEqual(new Error('It is unavailable.'));
    scene.canReadAgain = true;
    scene.offered = asOf + 5;
    expect(await scene.read()).toMatchObject({ asOf: asOf + 5 });
  });

  test('needs no second read if the pages are as new', async () => {
    const scene = createScene();
    await scene.read();
    await scene.read();
    expect(scene.reads).toEqual([undefined, undefined]);
  });
});

describe('the dates of served windows', () => {
  test('are the newest of each list and window', () => {
    const clock = createVirtualClock();
    const now = clock.now();
    const pageSizes = createPageSizes(10, clock);
    pageSizes.noteServed('window', now - 10);
    pageSizes.noteServed('window', now - 20);
    expect(pageSizes.servedAsOf('window')).toBe(now - 10);
    expect(pageSizes.servedAsOf('another window')).toBe(-Infinity);
  });

  test('are forgotten beyond ten thousand windows', () => {
    const clock = createVirtualClock();
    const pageSizes = createPageSizes(10, clock);
    for (let window = 0; window <= 10_000; window++) pageSizes.noteServed(`window ${window}`, clock.now());
    expect(pageSizes.servedAsOf('window 0')).toBe(-Infinity);
    expect(pageSizes.servedAsOf('window 1')).toBe(clock.now());
  });
});
