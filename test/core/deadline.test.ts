import { expect, jest, test } from '@jest/globals';
import { within } from '../../src/core/deadline.ts';
import { createVirtualClock } from '../support/virtualClock.ts';

test.each([0, 1, 2, 3, 4])(
  'a signal that fires %i turns of the microtask queue after the work either gives up or does nothing',
  async (turns) => {
    const canceled = new AbortController();
    let done: (result: string) => void;
    const work = new Promise<string>((resolve) => (done = resolve));
    const giveUp = jest.fn(() => new Error('Canceled.'));
    const result = within(work, {
      clock: createVirtualClock(),
      timeoutMs: 1_000,
      signal: canceled.signal,
      giveUp,
    }).catch((error: unknown) => error);
    done!('done');
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    canceled.abort();
    expect(await result).toEqual(giveUp.mock.calls.length > 0 ? new Error('Canceled.') : 'done');
  },
);
