import { describe, expect, test } from '@jest/globals';

import { createQuota } from '../../src/quota/quota.ts';
import { withQuota } from '../../src/quota/withQuota.ts';
import type { CallContext, CheckingUpstream } from '../../src/core/upstream.ts';
import type { UpstreamErrorKind } from '../../src/core/upstreamError.ts';
import { UpstreamError } from '../../src/core/upstreamError.ts';
import { createVirtualClock } from '../support/virtualClock.ts';

const params = { projectId: '1', runId: 'a' };

/** An upstream with a quota that answers each call with the next of `outcomes`, and with null once they are used up. */
function setUp(
  outcomes: (Error | null)[] = [],
  {
    invalid = null,
    reportsAttempts = true,
  }: { invalid?: UpstreamError | null; reportsAttempts?: boolean } = {},
) {
  const clock = createVirtualClock();
  const sentAtMs: number[] = [];
  const upstream: CheckingUpstream = {
    validate() {
      if (invalid) throw invalid;
    },
    call(action, _, { report }) {
      if (reportsAttempts) report({ type: 'attempt', action });
      sentAtMs.push(clock.monotonic());
      const outcome = outcomes.shift();
      if (outcome) return Promise.reject(outcome);
      return Promise.resolve({ value: null as never, asOf: 1, staleBecause: null });
    },
  };
  const limits = { perSecond: 2, perDay: 10, perMonth: null };
  const quota = createQuota({ limits, clock, random: () => 1 });
  const counted = withQuota(upstream, quota);

  function call(context: Partial<CallContext> = {}) {
    const answer = counted.call('GetPipelineRun', params, {
      deadline: clock.now() + 10_000,
      priority: 'interactive',
      report: () => undefined,
      ...context,
    });
    answer.catch(() => undefined);
    return answer;
  }
  return { clock, quota, call, sentAtMs };
}

function upstreamError(kind: UpstreamErrorKind, retryAfterMs: number | null = null): UpstreamError {
  return new UpstreamError('refused upstream', { kind, action: 'GetPipelineRun', retryAfterMs });
}

describe('an upstream with a quota', () => {
  test('counts every call before it is sent, and returns its result', async () => {
    const { clock, call, sentAtMs, quota } = setUp();
    const answers = [call(), call(), call()];
    await clock.advance(2_000);
    expect(sentAtMs).toEqual([0, 0, 1_050]);
    expect(await Promise.all(answers)).toEqual(Array(3).fill({ value: null, asOf: 1, staleBecause: null }));
    expect(quota.snapshot().day.used).toBe(3);
  });

  test('does not call if no permit is available in time', async () => {
    const { clock, call, sentAtMs } = setUp();
    const answers = [call(), call(), call({ deadline: clock.now() + 1_000 })];
    await clock.advance(2_000);
    await expect(answers[2]).rejects.toMatchObject({ kind: 'throttled', retryAfterMs: 1_050 });
    expect(sentAtMs).toEqual([0, 0]);
  });

  test('passes on a throttling response and pauses the next calls', async () => {
    const error = upstreamError('throttled', 3_000);
    const { clock, call, sentAtMs } = setUp([error]);
    const first = call();
    await clock.advance(0);
    void call();
    await clock.advance(5_000);
    await expect(first).rejects.toMatchObject({ kind: 'throttled', retryAfterMs: 3_000 });
    expect(sentAtMs).toEqual([0, 3_000]);
  });

  test('stops at a response that the quota of the day is used up', async () => {
    const { clock, call, sentAtMs } = setUp([upstreamError('quotaExhausted')]);
    await expect(call()).rejects.toMatchObject({ kind: 'quotaExhausted', retryAfterMs: 300_000 });
    await clock.advance(0);
    await expect(call()).rejects.toMatchObject({ kind: 'quotaExhausted', retryAfterMs: 300_000 });
    expect(sentAtMs).toEqual([0]);
  });

  test('starts with short delays again after a result', async () => {
    const throttled = upstreamError('throttled');
    const { clock, call, sentAtMs } = setUp([throttled, throttled, null, throttled]);
    void (async () => {
      for (let index = 0; index < 5; index += 1) await call().catch(() => undefined);
    })();
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
    const { clock, call, sentAtMs, quota } = setUp([upstreamError(kind)]);
    const failed = call();
    void call();
    await clock.advance(0);
    await expect(failed).rejects.toMatchObject({ kind });
    expect(sentAtMs).toEqual([0, 0]);
    expect(quota.snapshot().day.used).toBe(2);
  });

  test('does not count or delay what the upstream rejects locally', async () => {
    const { clock, quota, call, sentAtMs } = setUp([], { invalid: upstreamError('rejected') });
    const answers = Array.from({ length: 5 }, () => call());
    await Promise.all(answers.map((answer) => expect(answer).rejects.toMatchObject({ kind: 'rejected' })));
    expect([sentAtMs, clock.monotonic(), quota.snapshot().day.used]).toEqual([[], 0, 0]);
  });

  test('gives back what was not sent', async () => {
    const { clock, quota, call } = setUp([upstreamError('timeout')], { reportsAttempts: false });
    await expect(call()).rejects.toMatchObject({ kind: 'timeout' });
    await clock.advance(0);
    expect(quota.snapshot().day.used).toBe(0);
  });

  test('does not send a call whose caller cancels when it gets its permit', async () => {
    const { clock, quota, call, sentAtMs } = setUp();
    const leaver = new AbortController();
    const permit = quota.permit.bind(quota);
    quota.permit = async (...asked) => {
      const permitted = await permit(...asked);
      leaver.abort();
      return permitted;
    };
    await expect(call({ signal: leaver.signal })).rejects.toMatchObject({ kind: 'timeout' });
    await clock.advance(0);
    expect([sentAtMs, quota.snapshot().day.used]).toEqual([[], 0]);
  });
});
