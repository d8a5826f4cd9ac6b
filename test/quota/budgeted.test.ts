import { describe, expect, test } from '@jest/globals';

import { createBudget } from '../../src/quota/budget.ts';
import { budgeted } from '../../src/quota/budgeted.ts';
import type { CallContext, CheckingUpstream } from '../../src/core/upstream.ts';
import type { UpstreamErrorKind } from '../../src/core/upstreamError.ts';
import { UpstreamError } from '../../src/core/upstreamError.ts';
import { createVirtualClock } from '../support/virtualClock.ts';

const params = { projectId: '1', runId: 'a' };

/** A budgeted upstream that answers each call with the next of `outcomes`, and with null once they are used up. */
function setUp(
  outcomes: (Error | null)[] = [],
  {
    refusal = null,
    reportsAttempts = true,
  }: { refusal?: UpstreamError | null; reportsAttempts?: boolean } = {},
) {
  const clock = createVirtualClock();
  const sentAtMs: number[] = [];
  const upstream: CheckingUpstream = {
    refusalOf: () => refusal,
    call(action, _, { report }) {
      if (reportsAttempts) report({ type: 'attempt', action });
      sentAtMs.push(clock.monotonic());
      const outcome = outcomes.shift();
      if (outcome) return Promise.reject(outcome);
      return Promise.resolve({ value: null as never, asOf: 1, staleBecause: null });
    },
  };
  const limits = { perSecond: 2, perDay: 10, perMonth: null };
  const budget = createBudget({ limits, clock, random: () => 1 });
  const paying = budgeted(upstream, budget);

  function call(context: Partial<CallContext> = {}) {
    const answer = paying.call('GetPipelineRun', params, {
      deadline: clock.now() + 10_000,
      priority: 'interactive',
      report: () => undefined,
      ...context,
    });
    answer.catch(() => undefined);
    return answer;
  }
  return { clock, budget, call, sentAtMs };
}

function upstreamError(kind: UpstreamErrorKind, retryAfterMs: number | null = null): UpstreamError {
  return new UpstreamError('refused upstream', { kind, action: 'GetPipelineRun', retryAfterMs });
}

describe('a budgeted upstream', () => {
  test('pays for every call before it is sent, and passes the answer through', async () => {
    const { clock, call, sentAtMs, budget } = setUp();
    const answers = [call(), call(), call()];
    await clock.advance(2_000);
    expect(sentAtMs).toEqual([0, 0, 1_050]);
    expect(await Promise.all(answers)).toEqual(Array(3).fill({ value: null, asOf: 1, staleBecause: null }));
    expect(budget.snapshot().day.used).toBe(3);
  });

  test('does not call when no permit can be had in time', async () => {
    const { clock, call, sentAtMs } = setUp();
    const answers = [call(), call(), call({ deadline: clock.now() + 1_000 })];
    await clock.advance(2_000);
    await expect(answers[2]).rejects.toMatchObject({ kind: 'throttled', retryAfterMs: 1_050 });
    expect(sentAtMs).toEqual([0, 0]);
  });

  test('passes on a throttle answer and holds the next calls', async () => {
    const error = upstreamError('throttled', 3_000);
    const { clock, call, sentAtMs } = setUp([error]);
    const first = call();
    await clock.advance(0);
    void call();
    await clock.advance(5_000);
    await expect(first).rejects.toMatchObject({ kind: 'throttled', retryAfterMs: 3_000 });
    expect(sentAtMs).toEqual([0, 3_000]);
  });

  test('stops at an answer that the day is used up', async () => {
    const { clock, call, sentAtMs } = setUp([upstreamError('quotaExhausted')]);
    await expect(call()).rejects.toMatchObject({ kind: 'quotaExhausted', retryAfterMs: 300_000 });
    await clock.advance(0);
    await expect(call()).rejects.toMatchObject({ kind: 'quotaExhausted', retryAfterMs: 300_000 });
    expect(sentAtMs).toEqual([0]);
  });

  test('starts its delays small again after an answer', async () => {
    const throttled = upstreamError('throttled');
    const { clock, call, sentAtMs } = setUp([throttled, throttled, null, throttled]);
    for (let index = 0; index < 5; index += 1) {
      void call();
      await clock.advance(0);
    }
    await clock.advance(10_000);
    expect(sentAtMs).toEqual([0, 1_050, 3_050, 3_050, 4_100]);
  });

  test.each<UpstreamErrorKind>([
    'timeout',
    'unavailable',
    'rejected',
    'forbidden',
    'invalidResponse',
    'credentials',
  ])('charges a call that failed as %s, and holds nothing', async (kind) => {
    const { clock, call, sentAtMs, budget } = setUp([upstreamError(kind)]);
    const failed = call();
    void call();
    await clock.advance(0);
    await expect(failed).rejects.toMatchObject({ kind });
    expect(sentAtMs).toEqual([0, 0]);
    expect(budget.snapshot().day.used).toBe(2);
  });

  test('pays nothing for what the upstream refuses by itself, and does not wait to hear so', async () => {
    const { clock, budget, call, sentAtMs } = setUp([], { refusal: upstreamError('rejected') });
    const answers = Array.from({ length: 5 }, () => call());
    await Promise.all(answers.map((answer) => expect(answer).rejects.toMatchObject({ kind: 'rejected' })));
    expect([sentAtMs, clock.monotonic(), budget.snapshot().day.used]).toEqual([[], 0, 0]);
  });

  test('gives back what was paid for and not sent', async () => {
    const { clock, budget, call } = setUp([upstreamError('timeout')], { reportsAttempts: false });
    await expect(call()).rejects.toMatchObject({ kind: 'timeout' });
    await clock.advance(0);
    expect(budget.snapshot().day.used).toBe(0);
  });

  test('does not send a call whose caller leaves in the moment of its permit', async () => {
    const { clock, budget, call, sentAtMs } = setUp();
    const leaver = new AbortController();
    const permit = budget.permit.bind(budget);
    budget.permit = async (...asked) => {
      const permitted = await permit(...asked);
      leaver.abort();
      return permitted;
    };
    await expect(call({ signal: leaver.signal })).rejects.toMatchObject({ kind: 'timeout' });
    await clock.advance(0);
    expect([sentAtMs, budget.snapshot().day.used]).toEqual([[], 0]);
  });
});
