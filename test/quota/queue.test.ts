import { describe, expect, test } from '@jest/globals';
import type { CallContext } from '../../src/core/upstream.ts';
import type { Permit } from '../../src/quota/permit.ts';
import { createQueue } from '../../src/quota/queue.ts';
import { createVirtualClock } from '../support/virtualClock.ts';

const permit: Permit = { ended: () => undefined, giveBack: () => undefined };

describe('a queue whose quota store throws', () => {
  test('rejects one call with the error and admits the next ones', async () => {
    const clock = createVirtualClock();
    const bug = new Error('a bug');
    const outcomes = [Promise.reject(bug)];
    const queue = createQueue({
      clock,
      maxWaiting: 10,
      take: () => outcomes.shift() ?? Promise.resolve(permit),
      forecast: () => ({ window: 'second', waitMs: 0 }),
      intervalMs: 200,
    });
    const ask = () => {
      const context: CallContext = {
        deadline: clock.now() + 1_000,
        priority: 'interactive',
        report: () => undefined,
      };
      return queue.permit('ListPipelineRuns', context).catch((error: unknown) => error);
    };
    const answers = Promise.all([ask(), ask()]);
    await clock.advance(1_000);
    expect(await answers).toEqual([bug, permit]);
    const later = ask();
    await clock.advance(1_000);
    expect(await later).toBe(permit);
  });
});
