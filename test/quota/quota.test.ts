import { describe, expect, test } from '@jest/globals';

import type { QuotaOptions } from '../../src/quota/quota.ts';
import { createQuota } from '../../src/quota/quota.ts';
import { limitsFor } from '../../src/quota/presets.ts';
import type { CallContext, Priority } from '../../src/core/upstream.ts';
import type { UpstreamErrorKind } from '../../src/core/upstreamError.ts';
import { UpstreamError } from '../../src/core/upstreamError.ts';
import { createVirtualClock } from '../support/virtualClock.ts';

const action = 'ListPipelineRuns';
const hour = 3_600_000;

/** A quota on a virtual clock that records what became of each permit, by name and in order. */
function setUp(options: Partial<QuotaOptions> = {}, startMs = Date.UTC(2026, 0, 1, 12)) {
  const clock = createVirtualClock(startMs);
  const limits = { perSecond: 5, perDay: null, perMonth: null };
  const quota = createQuota({ limits, clock, random: () => 0, ...options });
  const admitted: string[] = [];
  const admittedAtMs: number[] = [];
  const refused: { name: string; kind: UpstreamErrorKind; retryAfterMs: number | null; atMs: number }[] = [];

  /** `takesMs`: how long the call is under way. Default: it ends as soon as it is admitted. */
  function ask(
    name: string,
    context: Partial<CallContext> & { withinMs?: number; takesMs?: number } = {},
  ): void {
    const { withinMs = 10_000, takesMs = 0, ...rest } = context;
    const deadline = clock.now() + withinMs;
    quota.permit(action, { deadline, priority: 'interactive', report: () => undefined, ...rest }).then(
      ({ ended }) => {
        if (takesMs > 0) clock.after(takesMs, ended);
        else ended();
        admitted.push(name);
        admittedAtMs.push(clock.monotonic());
      },
      (error: unknown) => {
        if (!(error instanceof UpstreamError)) throw error;
        refused.push({ name, kind: error.kind, retryAfterMs: error.retryAfterMs, atMs: clock.monotonic() });
      },
    );
  }

  function askMany(count: number, context?: Parameters<typeof ask>[1]): void {
    for (let index = 0; index < count; index += 1) ask(String(index), context);
  }

  return { clock, quota, ask, askMany, admitted, admittedAtMs, refused };
}

function upstreamError(kind: UpstreamErrorKind, retryAfterMs: number | null = null): UpstreamError {
  return new UpstreamError('refused upstream', { kind, action, retryAfterMs });
}

describe('the second window', () => {
  test('admits calls up to its limit immediately and the rest a span and a margin later', async () => {
    const { clock, askMany, admittedAtMs } = setUp();
    askMany(7);
    await clock.advance(3_000);
    expect(admittedAtMs).toEqual([0, 0, 0, 0, 0, 1_050, 1_050]);
  });

  test('slides: each place is free again one span after its own use', async () => {
    const { clock, ask, askMany, admittedAtMs } = setUp({ limits: limitsFor('basic', { perSecond: 2 }) });
    ask('first');
    await clock.advance(600);
    askMany(3);
    await clock.advance(3_000);
    expect(admittedAtMs).toEqual([0, 600, 1_050, 1_650]);
  });

  test('reserves the place of a call until a span after its outcome, since it may arrive that late', async () => {
    const { clock, ask, askMany, admittedAtMs } = setUp({ limits: limitsFor('basic', { perSecond: 2 }) });
    ask('slow', { takesMs: 3_000 });
    ask('quick', { takesMs: 200 });
    askMany(3);
    await clock.advance(6_000);
    expect(admittedAtMs).toEqual([0, 0, 1_250, 2_300, 3_350]);
  });

  test('counts a call in progress as sent, and its end once', async () => {
    const { clock, quota } = setUp();
    const context = {
      deadline: clock.now() + 100,
      priority: 'interactive',
      report: () => undefined,
    } as const;
    const permit = await quota.permit(action, context);
    await clock.advance(5_000);
    expect(quota.snapshot().second).toMatchObject({ used: 1, left: 4 });
    permit.ended();
    await clock.advance(600);
    permit.ended();
    await clock.advance(450);
    expect(quota.snapshot().second).toMatchObject({ used: 0, left: 5 });
  });

  test('takes its span and margin from options', async () => {
    const { clock, askMany, admittedAtMs } = setUp({ spanMs: 200, marginMs: 0 });
    askMany(6);
    await clock.advance(1_000);
    expect(admittedAtMs.at(-1)).toBe(200);
  });

  test('has no timer when no call waits', async () => {
    const { clock, askMany } = setUp();
    askMany(6);
    await clock.advance(2_000);
    expect(clock.pendingTimers()).toBe(0);
  });
});

describe('the queue', () => {
  test('is ordered by priority, then by arrival', async () => {
    const { clock, ask, admitted } = setUp({ limits: limitsFor('standard', { perSecond: 1 }) });
    const arrivals: Priority[] = ['polling', 'refresh', 'interactive', 'polling', 'refresh', 'interactive'];
    arrivals.forEach((priority, index) => {
      ask(`${priority} ${index}`, { priority });
    });
    await clock.advance(10_000);
    expect(admitted).toEqual([
      'interactive 2',
      'interactive 5',
      'refresh 1',
      'refresh 4',
      'polling 0',
      'polling 3',
    ]);
  });

  test('immediately rejects a call that cannot be sent in time behind those ahead', async () => {
    const { clock, askMany, ask, admitted, refused } = setUp();
    askMany(15, { withinMs: 5_000 });
    ask('16th', { withinMs: 3_000 });
    await clock.advance(0);
    expect(refused).toEqual([{ name: '16th', kind: 'throttled', retryAfterMs: 3_150, atMs: 0 }]);
    await clock.advance(5_000);
    expect(admitted).toHaveLength(15);
  });

  test('rejects a poller as soon as an interactive call takes the place that it needed', async () => {
    const { clock, askMany, ask, admitted, refused } = setUp();
    askMany(5);
    await clock.advance(0);
    for (let index = 0; index < 5; index += 1) ask('poll', { priority: 'polling', withinMs: 2_000 });
    await clock.advance(500);
    ask('person', { withinMs: 2_000 });
    await clock.advance(0);
    expect(refused).toMatchObject([{ name: 'poll', kind: 'throttled', atMs: 500 }]);
    await clock.advance(2_000);
    expect(admitted.slice(5)).toEqual(['person', 'poll', 'poll', 'poll', 'poll']);
  });

  test('is bounded: the last in order is rejected immediately, whether it is new or displaced by an interactive call', async () => {
    const { clock, askMany, ask, refused, quota } = setUp({
      maxWaiting: 3,
      limits: limitsFor('standard', { perSecond: 1 }),
    });
    ask('first');
    await clock.advance(0);
    askMany(4, { withinMs: 60_000, priority: 'polling' });
    ask('person', { withinMs: 60_000 });
    await clock.advance(0);
    expect(refused).toEqual([
      { name: '3', kind: 'throttled', retryAfterMs: 4 * 1_050, atMs: 0 },
      { name: '2', kind: 'throttled', retryAfterMs: 4 * 1_050, atMs: 0 },
    ]);
    expect(quota.snapshot().waiting).toEqual({ interactive: 1, refresh: 0, polling: 2 });
  });

  test('is left immediately when the signal fires, and the place goes to the next call', async () => {
    const { clock, askMany, ask, admitted, refused } = setUp();
    const leaver = new AbortController();
    askMany(5);
    ask('leaver', { signal: leaver.signal });
    ask('stayer');
    await clock.advance(100);
    leaver.abort();
    await clock.advance(0);
    expect(refused).toEqual([{ name: 'leaver', kind: 'timeout', retryAfterMs: null, atMs: 100 }]);
    await clock.advance(2_000);
    expect(admitted.slice(5)).toEqual(['stayer']);
  });

  test('is not entered after the signal has fired or the deadline has passed', async () => {
    const { clock, ask, refused, quota } = setUp();
    ask('gone', { signal: AbortSignal.abort() });
    ask('late', { withinMs: 0 });
    await clock.advance(0);
    expect(refused.map(({ name, kind }) => [name, kind])).toEqual([
      ['gone', 'timeout'],
      ['late', 'timeout'],
    ]);
    expect(quota.snapshot().second.used).toBe(0);
  });
});

describe('the day and the month', () => {
  test('reject calls beyond the limit immediately, until midnight in China', async () => {
    const { clock, askMany, admitted, refused } = setUp(
      { limits: { perSecond: 5, perDay: 3, perMonth: null } },
      Date.UTC(2026, 0, 1, 15, 59, 55),
    );
    askMany(4, { withinMs: 4_000 });
    await clock.advance(0);
    expect(admitted).toHaveLength(3);
    expect(refused).toEqual([{ name: '3', kind: 'quotaExhausted', retryAfterMs: 5_000, atMs: 0 }]);
  });

  test('admit a call that can wait on the next day', async () => {
    const { clock, askMany, admittedAtMs } = setUp(
      { limits: { perSecond: 5, perDay: 3, perMonth: null } },
      Date.UTC(2026, 0, 1, 15, 59, 55),
    );
    askMany(4);
    await clock.advance(10_000);
    expect(admittedAtMs).toEqual([0, 0, 0, 5_000]);
  });

  test('an exhausted month still counts on its next days', async () => {
    const { clock, askMany, refused, quota } = setUp(
      { limits: { perSecond: 5, perDay: 2, perMonth: 3 } },
      Date.UTC(2026, 0, 30, 0),
    );
    askMany(2);
    await clock.advance(24 * hour);
    askMany(2);
    await clock.advance(0);
    expect(refused).toMatchObject([{ kind: 'quotaExhausted', retryAfterMs: 16 * hour }]);
    expect(quota.snapshot()).toMatchObject({ dayLeft: 0, day: { left: 1 }, month: { left: 0 } });
  });

  test('the count of a day is unchanged after the wall clock jumps to another day and back', async () => {
    const { clock, askMany, admitted, refused } = setUp({
      limits: { perSecond: 5, perDay: 2, perMonth: null },
    });
    askMany(2);
    await clock.advance(2_000);
    clock.jump(24 * hour);
    askMany(2);
    await clock.advance(2_000);
    clock.jump(-24 * hour);
    askMany(1);
    await clock.advance(0);
    expect(admitted).toHaveLength(4);
    expect(refused).toMatchObject([{ kind: 'quotaExhausted' }]);
  });

  test('no call waits past its deadline when the wall clock jumps back', async () => {
    const { clock, askMany, admittedAtMs } = setUp();
    askMany(6);
    await clock.advance(500);
    clock.jump(-48 * hour);
    await clock.advance(10_000);
    expect(admittedAtMs.at(-1)).toBe(1_050);
  });
});

describe('a throttling response', () => {
  test('pauses all calls for its retry time', async () => {
    const { clock, quota, ask, admittedAtMs } = setUp();
    quota.throttled(upstreamError('throttled', 4_000));
    ask('one');
    await clock.advance(10_000);
    expect(admittedAtMs).toEqual([4_000]);
  });

  test('immediately rejects the calls that cannot wait that long', async () => {
    const { clock, quota, askMany, refused } = setUp();
    askMany(6, { withinMs: 3_000 });
    await clock.advance(100);
    quota.throttled(upstreamError('throttled', 4_000));
    await clock.advance(0);
    expect(refused).toEqual([{ name: '5', kind: 'throttled', retryAfterMs: 4_000, atMs: 100 }]);
  });

  test('pauses for a delay that grows with each, has jitter, and starts short again after a success', async () => {
    const { clock, quota, ask, admittedAtMs } = setUp({ random: () => 0.5 });
    const delaysMs: number[] = [];
    for (const isAfterSuccess of [false, false, false, true]) {
      if (isAfterSuccess) quota.succeeded();
      const heldFromMs = clock.monotonic();
      quota.throttled(upstreamError('throttled'));
      ask('next', { withinMs: 60_000 });
      await clock.advance(10_000);
      delaysMs.push(admittedAtMs.at(-1)! - heldFromMs);
    }
    // The first delay is shorter than the span, which counts as full.
    expect(delaysMs).toEqual([1_050, 1_500, 3_000, 1_050]);
  });

  test('counts once when a whole burst is throttled', async () => {
    const { clock, quota, ask, admittedAtMs } = setUp({ random: () => 1 });
    for (let index = 0; index < 5; index += 1) quota.throttled(upstreamError('throttled'));
    quota.succeeded();
    ask('next');
    await clock.advance(10_000);
    quota.throttled(upstreamError('throttled'));
    ask('after');
    await clock.advance(10_000);
    expect(admittedAtMs).toEqual([1_050, 12_000]);
  });

  test('with a retry time of zero still counts the second as full', async () => {
    const { clock, quota, ask, admittedAtMs } = setUp();
    quota.throttled(upstreamError('throttled', 0));
    ask('next');
    await clock.advance(10_000);
    expect(admittedAtMs).toEqual([1_050]);
  });
});

describe('a response that the quota is exhausted', () => {
  test('stops all calls except a trial call after five minutes, and reports its time', async () => {
    const { clock, quota, ask, askMany, admitted, refused } = setUp();
    ask('waiting', { withinMs: 60_000 });
    await clock.advance(1);
    quota.exhausted(upstreamError('quotaExhausted'));
    ask('person');
    await clock.advance(0);
    expect(refused).toMatchObject([{ name: 'person', kind: 'quotaExhausted', retryAfterMs: 300_000 }]);
    expect(quota.snapshot()).toMatchObject({ dayLeft: 0, nextProbeAt: clock.now() + 300_000 });
    await clock.advance(300_000);
    ask('trial');
    askMany(3);
    await clock.advance(0);
    expect(admitted).toEqual(['waiting', 'trial']);
    expect(refused).toHaveLength(4);
    quota.succeeded();
    ask('next');
    await clock.advance(0);
    expect(admitted).toEqual(['waiting', 'trial', 'next']);
    expect(quota.snapshot()).toMatchObject({ dayLeft: null, nextProbeAt: null });
  });

  test('is followed by trial calls after delays that double up to an hour, and at the turn of the day', async () => {
    const changes: (number | null)[] = [];
    const { clock, quota, ask, admittedAtMs } = setUp();
    quota.onExhaustion((nextProbeAt) => changes.push(nextProbeAt));
    const startedAt = clock.now();
    quota.exhausted(upstreamError('quotaExhausted'));
    while (clock.monotonic() < 6 * hour) {
      const before = admittedAtMs.length;
      ask('caller', { withinMs: 1000 });
      await clock.advance(0);
      // The answers of a whole burst are one statement.
      if (admittedAtMs.length > before) {
        quota.exhausted(upstreamError('quotaExhausted'));
        quota.exhausted(upstreamError('quotaExhausted'));
      }
      await clock.advance(60_000);
    }
    const minutes = admittedAtMs.map((atMs) => atMs / 60_000);
    // The day turns four hours after the start.
    expect(minutes).toEqual([5, 15, 35, 75, 135, 195, 240, 300]);
    expect(changes).toEqual([startedAt + 300_000]);
  });

  test('is not ended by the response to a call that was sent before it', async () => {
    const { clock, quota, ask, refused } = setUp();
    quota.exhausted(upstreamError('quotaExhausted'));
    quota.succeeded();
    ask('person');
    await clock.advance(0);
    expect(refused).toMatchObject([{ name: 'person', kind: 'quotaExhausted' }]);
  });

  test('that names a distant time is followed by a trial call after an hour', () => {
    const { clock, quota } = setUp();
    quota.exhausted(upstreamError('quotaExhausted', 100 * hour));
    expect(quota.snapshot().nextProbeAt).toBe(clock.now() + hour);
  });

  test('stops all calls for its retry time, if it has one', async () => {
    const { clock, quota, ask, admittedAtMs } = setUp();
    quota.exhausted(upstreamError('quotaExhausted', 7_500));
    ask('patient');
    await clock.advance(10_000);
    expect(admittedAtMs).toEqual([7_500]);
  });

  test('rejects queued calls', async () => {
    const { clock, quota, askMany, refused } = setUp();
    askMany(6);
    await clock.advance(100);
    quota.exhausted(upstreamError('quotaExhausted'));
    await clock.advance(0);
    expect(refused).toMatchObject([{ name: '5', kind: 'quotaExhausted', atMs: 100 }]);
  });
});

describe('a permit that is not used', () => {
  test('because its caller canceled at that time is not counted in the day', async () => {
    const { clock, quota, ask, refused } = setUp({ limits: limitsFor('basic') });
    const leaver = new AbortController();
    ask('leaver', { signal: leaver.signal });
    leaver.abort();
    await clock.advance(0);
    expect(refused).toMatchObject([{ name: 'leaver', kind: 'timeout' }]);
    expect(quota.snapshot().dayLeft).toBe(100);
  });

  test('because the upstream throttled at that time is not counted in the day', async () => {
    const { clock, quota, ask, admittedAtMs } = setUp({ limits: limitsFor('basic') });
    ask('waits');
    quota.throttled(upstreamError('throttled', 2_000));
    await clock.advance(0);
    expect(quota.snapshot().dayLeft).toBe(100);
    await clock.advance(2_000);
    expect(admittedAtMs).toEqual([2_000]);
    expect(quota.snapshot().dayLeft).toBe(99);
  });
});

describe('the snapshot', () => {
  test('reports what is used and left of each window, and when it resets', async () => {
    const { clock, quota, askMany } = setUp({ limits: limitsFor('basic') });
    askMany(6);
    await clock.advance(100);
    expect(quota.snapshot()).toEqual({
      second: { limit: 5, used: 5, left: 0, resetsAt: Date.UTC(2026, 0, 1, 12) + 1_050 },
      day: { limit: 100, used: 5, left: 95, resetsAt: Date.UTC(2026, 0, 1, 16) },
      month: { limit: 3_100, used: 5, left: 3_095, resetsAt: Date.UTC(2026, 0, 31, 16) },
      waiting: { interactive: 1, refresh: 0, polling: 0 },
      shared: 'memory',
      dayLeft: 95,
      nextProbeAt: null,
    });
    expect(quota.allowances()).toEqual([
      { left: 95, resetsInMs: 4 * hour - 100 },
      { left: 3_095, resetsInMs: 30 * 24 * hour + 4 * hour - 100 },
    ]);
  });

  test('counts the calls of a day without a limit', async () => {
    const { clock, quota, askMany } = setUp();
    askMany(2);
    await clock.advance(0);
    expect(quota.snapshot()).toMatchObject({ day: { limit: null, used: 2, left: null }, dayLeft: null });
  });
});

describe('limits', () => {
  test('of an edition are replaced one by one, and removed by null', () => {
    expect(limitsFor('basic')).toEqual({ perSecond: 5, perDay: 100, perMonth: 3_100 });
    expect(limitsFor('enterprise', { perDay: 1_000 })).toEqual({
      perSecond: 50,
      perDay: 1_000,
      perMonth: null,
    });
    expect(limitsFor('basic', { perSecond: undefined, perDay: null })).toMatchObject({
      perSecond: 5,
      perDay: null,
    });
  });
});
