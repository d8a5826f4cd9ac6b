import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describeWithRedis, type RedisServer, startRedisServer } from '../support/redisServer.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

describeWithRedis('two gateways with one Redis', () => {
  let redis: RedisServer;
  let one: TestGateway;
  let two: TestGateway;

  beforeAll(async () => {
    redis = await startRedisServer();
    const settings = {
      REDIS_URL: `redis://127.0.0.1:${redis.port}`,
      DATAWORKS_ACCOUNT: 'test',
      DATAWORKS_MAX_QPS: '50',
      CACHE_FRESH_MS: '60000',
    };
    one = await startTestGateway({ settings });
    two = await startTestGateway({ settings, before: one.simulator });
    await until(one, 'ok');
    await until(two, 'ok');
  });
  afterAll(async () => {
    await two.close();
    await one.close();
    await redis[Symbol.asyncDispose]();
  });

  const head = (projectId: number) =>
    `{ pipelineRuns(projectId: ${projectId}, first: 3) { totalCount nodes { runId } } }`;

  const truth = (projectId: number) => one.simulator.runs(String(projectId)).length;

  test('fetch a page once, even if both receive the query at the same time', async () => {
    one.newCalls();
    const [first, second] = await Promise.all([one.query(head(20001)), two.query(head(20001))]);
    expect(first.data).toEqual(second.data);
    expect(one.newCalls()).toEqual(['ListPipelineRuns 1']);
    await two.query('{ pipelineRuns(projectId: 20001, page: { number: 2, size: 20 }) { totalCount } }');
    expect(one.newCalls()).toEqual([]);
  });

  test('continue from memory if Redis is killed, report it, and share again after it recovers', async () => {
    await redis.kill();
    const answers = await Promise.all([
      one.query(head(20001)),
      two.query(head(20002)),
      one.query(head(20003)),
    ]);
    expect(answers.map(({ errors, data }) => errors ?? data.pipelineRuns.totalCount)).toEqual(
      [20001, 20002, 20003].map(truth),
    );
    expect(await until(one, 'degraded')).toMatchObject({
      reasons: [expect.stringContaining('Redis unavailable')],
    });
    await redis.restart();
    await until(one, 'ok');
    await until(two, 'ok');
    one.newCalls();
    await one.query(head(20004));
    await two.query(head(20004));
    expect(one.newCalls()).toEqual(['ListPipelineRuns 1']);
  });

  test('respond within the command deadline while Redis hangs', async () => {
    redis.pause();
    const answer = await two.query(head(20005)).finally(() => {
      redis.resume();
    });
    expect(answer.data.pipelineRuns.totalCount).toBe(truth(20005));
  });
});

/** Queries at intervals until the gateway is in the state, because an idle gateway does not notice a change. */
async function until(gateway: TestGateway, status: string): Promise<{ reasons: string[] }> {
  for (let project = 30_000; ; project++) {
    await gateway.query(`{ pipelineRuns(projectId: ${project}) { totalCount } }`);
    const health = (await (await fetch(`${gateway.url}/health/ready`)).json()) as {
      status: string;
      reasons: string[];
    };
    if (health.status === status) return health;
  }
}
