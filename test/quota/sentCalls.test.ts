import { describe, expect, test } from '@jest/globals';
import type { CallContext } from '../../src/core/upstream.ts';
import { withRetries } from '../../src/upstream/withRetries.ts';
import { createCache } from '../support/cache.ts';
import { captureLog } from '../support/fixtures.ts';
import { createFakeUpstream, pageOf, runOf } from '../support/fakeUpstream.ts';
import { startTestGateway } from '../support/gateway.ts';
import { createVirtualClock } from '../support/virtualClock.ts';

const QUERY = '{ pipelineRuns(projectId: 10001, first: 1) { totalCount staleBecause } }';

describe('a caller that disconnects while its call is in flight', () => {
  test('leaves the result to the next caller', async () => {
    const log = captureLog();
    await using gateway = await startTestGateway({ logger: log.logger });
    const held = gateway.simulator.fault({ kind: 'hold', action: 'ListPipelineRuns' });
    const caller = new AbortController();
    const answer = fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-request-id': 'leaves-early' },
      body: JSON.stringify({ query: QUERY }),
      signal: caller.signal,
    });
    await held.hit(1);
    caller.abort();
    await expect(answer).rejects.toThrow();
    expect(await log.operation('leaves-early')).toMatchObject({ aborted: true });
    held.release();
    const { data, errors } = await gateway.query(QUERY);
    expect(errors).toBeUndefined();
    expect(data.pipelineRuns).toEqual({ totalCount: 350, staleBecause: null });
    expect(gateway.newCalls()).toEqual(['ListPipelineRuns 1']);
    expect(held.hits).toBe(1);
  });
});

describe('a call without a waiting caller', () => {
  const create = () => {
    const clock = createVirtualClock();
    const upstream = createFakeUpstream(clock, {
      ListPipelineRuns: (params) => pageOf([runOf('a')], params),
    });
    const { upstream: cache } = createCache(withRetries(upstream, { clock, random: () => 0.5 }), {
      clock,
      freshMs: 5_000,
    });
    const events: string[] = [];
    const head = (more: Partial<CallContext> = {}) =>
      cache.call(
        'ListPipelineRuns',
        { projectId: '1', filter: {}, pageNumber: 1, pageSize: 10 },
        {
          deadline: clock.now() + 10_000,
          priority: 'interactive',
          report: ({ type }) => events.push(type),
          ...more,
        },
      );
    return { clock, upstream, head, events };
  };

  /** A call on the wire whose only caller has left. */
  const abandoned = async () => {
    const { clock, upstream, head } = create();
    upstream.hold();
    const caller = new AbortController();
    const gone = head({ signal: caller.signal });
    await clock.advance(0);
    caller.abort();
    await expect(gone).rejects.toMatchObject({ kind: 'timeout' });
    return { clock, upstream, head };
  };

  test('is not retried after a failed attempt', async () => {
    const { clock, upstream } = await abandoned();
    upstream.held[0]!.fail('unavailable');
    await clock.advance(60_000);
    expect(upstream.calls).toHaveLength(1);
    expect(clock.pendingTimers()).toBe(0);
  });

  test('is retried for a caller that joins it before the attempt fails', async () => {
    const { clock, upstream, head } = await abandoned();
    const joined = head();
    upstream.held[0]!.fail('unavailable');
    await clock.advance(1_000);
    upstream.held[1]!.answer();
    expect((await joined).value.totalCount).toBe(1);
    expect(upstream.calls).toHaveLength(2);
  });

  test('ends at the deadline of its callers if the upstream never responds', async () => {
    const { clock, upstream, head } = create();
    upstream.hold();
    const gone = head({ deadline: clock.now() + 400 }).catch((error: unknown) => error);
    await clock.advance(400);
    expect(await gone).toMatchObject({ kind: 'timeout' });
    await clock.advance(10_000);
    const next = head();
    await clock.advance(0);
    expect(upstream.held).toHaveLength(2);
    upstream.held[1]!.answer();
    expect((await next).staleBecause).toBeNull();
  });
});
