import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { CallContext, UpstreamResult } from '../../src/core/upstream.ts';
import { UpstreamError } from '../../src/core/upstreamError.ts';
import { createPoller } from '../../src/subscriptions/poller.ts';
import { createVirtualClock } from '../support/virtualClock.ts';

const FINAL = 9;

type Action = 'listen' | 'leave' | 'answer' | 'same' | 'final' | 'fail' | 'deny' | 'pass';

const step = fc.record({
  action: fc.constantFrom<Action>(
    'listen',
    'leave',
    'answer',
    'answer',
    'same',
    'final',
    'fail',
    'deny',
    'pass',
  ),
  index: fc.nat(3),
});

const reached = { completed: 0, rejected: 0, leftWhileReading: 0, labelled: 0 };

test('in any order of events, a poller ends once, with its last listener or its last value, and does nothing afterwards', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 30 }), async (steps) => {
      const scene = createScene();
      scene.run('listen', 0);
      for (const { action, index } of steps) {
        scene.run(action, index);
        await scene.clock.advance(0);
        scene.check();
      }
      await scene.finish();
    }),
    { numRuns: 600 },
  );
  for (const count of Object.values(reached)) expect(count).toBeGreaterThan(10);
});

interface Listening {
  values: number[];
  end: 'complete' | 'error' | null;
  leaves: number;
  iterator: AsyncIterator<number, undefined>;
}

function createScene() {
  const clock = createVirtualClock();
  const reads: {
    context: CallContext;
    resolve: (result: UpstreamResult<number>) => void;
    reject: (error: Error) => void;
  }[] = [];
  const all: Listening[] = [];
  let value = 0;
  let ends = 0;
  let readCount = 0;
  const poller = createPoller<number, number>(
    {
      read: (context) =>
        new Promise((resolve, reject) => {
          readCount += 1;
          reads.push({ context, resolve, reject });
        }),
      hasChanged: (before, after) => before !== after,
      isActive: () => true,
      isFinal: (current) => current === FINAL,
      describe: (_, after) => {
        if (after.staleBecause !== null) reached.labelled += 1;
        return after.value;
      },
    },
    {
      clock,
      caller: { id: 'ana' },
      fastMs: 1000,
      slowMs: 4000,
      deadlineMs: 500,
      report: () => undefined,
      onEnd: () => (ends += 1),
    },
  );
  return { clock, run, check, finish };

  function run(action: Action, index: number): void {
    const actions: Record<Action, () => unknown> = {
      // A caller gets another poller after the end.
      listen: () => ends === 0 && listen(),
      leave: () => leave(all[index]),
      answer: () => answer((value = (value + 1) % FINAL)),
      same: () => answer(value),
      final: () => answer(FINAL),
      fail: () =>
        reads.shift()?.reject(new UpstreamError('', { kind: 'unavailable', action: 'GetPipelineRun' })),
      deny: () =>
        reads.shift()?.reject(new UpstreamError('', { kind: 'forbidden', action: 'GetPipelineRun' })),
      pass: () => clock.advance(1000 * (index + 1)),
    };
    actions[action]();
  }

  function listen(): void {
    const listening: Listening = {
      values: [],
      end: null,
      leaves: 0,
      iterator: poller.listen(() => (listening.leaves += 1)),
    };
    all.push(listening);
    void read(listening);
  }

  async function read(listening: Listening): Promise<void> {
    try {
      for (
        let step = await listening.iterator.next();
        step.done !== true;
        step = await listening.iterator.next()
      ) {
        listening.values.push(step.value);
      }
      listening.end = 'complete';
      if (listening.values.at(-1) === FINAL) reached.completed += 1;
    } catch {
      listening.end = 'error';
      reached.rejected += 1;
    }
  }

  function leave(listening: Listening | undefined): void {
    if (reads.length > 0 && listening?.end === null) reached.leftWhileReading += 1;
    void listening?.iterator.return?.();
  }

  function answer(current: number): void {
    reads.shift()?.resolve({ value: current, asOf: clock.now(), staleBecause: null });
  }

  function check(): void {
    const isListenedTo = all.some(({ end }) => end === null);
    expect(ends).toBe(isListenedTo ? 0 : 1);
    if (isListenedTo) expect(reads.length).toBeLessThanOrEqual(1);
    for (const { end, leaves } of all) expect(leaves).toBe(end === null ? 0 : 1);
  }

  async function finish(): Promise<void> {
    for (const listening of all) leave(listening);
    await clock.advance(0);
    check();
    expect(reads.every(({ context }) => context.signal?.aborted)).toBe(true);
    const received = all.map(({ values }) => values.length);
    const readsBefore = readCount;
    while (reads.length > 0) answer(5);
    await clock.advance(60_000);
    expect(all.map(({ values }) => values.length)).toEqual(received);
    expect([ends, readCount, clock.pendingTimers()]).toEqual([1, readsBefore, 0]);
  }
}
