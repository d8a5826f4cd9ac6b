import { describe, expect, test } from '@jest/globals';
import { createQuota } from '../../src/quota/quota.ts';
import { withQuota } from '../../src/quota/withQuota.ts';
import { limitsFor } from '../../src/quota/presets.ts';
import type { Action, Actions, CallContext, Priority } from '../../src/core/upstream.ts';
import type { UpstreamError } from '../../src/core/upstreamError.ts';
import { withRetries } from '../../src/upstream/withRetries.ts';
import { captureLog } from '../support/fixtures.ts';
import { createFakeUpstream, pageOf, runOf } from '../support/fakeUpstream.ts';
import { startTestGateway } from '../support/gateway.ts';
import { createVirtualClock } from '../support/virtualClock.ts';

interface Outcome {
  atMs: number | null;
  error: UpstreamError | null;
}

/** Retries, breakers and a quota of five calls per second around an upstream that can be made to fail. */
function setUp() {
  const clock = createVirtualClock();
  const wire = createFakeUpstream(clock, {
    ListPipelineRuns: (params) => pageOf([runOf('run')], params),
    GetPipelineRun: ({ runId }) => runOf(runId),
  });
  const quota = createQuota({ limits: limitsFor('standard', { perDay: 1_000 }), clock });
  const changes: string[] = [];
  const upstream = withRetries(withQuota(wire, quota), {
    clock,
    random: () => 0.5,
    onBreakerChange: (action, state) => changes.push(`${action} ${state}`),
  });

  function call<A extends Action>(
    action: A,
    params: Actions[A]['params'],
    context: Partial<CallContext> & { withinMs?: number } = {},
  ): Outcome {
    const { withinMs = 15_000, ...rest } = context;
    const outcome: Outcome = { atMs: null, error: null };
    const deadline = clock.now() + withinMs;
    upstream
      .call(action, params, { deadline, priority: 'interactive', report: () => undefined, ...rest })
      .catch((error: unknown) => (outcome.error = error as UpstreamError))
      .finally(() => (outcome.atMs = clock.monotonic()));
    return outcome;
  }
  const list = (projectId: string, context?: Parameters<typeof call>[2]) =>
    call('ListPipelineRuns', { projectId, filter: {}, pageNumber: 1, pageSize: 100 }, context);
  const run = (runId: string, context?: Parameters<typeof call>[2]) =>
    call('GetPipelineRun', { projectId: '1', runId }, context);

  /** Opens the breaker of lists with the fewest calls possible. */
  async function openBreaker(): Promise<void> {
    wire.failWith('unavailable');
    for (let index = 0; index < 5; index += 1) list(`failing ${index}`, { withinMs: 400 });
    await clock.advance(1_100);
    wire.failWith(null);
    wire.newCalls();
    expect(changes).toEqual(['ListPipelineRuns open']);
  }
  return { clock, wire, quota, changes, call, list, run, openBreaker };
}

describe('an outage', () => {
  test('of a second, with 45 queued calls, ends for new calls as soon as the breaker probes', async () => {
    const { clock, wire, list } = setUp();
    wire.failWith('unavailable');
    const queued = Array.from({ length: 50 }, (_, index) => list(`list ${index}`));
    await clock.advance(1_200);
    wire.failWith(null);
    const rejectedAtOnce = queued.filter(({ error, atMs }) => error?.kind === 'unavailable' && atMs! <= 200);
    expect(rejectedAtOnce.length).toBeGreaterThanOrEqual(45);
    expect(rejectedAtOnce.at(-1)!.error!.retryAfterMs).toBeGreaterThan(4_000);
    expect(wire.newCalls().length).toBeLessThanOrEqual(10);
    let answeredAtMs: number | null = null;
    for (let asked = 0; answeredAtMs === null && asked < 60; asked += 1) {
      const outcome = list(`new ${asked}`);
      await clock.advance(200);
      if (outcome.atMs !== null && outcome.error === null) answeredAtMs = outcome.atMs;
    }
    expect(answeredAtMs).not.toBeNull();
    expect(answeredAtMs).toBeLessThan(1_200 + 5_000 + 1_000);
  });

  test('costs the calls that were sent, not those rejected in the queue', async () => {
    const { clock, wire, quota, list } = setUp();
    wire.failWith('unavailable');
    for (let index = 0; index < 50; index += 1) list(`list ${index}`);
    await clock.advance(4_000);
    expect(quota.snapshot().day.used).toBe(wire.calls.length);
  });

  test('of one action does not affect the others', async () => {
    const { clock, run, list, openBreaker } = setUp();
    await openBreaker();
    const outcomes = [list('refused'), run('served')];
    await clock.advance(0);
    expect(outcomes.map(({ error }) => error?.kind ?? 'served')).toEqual(['unavailable', 'served']);
  });
});

describe('the probe of a breaker', () => {
  test('takes the next permit, ahead of all queued calls', async () => {
    const { clock, wire, changes, list, run, openBreaker } = setUp();
    await openBreaker();
    await clock.advance(5_000);
    for (let index = 0; index < 30; index += 1) run(`run ${index}`, { withinMs: 30_000 });
    await clock.advance(100);
    wire.newCalls();
    const probe = list('probe', { priority: 'refresh' });
    const other = list('other');
    await clock.advance(1_050);
    expect(wire.newCalls()[0]).toBe('ListPipelineRuns 1');
    expect([probe.error, other.error?.kind]).toEqual([null, 'unavailable']);
    expect(changes).toEqual([
      'ListPipelineRuns open',
      'ListPipelineRuns halfOpen',
      'ListPipelineRuns closed',
    ]);
  });

  test.each<[Priority, number]>([
    ['interactive', 5_000],
    ['refresh', 5_000],
    ['polling', 10_000],
  ])('is a %s call from %d ms on', async (priority, fromMs) => {
    const { clock, wire, list, openBreaker } = setUp();
    await openBreaker();
    const openedAtMs = clock.monotonic() - 1_100;
    await clock.advance(fromMs - 1_200);
    const early = list('early', { priority });
    await clock.advance(0);
    expect(early.error).toMatchObject({ kind: 'unavailable' });
    await clock.advance(early.error!.retryAfterMs!);
    const due = list('due', { priority });
    await clock.advance(0);
    expect([due.error, due.atMs]).toEqual([null, clock.monotonic()]);
    expect(clock.monotonic() - openedAtMs).toBeGreaterThanOrEqual(fromMs);
    expect(wire.newCalls()).toHaveLength(1);
  });

  test('is replaced by another if it leaves the queue', async () => {
    const { clock, list, run, openBreaker } = setUp();
    await openBreaker();
    await clock.advance(5_000);
    for (let index = 0; index < 10; index += 1) run(`run ${index}`);
    await clock.advance(100);
    const leaver = new AbortController();
    list('leaver', { signal: leaver.signal });
    await clock.advance(100);
    leaver.abort();
    await clock.advance(0);
    const next = list('next');
    await clock.advance(1_500);
    expect([next.error, next.atMs]).toEqual([null, expect.any(Number)]);
  });
});

describe('over HTTP', () => {
  const runsOf = (projectId: number) => `{ pipelineRuns(projectId: ${projectId}, first: 1) { totalCount } }`;
  const codeOf = (answer: { errors?: { extensions: Record<string, unknown> }[] }) =>
    answer.errors?.[0]?.extensions['code'] ?? 'OK';

  test('an undecodable response costs one call each time and affects no other project', async () => {
    await using gateway = await startTestGateway();
    const { simulator } = gateway;
    simulator.fault({
      kind: 'replace',
      at: ['PagingInfo', 'PipelineRuns'],
      value: 'no list',
      action: 'ListPipelineRuns',
      params: { ProjectId: '10000' },
    });
    const others: unknown[] = [];
    for (let index = 0; index < 12; index += 1) {
      expect(codeOf(await gateway.query(runsOf(10000)))).toBe('UPSTREAM_INVALID_RESPONSE');
      const filter = `filter: { creator: "${1000 + index}" }`;
      const query = `{ pipelineRuns(projectId: 10002, ${filter}) { totalCount } }`;
      others.push(codeOf(await gateway.query(query)));
    }
    expect(others).toEqual(Array(12).fill('OK'));
    expect(gateway.newCalls()).toHaveLength(24);
  });

  test('a filter that the region does not support is rejected without a call, and does not close the breaker', async () => {
    await using gateway = await startTestGateway({
      simulator: { actionNames: 'old' },
      settings: { DATAWORKS_DAILY_CALLS: '1000', CACHE_FRESH_MS: '0', CACHE_STALE_MS: '0' },
    });
    const budgetLeft = async () => {
      const cost = { 'gateway-cost': '1' };
      const { extensions } = await gateway.query('{ __typename }', undefined, cost);
      return (extensions!['cost'] as { budgetLeft: { day: number } }).budgetLeft.day;
    };
    const byObject = () =>
      gateway.query('{ pipelineRuns(projectId: 10002, filter: { objectId: "1" }) { totalCount } }');
    expect(codeOf(await gateway.query(runsOf(10002)))).toBe('OK');
    gateway.newCalls();
    const before = await budgetLeft();
    for (let index = 0; index < 30; index += 1) expect(codeOf(await byObject())).toBe('UPSTREAM_REJECTED');
    expect([await budgetLeft(), gateway.newCalls()]).toEqual([before, []]);

    gateway.simulator.fault({ kind: 'empty500' });
    for (let index = 0; index < 24; index += 1) {
      expect(codeOf(await gateway.query(runsOf(10001)))).toBe('UPSTREAM_UNAVAILABLE');
      expect(codeOf(await byObject())).not.toBe('OK');
    }
    expect(gateway.newCalls().length).toBeLessThanOrEqual(6);
  });

  test('a daily limit appears in readiness, in a gauge and in one log line, until a trial call succeeds', async () => {
    const clock = createVirtualClock();
    const log = captureLog();
    await using gateway = await startTestGateway({ clock, logger: log.logger });
    const ready = async () => (await fetch(`${gateway.url}/health/ready`)).json();
    const isExhausted = async () => {
      const text = await (await fetch(`${gateway.url}/metrics`)).text();
      return /^dataworks_gateway_quota_exhausted (\d)$/m.exec(text)?.[1];
    };
    const linesOf = (part: string) => log.lines().filter(({ msg }) => String(msg).includes(part));
    const used = gateway.simulator.fault({ kind: 'dailyLimit' });
    for (let index = 0; index < 5; index += 1) {
      expect(codeOf(await gateway.query(runsOf(10000 + index)))).toBe('UPSTREAM_QUOTA_EXHAUSTED');
    }
    expect(gateway.newCalls()).toHaveLength(1);
    const nextTryAt = new Date(clock.now() + 300_000).toISOString();
    expect(await ready()).toEqual({ status: 'degraded', reasons: [expect.stringContaining(nextTryAt)] });
    expect(await isExhausted()).toBe('1');
    expect(linesOf('daily quota')).toMatchObject([{ level: 'warn', nextTryAt }]);

    // No client sends a query meanwhile.
    await clock.advance(300_000);
    await used.hit(2);
    used();
    expect(linesOf('daily quota')).toHaveLength(1);
    for (let minutes = 0; minutes < 15 && (await isExhausted()) === '1'; minutes += 1) {
      await clock.advance(60_000);
      await gateway.query('{ __typename }');
    }
    expect([await ready(), await isExhausted()]).toEqual([{ status: 'ok', reasons: [] }, '0']);
    expect(linesOf('daily quota')).toHaveLength(2);
    expect(codeOf(await gateway.query(runsOf(10002)))).toBe('OK');
  });
});
