import { getEventListeners } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import type { PipelineRun } from '../../src/core/domain.ts';
import type { UpstreamResult, CallContext, CallEvent, Upstream } from '../../src/core/upstream.ts';
import { UpstreamError } from '../../src/core/upstreamError.ts';
import type { UpstreamErrorKind } from '../../src/core/upstreamError.ts';
import { withRetries } from '../../src/upstream/withRetries.ts';
import { createVirtualClock } from '../support/virtualClock.ts';

const action = 'GetPipelineRun';
const answer: UpstreamResult<PipelineRun | null> = { value: null, asOf: 1, staleBecause: null };

function failure(kind: UpstreamErrorKind, retryAfterMs: number | null = null): UpstreamError {
  return new UpstreamError(`${kind} of the test`, { kind, action, retryAfterMs });
}

const notJson = new UpstreamError('It is HTML.', { kind: 'invalidResponse', action, isNotJson: true });

/** One call that reached the upstream. The test settles it. */
interface Reached {
  runId: string;
  atMs: number;
  answer: () => void;
  fail: (error: Error) => void;
}

function createHarness() {
  const clock = createVirtualClock();
  const reached: Reached[] = [];
  const events: CallEvent[] = [];
  const changes: string[] = [];
  const upstream: Upstream = {
    call: (called, params, context) =>
      new Promise((resolve, reject) => {
        context.report({ type: 'attempt', action: called });
        const { runId } = params as { runId: string };
        const atMs = clock.monotonic();
        reached.push({ runId, atMs, answer: () => resolve(answer), fail: reject });
      }),
  };
  const wrapped = withRetries(upstream, {
    clock,
    random: () => 0.5,
    onBreakerChange: (changed, state) => changes.push(changed === action ? state : `${changed} ${state}`),
  });

  function call(runId = 'run', context: Partial<CallContext> & { withinMs?: number } = {}) {
    const { withinMs = 10_000, ...rest } = context;
    return outcomeOf(
      wrapped.call(
        action,
        { projectId: '1', runId },
        {
          deadline: clock.now() + withinMs,
          priority: 'interactive',
          report: (event) => {
            if (event.type !== 'attempt') events.push(event);
          },
          ...rest,
        },
      ),
    );
  }

  /** Fails so many calls in a row, each at once and with no try left. */
  async function failCalls(times: number, kind: UpstreamErrorKind = 'unavailable') {
    for (let index = 0; index < times; index += 1) {
      const failing = call('failing', { withinMs: 100 });
      await clock.advance(0);
      reached.at(-1)!.fail(failure(kind));
      await failing.settled;
    }
  }

  /** As many faults as open the breaker, which are then forgotten by the test. */
  async function openBreaker() {
    await failCalls(5);
    reached.length = 0;
  }

  return { clock, reached, events, changes, call, failCalls, openBreaker };
}

function outcomeOf<T>(promise: Promise<T>) {
  const outcome: { value?: T; error?: UpstreamError; settled: Promise<void> } = {
    settled: promise.then(
      (value) => {
        outcome.value = value;
      },
      (error: unknown) => {
        outcome.error = error as UpstreamError;
      },
    ),
  };
  return outcome;
}

describe('a retry', () => {
  test('follows after delays that double, until a call succeeds', async () => {
    const { clock, reached, events, call } = createHarness();
    const outcome = call();
    await clock.advance(0);
    reached[0]!.fail(failure('unavailable'));
    await clock.advance(49);
    expect(reached).toHaveLength(1);
    await clock.advance(1);
    reached[1]!.fail(failure('timeout'));
    await clock.advance(100);
    reached[2]!.answer();
    await outcome.settled;
    expect(outcome.value).toBe(answer);
    expect(reached.map(({ atMs }) => atMs)).toEqual([0, 50, 150]);
    expect(events).toEqual([
      { type: 'retry', action, delayMs: 50, kind: 'unavailable' },
      { type: 'retry', action, delayMs: 100, kind: 'timeout' },
    ]);
    expect(clock.pendingTimers()).toBe(0);
  });

  test('is the last after three tries, whose error is returned', async () => {
    const { clock, reached, call } = createHarness();
    const outcome = call();
    for (const error of [failure('unavailable'), failure('timeout'), notJson]) {
      await clock.advance(200);
      reached.at(-1)!.fail(error);
    }
    await outcome.settled;
    expect(reached).toHaveLength(3);
    expect(outcome.error?.kind).toBe('invalidResponse');
  });

  test('waits longer after throttling, and at least as long as the upstream asks', async () => {
    const { clock, reached, call } = createHarness();
    call();
    await clock.advance(0);
    reached[0]!.fail(failure('throttled'));
    await clock.advance(500);
    reached[1]!.fail(failure('throttled', 3000));
    await clock.advance(4000);
    expect(reached.map(({ atMs }) => atMs)).toEqual([0, 500, 4500]);
  });

  test.each<UpstreamErrorKind>(['rejected', 'forbidden', 'credentials', 'quotaExhausted', 'invalidResponse'])(
    'never follows %s',
    async (kind) => {
      const { clock, reached, events, call } = createHarness();
      const outcome = call();
      await clock.advance(0);
      reached[0]!.fail(failure(kind));
      await outcome.settled;
      expect(outcome.error?.kind).toBe(kind);
      expect([reached.length, events.length]).toEqual([1, 0]);
    },
  );

  test('is not started if it could not end before the deadline, and the last error is returned', async () => {
    const { clock, reached, call } = createHarness();
    const late = call('late', { withinMs: 299 });
    const inTime = call('in time', { withinMs: 300 });
    await clock.advance(0);
    for (const each of reached) each.fail(failure('unavailable'));
    await clock.advance(50);
    expect(late.error?.kind).toBe('unavailable');
    expect(inTime.error).toBeUndefined();
    expect(reached.map(({ runId }) => runId)).toEqual(['late', 'in time', 'in time']);
  });

  test('does not follow a bug, which passes through unchanged', async () => {
    const { clock, reached, call } = createHarness();
    const outcome = call();
    const bug = new TypeError('a bug');
    await clock.advance(0);
    reached[0]!.fail(bug);
    await outcome.settled;
    expect(outcome.error).toBe(bug);
    expect(reached).toHaveLength(1);
  });

  test('is dropped at once when the caller cancels during the delay', async () => {
    const { clock, reached, call } = createHarness();
    const caller = new AbortController();
    const outcome = call('run', { signal: caller.signal });
    await clock.advance(0);
    reached[0]!.fail(failure('unavailable'));
    await clock.advance(10);
    caller.abort();
    await outcome.settled;
    expect(outcome.error?.kind).toBe('unavailable');
    expect(reached).toHaveLength(1);
    expect(clock.pendingTimers()).toBe(0);
  });
});

test('calls that share one signal leave no listener on it', async () => {
  const { clock, reached, call } = createHarness();
  const { signal } = new AbortController();
  const outcomes = Array.from({ length: 20 }, () => call('run', { signal }));
  await clock.advance(0);
  for (let index = 0; index < 20; index += 1) {
    reached[index]!.answer();
    await clock.advance(0);
  }
  expect(outcomes.every(({ value }) => value === answer)).toBe(true);
  expect([getEventListeners(signal, 'abort').length, clock.pendingTimers()]).toEqual([0, 0]);
});

describe('the deadline', () => {
  test('ends a call whose upstream does not respond', async () => {
    const { clock, reached, call } = createHarness();
    const outcome = call('run', { withinMs: 1000 });
    await clock.advance(999);
    expect(outcome.error).toBeUndefined();
    await clock.advance(1);
    expect(outcome.error?.kind).toBe('timeout');
    expect(reached).toHaveLength(1);
  });

  test('does not matter to a caller that has canceled already: no call is made', async () => {
    const { reached, call } = createHarness();
    const outcome = call('run', { signal: AbortSignal.abort() });
    await outcome.settled;
    expect(outcome.error?.kind).toBe('timeout');
    expect(reached).toHaveLength(0);
  });
});

describe('the breaker', () => {
  test('opens after faults in a row, then rejects at once with the time to wait', async () => {
    const { clock, reached, changes, call, failCalls } = createHarness();
    await failCalls(4);
    expect(changes).toEqual([]);
    await failCalls(1);
    await clock.advance(1000);
    const refused = call();
    await refused.settled;
    expect(refused.error).toMatchObject({ kind: 'unavailable', retryAfterMs: 4000 });
    expect(reached).toHaveLength(5);
    expect(changes).toEqual(['open']);
  });

  test('stays closed if a call succeeds in between', async () => {
    const { clock, reached, changes, call, failCalls } = createHarness();
    await failCalls(4);
    call();
    await clock.advance(0);
    reached.at(-1)!.answer();
    await clock.advance(0);
    await failCalls(4);
    expect(changes).toEqual([]);
  });

  test.each<UpstreamErrorKind>([
    'throttled',
    'quotaExhausted',
    'credentials',
    'rejected',
    'forbidden',
    'invalidResponse',
  ])('does not count %s', async (kind) => {
    const { changes, failCalls } = createHarness();
    await failCalls(4);
    await failCalls(5, kind);
    expect(changes).toEqual([]);
  });

  test.each([
    ['unavailable', failure('unavailable')],
    ['timeout', failure('timeout')],
    ['a body that is not JSON', notJson],
  ])('counts %s', async (_, error) => {
    const { clock, reached, changes, call, failCalls } = createHarness();
    await failCalls(3);
    call();
    await clock.advance(0);
    reached[3]!.fail(error);
    await clock.advance(100);
    reached[4]!.fail(error);
    await clock.advance(0);
    expect(changes).toEqual(['open']);
  });

  test('does not count timeouts caused by a near deadline or by the caller', async () => {
    const { clock, reached, changes, call, failCalls } = createHarness();
    await failCalls(4);
    const caller = new AbortController();
    call('left', { signal: caller.signal });
    call('hasty', { withinMs: 100 });
    await clock.advance(100);
    caller.abort();
    for (const each of reached.slice(4)) each.fail(failure('timeout'));
    await clock.advance(0);
    expect(changes).toEqual([]);
  });

  test('admits one probe when its time is over, and closes when it succeeds', async () => {
    const { clock, reached, changes, call, openBreaker } = createHarness();
    await openBreaker();
    await clock.advance(5000);
    const probe = call('probe');
    const other = call('other');
    await clock.advance(0);
    expect(reached.map(({ runId }) => runId)).toEqual(['probe']);
    expect(other.error?.kind).toBe('unavailable');
    reached[0]!.answer();
    await probe.settled;
    call('next');
    await clock.advance(0);
    expect(reached.at(-1)!.runId).toBe('next');
    expect(changes).toEqual(['open', 'halfOpen', 'closed']);
  });

  test('opens again when the probe fails, which is not retried', async () => {
    const { clock, reached, changes, call, openBreaker } = createHarness();
    await openBreaker();
    await clock.advance(5000);
    const probe = call('probe');
    await clock.advance(0);
    reached[0]!.fail(failure('unavailable'));
    await clock.advance(1000);
    expect(probe.error?.message).toBe('unavailable of the test');
    expect(reached).toHaveLength(1);
    expect(changes).toEqual(['open', 'halfOpen', 'open']);
  });

  test('admits the next call as a probe after a probe without a verdict', async () => {
    const { clock, reached, call, openBreaker } = createHarness();
    await openBreaker();
    await clock.advance(5000);
    call('throttled', { withinMs: 100 });
    await clock.advance(0);
    reached[0]!.fail(failure('throttled'));
    await clock.advance(0);
    call('next');
    await clock.advance(0);
    expect(reached.map(({ runId }) => runId)).toEqual(['throttled', 'next']);
  });

  test('ignores the outcome of calls that began before it opened', async () => {
    const { clock, reached, changes, call, failCalls } = createHarness();
    call('early');
    await clock.advance(0);
    await failCalls(5);
    await clock.advance(5000);
    call('probe');
    await clock.advance(0);
    reached[0]!.fail(failure('unavailable'));
    await clock.advance(0);
    expect(changes).toEqual(['open', 'halfOpen']);
  });

  test('starts its count again once it is closed', async () => {
    const { clock, reached, changes, call, failCalls } = createHarness();
    await failCalls(5);
    await clock.advance(5000);
    call('probe');
    await clock.advance(0);
    reached.at(-1)!.answer();
    await clock.advance(0);
    await failCalls(4);
    expect(changes).toEqual(['open', 'halfOpen', 'closed']);
  });

  test('is not affected by a jump of the wall clock', async () => {
    const { clock, reached, call, openBreaker } = createHarness();
    await openBreaker();
    clock.jump(3_600_000);
    await call().settled;
    expect(reached).toHaveLength(0);
  });
});
