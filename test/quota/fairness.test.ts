import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createQuota } from '../../src/quota/quota.ts';
import { withQuota } from '../../src/quota/withQuota.ts';
import { limitsFor } from '../../src/quota/presets.ts';
import { createWaitingLine, type Waiter } from '../../src/quota/waitingLine.ts';
import type { CallContext, Priority } from '../../src/core/upstream.ts';
import { UpstreamError } from '../../src/core/upstreamError.ts';
import { withRetries } from '../../src/upstream/withRetries.ts';
import { createCache } from '../support/cache.ts';
import { createFakeUpstream, pageOf, runOf } from '../support/fakeUpstream.ts';
import { createVirtualClock } from '../support/virtualClock.ts';

const action = 'ListPipelineRuns';
const standard = limitsFor('standard');

function waiterOf(callerId: string, priority: Priority = 'interactive', isProbe = false): Waiter {
  const nothing = () => undefined;
  return {
    action,
    callerId,
    priority,
    isProbe,
    urgency: 0,
    key: null,
    dueTurn: null,
    deadlineMs: Infinity,
    admit: nothing,
    reject: nothing,
  };
}

/** A quota of five calls a second, and what became of each call by its caller. */
function setUp(options: { maxWaiting?: number } = {}) {
  const clock = createVirtualClock();
  const quota = createQuota({ limits: standard, clock, ...options });
  const admitted: string[] = [];
  const refused: { id: string; error: UpstreamError }[] = [];

  async function ask(id: string, context: Partial<CallContext> & { withinMs?: number } = {}) {
    const { withinMs = 60_000, ...rest } = context;
    const deadline = clock.now() + withinMs;
    try {
      const permit = await quota.permit(action, {
        deadline,
        priority: 'interactive',
        caller: { id },
        report: () => undefined,
        ...rest,
      });
      permit.ended();
      admitted.push(id);
      return null;
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      refused.push({ id, error });
      return error;
    }
  }
  return { clock, quota: quota, admitted, refused, ask };
}

describe('the order of queued calls', () => {
  const callers = fc.constantFrom('a', 'b', 'c', 'd');
  const priorities = fc.constantFrom<Priority>('interactive', 'refresh', 'polling');
  const steps = fc.array(
    fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ kind: fc.constant('add' as const), callerId: callers, priority: priorities }),
      },
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('take' as const) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), at: fc.nat({ max: 20 }) }) },
    ),
    { maxLength: 60, size: 'max' },
  );

  test('gives callers of one priority that always have queued calls an equal number of turns, plus or minus one', () => {
    let comparisons = 0;
    fc.assert(
      fc.property(steps, (all) => {
        const line = createWaitingLine();
        const takes: { taken: Waiter; waiting: Waiter[] }[] = [];
        for (const step of all) {
          if (step.kind === 'add') line.waiters.add(waiterOf(step.callerId, step.priority));
          else if (step.kind === 'remove') {
            const leaver = line.inOrder()[step.at];
            if (leaver) line.waiters.delete(leaver);
          } else {
            const waiting = line.inOrder();
            const taken = line.takeFirst();
            if (taken) takes.push({ taken, waiting });
          }
        }
        for (const priority of ['interactive', 'refresh', 'polling'] as const) {
          const turns = takes.filter(({ taken }) => taken.priority === priority);
          for (let from = 0; from < turns.length; from += 1) {
            const counts = new Map(['a', 'b', 'c', 'd'].map((id) => [id, 0]));
            for (const { taken, waiting } of turns.slice(from)) {
              for (const id of counts.keys()) {
                const waits = waiting.some((one) => one.callerId === id && one.priority === priority);
                if (!waits) counts.delete(id);
              }
              const count = counts.get(taken.callerId);
              if (count !== undefined) counts.set(taken.callerId, count + 1);
              if (counts.size < 2) break;
              comparisons += 1;
              expect(Math.max(...counts.values()) - Math.min(...counts.values())).toBeLessThanOrEqual(1);
            }
          }
        }
      }),
      { numRuns: 300 },
    );
    expect(comparisons).toBeGreaterThan(1000);
  });

  test('is the order in which they are sent, and no call is lost', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const line = createWaitingLine();
        const known = new Set<Waiter>();
        for (const step of all) {
          if (step.kind === 'add') {
            const waiter = waiterOf(step.callerId, step.priority);
            known.add(waiter);
            line.waiters.add(waiter);
          } else if (step.kind === 'remove') {
            const leaver = line.inOrder()[step.at];
            if (leaver && line.waiters.delete(leaver)) known.delete(leaver);
          } else {
            const [first] = line.inOrder();
            const taken = line.takeFirst();
            expect(taken).toBe(first);
            if (taken) known.delete(taken);
          }
        }
        const forecast = line.inOrder();
        expect(new Set(forecast)).toEqual(known);
        expect(forecast).toHaveLength(known.size);
        expect(forecast.map(() => line.takeFirst())).toEqual(forecast);
        expect(line.takeFirst()).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });

  test('gives every fifth turn to refreshes and none to polls while interactive calls wait', () => {
    const line = createWaitingLine();
    for (let index = 0; index < 20; index += 1) {
      line.waiters.add(waiterOf('a'));
      line.waiters.add(waiterOf('b', 'refresh'));
      line.waiters.add(waiterOf('c', 'polling'));
    }
    const served = Array.from({ length: 20 }, () => line.takeFirst()?.priority);
    expect(served.filter((priority) => priority === 'refresh')).toHaveLength(4);
    expect(served.filter((priority) => priority === 'interactive')).toHaveLength(16);
  });

  test('begins, among refreshes, with the most urgent', () => {
    const line = createWaitingLine();
    for (const urgency of [1, 3, 2]) line.waiters.add({ ...waiterOf('a', 'refresh'), urgency });
    expect(line.inOrder().map(({ urgency }) => urgency)).toEqual([3, 2, 1]);
  });

  test('starts with a trial call', () => {
    const line = createWaitingLine();
    line.waiters.add(waiterOf('a'));
    const probe = waiterOf('b', 'refresh', true);
    line.waiters.add(probe);
    expect(line.takeFirst()).toBe(probe);
  });
});

describe('a full queue', () => {
  test('rejects the last call of the caller with the most calls, not the new call of another caller', async () => {
    const { clock, refused, admitted, ask } = setUp({ maxWaiting: 20 });
    for (let index = 0; index < 5; index += 1) void ask('busy');
    await clock.advance(0);
    for (let index = 0; index < 20; index += 1) void ask('busy');
    await clock.advance(0);
    expect(refused).toEqual([]);
    for (let index = 0; index < 8; index += 1) void ask(`quiet ${index}`);
    await clock.advance(0);
    expect(refused.map(({ id }) => id)).toEqual(Array(8).fill('busy'));
    await clock.advance(10_000);
    expect(admitted.filter((id) => id.startsWith('quiet'))).toHaveLength(8);
  });

  test('of a thousand calls is rejected in little time when the quota of the day is used up', async () => {
    const { clock, quota, refused, ask } = setUp();
    for (let index = 0; index < 1005; index += 1) void ask(`caller ${index % 50}`, { withinMs: 250_000 });
    await clock.advance(0);
    const before = process.cpuUsage();
    quota.exhausted(new UpstreamError('used up', { kind: 'quotaExhausted', action }));
    await clock.advance(0);
    const { user, system } = process.cpuUsage(before);
    expect(refused).toHaveLength(1000);
    expect((user + system) / 1000).toBeLessThan(1000);
  });
});

describe('a caller that sends more calls than the account is allowed', () => {
  test('leaves another caller its share of cold calls and a warm list that stays fresh', async () => {
    const clock = createVirtualClock();
    const wire = createFakeUpstream(clock, {
      ListPipelineRuns: (params) => pageOf([runOf('run')], params),
    });
    const quota = createQuota({ limits: standard, clock });
    const { upstream } = createCache(withRetries(withQuota(wire, quota), { clock }), {
      clock,
      freshMs: 5_000,
    });
    let lists = 0;
    const read = (id: string, projectId: string) =>
      upstream.call(
        action,
        { projectId, filter: {}, pageNumber: 1, pageSize: 100 },
        { deadline: clock.now() + 10_000, priority: 'interactive', caller: { id }, report: () => undefined },
      );
    const nextList = () => String((lists += 1) + 1000);
    const answered = { greedy: 0, other: 0 };
    const failed = { greedy: 0, other: 0 };
    const ages: number[] = [];
    const readCold = (id: 'greedy' | 'other') =>
      void read(id, nextList()).then(
        () => (answered[id] += 1),
        () => (failed[id] += 1),
      );
    await read('other', '1');
    for (let second = 0; second < 60; second += 1) {
      for (let index = 0; index < 20; index += 1) readCold('greedy');
      if (second % 2 === 0) readCold('other');
      readCold('other');
      const { asOf } = await read('other', '1');
      ages.push(clock.now() - asOf);
      await clock.advance(1000);
    }
    await clock.advance(15_000);
    expect(answered.other + failed.other).toBe(90);
    expect(answered.other).toBeGreaterThanOrEqual(85);
    expect(Math.max(...ages)).toBeLessThan(10_000);
    expect(answered.greedy).toBeGreaterThan(120);
    expect(wire.calls.length).toBeLessThanOrEqual(5 * 75);
  });
});

describe('more stale lists than the quota can refresh', () => {
  test('are refreshed by how many callers they have, and each in the end', async () => {
    const clock = createVirtualClock();
    let sent: string[] = [];
    const wire = createFakeUpstream(clock, {
      ListPipelineRuns(params) {
        sent.push(params.projectId);
        return pageOf([runOf('run')], params);
      },
    });
    const quota = createQuota({ limits: standard, clock });
    const cache = createCache(withRetries(withQuota(wire, quota), { clock }), { clock, freshMs: 5_000 });
    const hot = Array.from({ length: 20 }, (_, n) => `${100 + n}`);
    const cold = Array.from({ length: 100 }, (_, n) => `${200 + n}`);
    const read = (projectId: string, id: string) =>
      cache.upstream.call(
        action,
        { projectId, filter: {}, pageNumber: 1, pageSize: 100 },
        { deadline: clock.now() + 60_000, priority: 'interactive', caller: { id }, report: () => undefined },
      );
    const all = [...hot, ...cold];
    const first = Promise.all(all.map((projectId) => read(projectId, `caller of ${projectId}`)));
    await clock.advance(60_000);
    await first;
    sent = [];
    for (let second = 0; second < 120; second += 1) {
      for (const projectId of cold) void read(projectId, `caller of ${projectId}`);
      for (const projectId of hot)
        for (let n = 0; n < 10; n += 1) void read(projectId, `caller ${n} of ${projectId}`);
      await clock.advance(1000);
    }
    const counts = (lists: string[]) =>
      lists.map((projectId) => sent.filter((one) => one === projectId).length);
    expect(Math.min(...counts(cold))).toBeGreaterThanOrEqual(1);
    expect(Math.min(...counts(hot))).toBeGreaterThanOrEqual(3 * Math.max(...counts(cold)));
    expect(Math.max(...counts(hot)) - Math.min(...counts(hot))).toBeLessThanOrEqual(2);
  });
});

describe('a thousand callers at five calls a second', () => {
  test('are each told a time at which their call is then sent', async () => {
    const { clock, ask, refused } = setUp();
    const waits: number[] = [];
    const back = { served: 0, refused: 0 };

    async function comeBack(id: string, list: string): Promise<void> {
      const error = await ask(id, { withinMs: 10_000, key: list });
      if (error === null) return;
      const { retryAfterMs } = error;
      waits.push(retryAfterMs!);
      // An early attempt is told the same time.
      await clock.advance(0);
      await new Promise<void>((resolve) => clock.after(retryAfterMs! / 2, resolve));
      const early = await ask(id, { withinMs: 1, key: list });
      if (early === null) return;
      await new Promise<void>((resolve) => clock.after(early.retryAfterMs!, resolve));
      back[(await ask(id, { withinMs: 10_000, key: list })) === null ? 'served' : 'refused'] += 1;
    }
    const done = Promise.all(Array.from({ length: 1000 }, (_, n) => comeBack(`user ${n}`, `list ${n}`)));
    await clock.advance(300_000);
    await done;
    expect(refused.length).toBeGreaterThan(900);
    expect(back.served).toBeGreaterThan(700);
    expect(back.refused).toBe(0);
    // No two of them are told the same time, and the last is told about as long as a thousand calls take beside refreshes.
    expect(new Set(waits.map(Math.round)).size).toBeGreaterThan(0.95 * waits.length);
    expect(Math.max(...waits)).toBeLessThan(280_000);
  });

  test('all get their first response in time, before any of them gets a second', async () => {
    const { clock, ask } = setUp();
    const waiting = new Map<string, number>();
    const answers = new Map<string, number>();
    const firstAtMs: number[] = [];
    let unfair = 0;
    let isOver = false;

    async function keepAsking(id: string): Promise<void> {
      while (!isOver) {
        waiting.set(id, answers.get(id) ?? 0);
        const error = await ask(id, { withinMs: 10_000 });
        waiting.delete(id);
        if (error === null) {
          const before = answers.get(id) ?? 0;
          if (before === 0) firstAtMs.push(clock.monotonic());
          else if ([...waiting.values()].some((count) => count === 0)) unfair += 1;
          answers.set(id, before + 1);
        } else {
          expect(error).toMatchObject({ kind: 'throttled', retryAfterMs: expect.any(Number) });
        }
        const pauseMs = error?.retryAfterMs ?? 1000;
        await new Promise<void>((resolve) => clock.after(pauseMs, resolve));
      }
    }
    for (let user = 0; user < 1000; user += 1) void keepAsking(`user ${user}`);
    await clock.advance(240_000);
    isOver = true;
    expect(firstAtMs).toHaveLength(1000);
    // A thousand calls take 210 s, margins included.
    expect(firstAtMs.at(-1)).toBeLessThan(220_000);
    expect(unfair).toBe(0);
    await clock.advance(30_000);
  });
});
