import { expect, test } from '@jest/globals';
import { type GraphQLAnswer, startTestGateway } from '../support/gateway.ts';
import { createVirtualClock } from '../support/virtualClock.ts';

const LISTS = 120;
const QUERY = `query ($projectId: ID!) { pipelineRuns(projectId: $projectId, first: 1) { totalCount } }`;

test('of more lists than five calls a second can read in time, each is read once: now, or at the time that its caller is told', async () => {
  const clock = createVirtualClock();
  const projects = Array.from({ length: LISTS }, (_, n) => ({ id: String(30_000 + n), runCount: 1 }));
  await using gateway = await startTestGateway({
    simulator: { projects, qps: 5, now: () => clock.now() },
    settings: { DATAWORKS_MAX_QPS: '5', DATAWORKS_EDITION: 'standard' },
    clock,
  });
  let finished = 0;
  const attempts = projects.map(async ({ id }) => {
    const first = await gateway.query(QUERY, { projectId: id });
    const retryAfterMs = first.errors?.[0]?.extensions['retryAfterMs'] as number | undefined;
    if (retryAfterMs !== undefined) await new Promise<void>((resolve) => clock.after(retryAfterMs, resolve));
    const second = retryAfterMs === undefined ? null : await gateway.query(QUERY, { projectId: id });
    finished += 1;
    return { first, second, retryAfterMs };
  });
  // Each query without data lets the requests under way proceed before time does.
  while (finished < LISTS) {
    await gateway.query('{ __typename }');
    await clock.advance(50);
  }
  const results = await Promise.all(attempts);
  const refused = results.filter(({ second }) => second !== null);
  expect(refused.length).toBeGreaterThan(60);
  expect(refused.length).toBeLessThan(100);
  for (const { first, second, retryAfterMs } of refused) {
    expect(first.errors![0]!.extensions['code']).toBe('UPSTREAM_THROTTLED');
    expect(Number(first.headers.get('retry-after'))).toBe(Math.ceil(retryAfterMs! / 1000));
    expect(totalCountIn(second!)).toBe(1);
  }
  for (const { first, second } of results) if (second === null) expect(totalCountIn(first)).toBe(1);
  expect(gateway.newCalls()).toHaveLength(LISTS);
  expect(gateway.simulator.maxCallsInAnySecond()).toBeLessThanOrEqual(5);
});

function totalCountIn({ data, errors }: GraphQLAnswer): number {
  expect(errors).toBeUndefined();
  return data.pipelineRuns.totalCount as number;
}
