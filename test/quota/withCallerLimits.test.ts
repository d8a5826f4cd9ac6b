import { describe, expect, test } from '@jest/globals';
import { withCallerLimits } from '../../src/quota/withCallerLimits.ts';
import type { CallContext, Caller, Upstream } from '../../src/core/upstream.ts';
import { UpstreamError } from '../../src/core/upstreamError.ts';
import { staticTokensIn } from '../../src/auth/staticTokens.ts';
import { createCache } from '../support/cache.ts';
import { bearer, digestOf, temporaryFiles } from '../support/fixtures.ts';
import { createFakeUpstream, pageOf, runOf } from '../support/fakeUpstream.ts';
import { startTestGateway } from '../support/gateway.ts';
import { createVirtualClock } from '../support/virtualClock.ts';

const action = 'ListPipelineRuns';

/** Limits by caller before an upstream that notes when each call is sent. */
function setUp() {
  const clock = createVirtualClock(Date.UTC(2026, 0, 1, 12));
  const wire = createFakeUpstream(clock, {
    ListPipelineRuns: (params) => pageOf([runOf('run')], params),
  });
  const sentAtMs: number[] = [];
  const noting: Upstream = {
    call(called, params, context) {
      sentAtMs.push(clock.monotonic());
      return wire.call(called, params, context);
    },
  };
  const limited = withCallerLimits(noting, { clock });
  const { upstream: memory } = createCache(limited, {
    clock,
    freshMs: 5_000,
  });

  /** What becomes of a call: `ok`, or the error. */
  function callTo(upstream: Upstream) {
    return async (caller: Caller | undefined, projectId = '1', context: Partial<CallContext> = {}) => {
      try {
        const { staleBecause } = await upstream.call(
          action,
          { projectId, filter: {}, pageNumber: 1, pageSize: 100 },
          {
            deadline: clock.now() + 10_000,
            priority: 'interactive',
            caller,
            report: () => undefined,
            ...context,
          },
        );
        return staleBecause ?? 'ok';
      } catch (error) {
        return error as UpstreamError;
      }
    };
  }
  return { clock, wire, sentAtMs, call: callTo(limited), read: callTo(memory) };
}

describe('a limit on calls a second', () => {
  const caller: Caller = { id: 'slow', maxCallsPerSecond: 2 };

  test('delays the calls of its caller only', async () => {
    const { clock, sentAtMs, call } = setUp();
    const own = Array.from({ length: 5 }, () => call(caller));
    await clock.advance(0);
    expect(sentAtMs).toEqual([0, 0]);
    const others = [call({ id: 'other' }), call(undefined)];
    await clock.advance(2_000);
    expect(sentAtMs).toEqual([0, 0, 0, 0, 1_000, 1_000, 2_000]);
    expect(await Promise.all([...own, ...others])).toEqual(Array(7).fill('ok'));
    expect(clock.pendingTimers()).toBe(0);
  });

  test('rejects a call that cannot be sent by its deadline, and names the time and the limit', async () => {
    const { clock, sentAtMs, call } = setUp();
    const outcomes = Array.from({ length: 25 }, () => call(caller));
    await clock.advance(0);
    const refused = await outcomes[20];
    expect(refused).toMatchObject({ kind: 'throttled', retryAfterMs: 10_000, isCallerLimit: true });
    expect((refused as UpstreamError).message).toContain('maxCallsPerSecond');
    await clock.advance(10_000);
    expect(sentAtMs).toHaveLength(20);
  });

  test('does not count a call that its caller cancels while it waits', async () => {
    const { clock, sentAtMs, call } = setUp();
    const leaver = new AbortController();
    void call(caller);
    void call(caller);
    const left = call(caller, '1', { signal: leaver.signal });
    await clock.advance(100);
    leaver.abort();
    expect(await left).toMatchObject({ kind: 'timeout' });
    void call(caller);
    void call(caller);
    await clock.advance(1_000);
    expect(sentAtMs).toEqual([0, 0, 1_000, 1_000]);
  });
});

describe('a limit on calls a day', () => {
  const caller: Caller = { id: 'small', maxCallsPerDay: 3 };

  test('rejects the calls beyond it until the next day', async () => {
    const { clock, wire, call } = setUp();
    const outcomes = [];
    for (let index = 0; index < 5; index += 1) outcomes.push(await call(caller));
    expect(outcomes.slice(0, 3)).toEqual(['ok', 'ok', 'ok']);
    expect(outcomes[3]).toMatchObject({
      kind: 'quotaExhausted',
      retryAfterMs: 4 * 3_600_000,
      isCallerLimit: true,
      message: expect.stringContaining('maxCallsPerDay'),
    });
    expect(await call({ id: 'other', maxCallsPerDay: 3 })).toBe('ok');
    expect(wire.newCalls()).toHaveLength(4);
    await clock.advance(4 * 3_600_000);
    expect(await call(caller)).toBe('ok');
  });

  test('counts retries, and no call that was rejected before it was sent', async () => {
    const { clock } = setUp();
    const attempts = [0, 3];
    const upstream = withCallerLimits(
      {
        call(called, _, { report }) {
          for (let left = attempts.shift() ?? 1; left > 0; left -= 1)
            report({ type: 'attempt', action: called });
          return Promise.reject(new UpstreamError('failed', { kind: 'unavailable', action: called }));
        },
      },
      { clock },
    );
    const kinds: string[] = [];
    for (let index = 0; index < 3; index += 1) {
      const context: CallContext = {
        deadline: clock.now() + 1000,
        priority: 'interactive',
        caller,
        report: () => undefined,
      };
      await upstream
        .call('ListProjects', { projectIds: ['1'] }, context)
        .catch((error: unknown) => kinds.push((error as UpstreamError).kind));
    }
    expect(kinds).toEqual(['unavailable', 'unavailable', 'quotaExhausted']);
  });
});

test('ten thousand callers are counted, and a further one replaces the least recently seen', async () => {
  const { clock, call } = setUp();
  const callerOf = (index: number): Caller => ({ id: `caller ${index}`, maxCallsPerDay: 1 });
  for (let index = 0; index < 10_000; index += 1) void call(callerOf(index));
  await clock.advance(0);
  expect(await call(callerOf(0))).toMatchObject({ kind: 'quotaExhausted' });
  expect(await call(callerOf(10_000))).toBe('ok');
  expect(await call(callerOf(9_999))).toMatchObject({ kind: 'quotaExhausted' });
  expect(await call(callerOf(1))).toBe('ok');
});

describe('a caller at its limit', () => {
  const caller: Caller = { id: 'small', maxCallsPerDay: 1 };

  test('is served cached results and does not delay other callers', async () => {
    const { clock, wire, read } = setUp();
    expect([await read(caller), await read(caller)]).toEqual(['ok', 'ok']);
    expect(await read(caller, '2')).toMatchObject({ kind: 'quotaExhausted' });
    await clock.advance(6_000);
    // Its refresh is refused, which is nobody else's concern.
    expect(await read(caller)).toBe('REFRESHING');
    await clock.advance(0);
    expect(wire.newCalls()).toHaveLength(1);
    expect(await read({ id: 'other' })).toBe('REFRESHING');
    await clock.advance(0);
    expect(wire.newCalls()).toHaveLength(1);
    expect(await read(caller)).toBe('ok');
  });

  test('does not delay others that request the same data', async () => {
    const { clock, wire, read } = setUp();
    const slow: Caller = { id: 'slow', maxCallsPerSecond: 1 };
    void read(slow, '1');
    const waiting = read(slow, '2');
    await clock.advance(0);
    expect(wire.newCalls()).toHaveLength(1);
    const other = read({ id: 'other' }, '2');
    await clock.advance(0);
    expect(await other).toBe('ok');
    await clock.advance(1_000);
    expect(await waiting).toBe('ok');
  });

  test('shares a call with other limited callers, and a rejection by its own limit affects only itself', async () => {
    const { clock, wire, read } = setUp();
    const callers = Array.from({ length: 50 }, (_, n) => ({
      id: `token:${n}`,
      maxCallsPerDay: n === 0 ? 1 : 5,
    }));
    expect(await read(callers[0], '7')).toBe('ok');
    wire.newCalls();
    const answers = callers.map((caller) => read(caller));
    await clock.advance(0);
    const results = await Promise.all(answers);
    expect(results.slice(1)).toEqual(Array(49).fill('ok'));
    expect(results[0]).toMatchObject({ kind: 'quotaExhausted', isCallerLimit: true });
    expect(wire.newCalls()).toHaveLength(1);
  });
});

test('callers take turns over HTTP, however many calls one of them has queued', async () => {
  await using files = await temporaryFiles();
  const tokens = ['greedy', 'quiet'].map((name) => ({ name, sha256: digestOf(name), projects: '*' }));
  const clock = createVirtualClock();
  await using gateway = await startTestGateway({
    clock,
    settings: {
      AUTH_TOKENS_FILE: await files.write('tokens.json', tokens),
      DATAWORKS_MAX_QPS: '1',
      REQUEST_DEADLINE_MS: '60000',
    },
  });
  const { simulator } = gateway;
  const ask = (token: string, creator: number) =>
    gateway.query(
      `{ pipelineRuns(projectId: 10002, filter: { creator: "${creator}" }) { totalCount } }`,
      {},
      bearer(token),
    );
  const hold = simulator.fault({ kind: 'hold' });
  const asked = Array.from({ length: 10 }, (_, index) => ask('greedy', 1000 + index));
  await hold.hit(1);
  // Each of them is in the queue once the gateway has answered a later request of the same caller.
  const settled = () => gateway.query('{ __typename }', {}, bearer('greedy'));
  for (let index = 0; index < 5; index += 1) await settled();
  asked.push(ask('quiet', 2000));
  for (let index = 0; index < 5; index += 1) await settled();
  hold();
  for (let second = 0; second < 20; second += 1) {
    await settled();
    await clock.advance(1_100);
  }
  const answers = await Promise.all(asked);
  expect(answers.filter(({ errors }) => errors !== undefined)).toEqual([]);
  const creators = [...simulator.calls].map(({ params }) => params['Creator']);
  expect(creators).toHaveLength(11);
  expect(creators.indexOf('2000')).toBeLessThanOrEqual(2);
});

test('a token’s limits are those of its entry, over HTTP', async () => {
  await using files = await temporaryFiles();
  const tokens = [
    { name: 'small', sha256: digestOf('dwg_small'), projects: '*', maxCallsPerDay: 2 },
    { name: 'large', sha256: digestOf('dwg_large'), projects: '*' },
  ];
  const settings = { AUTH_TOKENS_FILE: await files.write('tokens.json', tokens) };
  await using gateway = await startTestGateway({ settings });
  const ask = (token: string, projectId: number) =>
    gateway.query(`{ pipelineRuns(projectId: ${projectId}) { totalCount } }`, {}, bearer(token));
  await ask('dwg_small', 10000);
  await ask('dwg_small', 10001);
  const { errors } = await ask('dwg_small', 10002);
  expect(errors).toMatchObject([
    {
      message: expect.stringContaining("not the account's limit"),
      extensions: { code: 'UPSTREAM_QUOTA_EXHAUSTED', retryAfterMs: expect.any(Number) },
    },
  ]);
  expect((await ask('dwg_small', 10001)).errors).toBeUndefined();
  expect((await ask('dwg_large', 10002)).errors).toBeUndefined();
  expect(gateway.newCalls()).toHaveLength(3);
});

test.each([
  { maxCallsPerSecond: 0 },
  { maxCallsPerSecond: 1.5 },
  { maxCallsPerSecond: 10_001 },
  { maxCallsPerDay: 0 },
])('an entry with %j is rejected', (limits) => {
  const entry = { name: 'bad', sha256: digestOf('dwg_bad'), projects: '*', ...limits };
  expect(() => staticTokensIn(JSON.stringify([entry]), 'tokens.json')).toThrow(Object.keys(limits)[0]);
});
