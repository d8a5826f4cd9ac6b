import { expect, test } from '@jest/globals';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { createDice } from '../support/dice.ts';
import { describeWithRedis, startRedisServer } from '../support/redisServer.ts';

const PROJECT = '10003';
const WINDOWS = ['first: 5', 'first: 100', 'page: { number: 2, size: 10 }', 'page: { number: 4, size: 10 }'];

describeWithRedis('two gateways with one Redis, asked in turns', () => {
  test('never return an older result than either has already returned', async () => {
    await using scene = await open();
    const { statusWentBack, asOfWentBack, answers, statusChanges } = await poll(scene, 300);
    expect({ statusWentBack, asOfWentBack }).toEqual({ statusWentBack: 0, asOfWentBack: 0 });
    expect(answers).toBe(300);
    expect(statusChanges).toBeGreaterThan(25);
    // A window of a hundred runs has five pages here, and time passes quickly. The bound: an announcement causes no call by itself.
    const calls = scene.gateways[0].newCalls().length;
    expect(calls).toBeLessThan(1.3 * answers);
  }, 60_000);

  test('stay consistent after Redis was unavailable', async () => {
    await using scene = await open();
    await poll(scene, 20);
    await scene.redis.kill();
    const without = await poll(scene, 20);
    expect(without.answers).toBe(20);
    await scene.redis.restart();
    for (const gateway of scene.gateways) await isReady(gateway);
    // Results read during the outage were not announced. Wait until they are not fresh any more.
    scene.forward(3000);
    await poll(scene, 4);
    const { statusWentBack, asOfWentBack } = await poll(scene, 100);
    expect({ statusWentBack, asOfWentBack }).toEqual({ statusWentBack: 0, asOfWentBack: 0 });
  }, 60_000);
});

const RANK: Record<string, number> = { INIT: 0, RUNNING: 1 };

interface Scene extends AsyncDisposable {
  gateways: [TestGateway, TestGateway];
  redis: Awaited<ReturnType<typeof startRedisServer>>;
  forward(ms: number): void;
  dice: (sides: number) => number;
}

/** Sends one query after another, each to either replica, and waits for each response before the next. */
async function poll(scene: Scene, times: number) {
  const { gateways, dice } = scene;
  const [{ simulator }] = gateways;
  const newest = new Map<string, number>();
  const ranks = new Map<string, number>();
  const result = { statusWentBack: 0, asOfWentBack: 0, answers: 0, statusChanges: 0 };
  const [one] = simulator.runs(PROJECT);
  for (let n = 0; n < times; n++) {
    if (dice(2) === 0) scene.forward(dice(2500));
    if (dice(6) === 0) simulator.addRuns(PROJECT, 1);
    const gateway = gateways[dice(2)]!;
    const byId = dice(5) === 0 && one !== undefined;
    const window = WINDOWS[dice(WINDOWS.length)]!;
    const query = byId
      ? `{ pipelineRun(projectId: ${PROJECT}, runId: "${one.id}") { runId status asOf } }`
      : `{ pipelineRuns(projectId: ${PROJECT}, ${window}) { asOf nodes { runId status } } }`;
    const { data, errors } = await gateway.query(query);
    expect(errors).toBeUndefined();
    result.answers += 1;
    const { asOf, nodes } = data.pipelineRuns ?? { ...data.pipelineRun, nodes: [data.pipelineRun] };
    const at = Date.parse(asOf);
    // A run by id and a deep page can come from upstream results other than the one announced under their own key.
    const isReadAsOne = !byId && window === 'first: 5';
    if (isReadAsOne && at < (newest.get(query) ?? -Infinity)) result.asOfWentBack += 1;
    newest.set(query, Math.max(at, newest.get(query) ?? at));
    for (const { runId, status } of nodes) {
      const [name, rank] = [`${byId ? 'run' : window} ${runId}`, RANK[status] ?? 2];
      const before = ranks.get(name) ?? rank;
      if (rank < before) result.statusWentBack += 1;
      if (rank > before) result.statusChanges += 1;
      ranks.set(name, Math.max(rank, before));
    }
  }
  return result;
}

async function open(): Promise<Scene> {
  let aheadMs = 0;
  const clock: Clock = {
    now: () => Date.now() + aheadMs,
    monotonic: () => performance.now() + aheadMs,
    after: (delayMs, task) => systemClock.after(delayMs, task),
  };
  const redis = await startRedisServer();
  const settings = {
    REDIS_URL: `redis://127.0.0.1:${redis.port}`,
    DATAWORKS_ACCOUNT: 'test',
    CACHE_FRESH_MS: '3000',
    DATAWORKS_PAGE_SIZE: '10',
  };
  const one = await startTestGateway({ settings, clock, simulator: { now: () => clock.now() } });
  const two = await startTestGateway({ settings, clock, before: one.simulator });
  one.simulator.addRuns(PROJECT, 45);
  for (const gateway of [one, two]) await isReady(gateway);
  return {
    gateways: [one, two],
    redis,
    forward: (ms) => void (aheadMs += ms),
    dice: createDice(7),
    async [Symbol.asyncDispose]() {
      await two.close();
      await one.close();
      await redis[Symbol.asyncDispose]();
    },
  };
}

/** Queries at intervals until the gateway reconnects to Redis, because an idle gateway does not notice. */
async function isReady(gateway: TestGateway): Promise<void> {
  for (let project = 40_000; ; project++) {
    await gateway.query(`{ pipelineRuns(projectId: ${project}) { totalCount } }`);
    const health = (await (await fetch(`${gateway.url}/health/ready`)).json()) as { status: string };
    if (health.status === 'ok') return;
  }
}
