import { describe, expect, test } from '@jest/globals';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createListReader } from '../../src/loaders/reader.ts';
import { createListMemory, type ListSource, type RowKey } from '../../src/loaders/list.ts';
import type { WindowRequest } from '../../src/core/window.ts';
import { createVirtualClock } from '../support/virtualClock.ts';

const FIRST_TEN: WindowRequest = { by: 'offset', offset: 0, count: 10 };

/** A list of three rows. Each operation reads it through a reader of its own. */
function createScene() {
  const clock = createVirtualClock();
  const memory = createListMemory(10, clock);
  const rows = ['a', 'b', 'c'].map((id) => ({ id, time: null }));
  const scene = {
    memory,
    offered: clock.now(),
    canReadAgain: true,
    /** The next read waits for this. */
    delay: Promise.resolve(),
    reads: [] as (number | undefined)[],
    read() {
      const source: ListSource<RowKey> = {
        action: 'ListPipelineRuns',
        identity: 'list',
        description: 'the test list',
        growsAtHead: true,
        key: (row) => row,
        peekPage: () => null,
        async readPage(index, pageSize, notBefore) {
          scene.reads.push(notBefore);
          if (notBefore !== undefined && !scene.canReadAgain) throw new Error('It is unavailable.');
          const value = { rows, totalCount: rows.length, pageNumber: index + 1, pageSize };
          const asOf = Math.max(notBefore ?? 0, scene.offered);
          await scene.delay;
          return { value, asOf, staleBecause: null };
        },
      };
      return createListReader(source, memory).read(FIRST_TEN);
    },
  };
  return scene;
}

describe('a window that was served before', () => {
  test('is read again if the available pages would make it older', async () => {
    const scene = createScene();
    const { asOf } = await scene.read();
    scene.offered = asOf - 5;
    expect(await scene.read()).toMatchObject({ asOf, totalCount: 3 });
    expect(scene.reads).toEqual([undefined, undefined, asOf]);
  });

  test('fails instead of going back in time if that read fails', async () => {
    const scene = createScene();
    const { asOf } = await scene.read();
    scene.offered = asOf - 5;
    scene.canReadAgain = false;
    await expect(scene.read()).rejects.toThrow('It is unavailable.');
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

  test('is not older than the newest one if an older one was served later', async () => {
    const scene = createScene();
    let release: () => void = () => undefined;
    scene.delay = new Promise((resolve) => (release = resolve));
    scene.offered += 10;
    const older = scene.read();
    await nextTurn();
    scene.delay = Promise.resolve();
    scene.offered += 10;
    const newer = await scene.read();
    release();
    expect((await older).asOf).toBe(newer.asOf - 10);
    scene.offered = newer.asOf - 5;
    expect((await scene.read()).asOf).toBe(newer.asOf);
  });

  test('is forgotten beyond ten thousand windows', async () => {
    const scene = createScene();
    const { asOf } = await scene.read();
    for (let window = 0; window < 10_000; window++) scene.memory.servedAsOf.set(`window ${window}`, asOf);
    scene.offered = asOf - 5;
    expect((await scene.read()).asOf).toBe(asOf - 5);
  });
});
