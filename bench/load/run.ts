import { loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import autocannon from 'autocannon';
import { createJudge, type Judge, type Verdicts } from './judge.ts';
import { createMix, type Operation } from './operations.ts';
import {
  type GatewayProcess,
  type SimulatorProcess,
  startGatewayProcess,
  startSimulatorProcess,
} from './processes.ts';
import { type Sample, startSampling } from './samples.ts';

export interface LoadPlan {
  /** How long the sustainable rate is measured. */
  measuringSeconds: number;
  /** How long the load is twice that rate. */
  seconds: number;
  /** How long the same load is sent to a gateway that limits its callers. */
  limitedSeconds: number;
  /** The limit of each caller, as a share of the sustainable rate. */
  limitedShare: number;
  sampleEveryMs: number;
  /** Called at the end of each stretch. */
  tell?: (figures: LoadFigures) => void;
}

/** The results of one stretch of load. */
export interface LoadFigures {
  name: string;
  seconds: number;
  /** Requests a second that were to be sent; null for as many as were answered. */
  offeredPerSecond: number | null;
  answeredPerSecond: number;
  /** As the callers waited, in milliseconds. */
  latencyMs: { p50: number; p99: number; max: number };
  /** Connections that failed or got no response. */
  unanswered: number;
  verdicts: Verdicts;
  upstream: { calls: number; throttled: number; mostInASecond: number };
  samples: Sample[];
  /** The heap in use after a full collection, half way through and at the end, in bytes. */
  heapInUse: { half: number; end: number };
  /** The machine's, over the last minute of the stretch: how much else it had to do. */
  loadAverage: number;
}

/** The gateway's default, in milliseconds. */
const FRESH_MS = 5000;

/** Callers that each send a request when the last was answered: enough to keep the gateway busy, few enough not to queue. */
const MEASURING_CALLERS = 8;
/** Few enough for Node to take all their connections on at once, of which it accepts one in each turn of its loop. */
const CALLERS = 64;

/** How many responses per second are compared with the simulator's data. */
const CHECKED_PER_SECOND = 40;

/**
 * The built gateway in front of a simulated DataWorks that allows five calls per second, each in a process of its own: first at the
 * rate that it sustains, then at twice that rate, then at that rate with callers limited to a share of the sustainable rate.
 */
export async function runLoad(plan: LoadPlan): Promise<LoadFigures[]> {
  const { sampleEveryMs } = plan;
  let sustained = 0;
  const twice = () => ({ callers: CALLERS, perSecond: 2 * sustained, sampleEveryMs });
  const unlimited = await onStage({}, async (stage) => {
    const callers = MEASURING_CALLERS;
    const name = 'as much as it takes';
    const measured = await load(stage, {
      name,
      seconds: plan.measuringSeconds,
      callers,
      perSecond: null,
      sampleEveryMs,
    });
    sustained = Math.floor(measured.answeredPerSecond);
    return [measured, await load(stage, { name: 'twice that', seconds: plan.seconds, ...twice() })];
  });
  const limit = rateLimitedTo(Math.max(1, Math.floor(plan.limitedShare * sustained)));
  const limited = await onStage(limit, (stage) =>
    load(stage, { name: 'twice that, callers limited', seconds: plan.limitedSeconds, ...twice() }),
  );
  return [...unlimited, limited];
}

interface Stage {
  simulator: SimulatorProcess;
  gateway: GatewayProcess;
  mix: Operation[];
}

async function onStage<Result>(
  settings: Record<string, string>,
  act: (stage: Stage) => Promise<Result>,
): Promise<Result> {
  await using simulator = await startSimulatorProcess();
  await using gateway = await startGatewayProcess(simulator, settings);
  const known = (await simulator.runs('10000')).slice(0, 100);
  const stage = { simulator, gateway, mix: createMix(known) };
  await warmUp(stage);
  // Awaited here, for the processes end with this function.
  return await act(stage);
}

function rateLimitedTo(perSecond: number): Record<string, string> {
  return { RATE_LIMIT_PER_SECOND: String(perSecond), RATE_LIMIT_BURST: String(perSecond) };
}

/** Sends every operation once, so that the rate is measured with a warm gateway. */
async function warmUp({ gateway, mix }: Stage): Promise<void> {
  for (const body of new Set(mix.map((operation) => operation.body))) {
    await fetch(`${gateway.url}/graphql`, { method: 'POST', headers: HEADERS, body }).then((answer) =>
      answer.arrayBuffer(),
    );
  }
}

const HEADERS = { 'content-type': 'application/json' };

interface Stretch {
  name: string;
  seconds: number;
  callers: number;
  perSecond: number | null;
  sampleEveryMs: number;
}

async function load(stage: Stage, stretch: Stretch): Promise<LoadFigures> {
  const { simulator, gateway, mix } = stage;
  const { seconds, callers, perSecond, sampleEveryMs } = stretch;
  const checkEvery = Math.max(1, Math.round((perSecond ?? 500) / CHECKED_PER_SECOND));
  const judge = createJudge({ checkEvery, freshMs: FRESH_MS });
  const before = await simulator.calls();
  const sampling = await startSampling(gateway, sampleEveryMs);
  let caller = 0;
  const half = pause(seconds * 500).then(() => gateway.heapInUse());
  const result = await autocannon({
    url: `${gateway.url}/graphql`,
    method: 'POST',
    headers: HEADERS,
    connections: callers,
    duration: seconds,
    timeout: 30,
    // Latencies need no correction: a caller sends a request only after its last response.
    ...(perSecond !== null && { overallRate: perSecond, ignoreCoordinatedOmission: true }),
    setupClient: (client) => listen(client, mix, (caller += 37), judge),
  });
  const samples = sampling.stop();
  const [loadAverage = 0] = loadavg();
  const after = await simulator.calls();
  const { latency } = result;
  return {
    name: stretch.name,
    seconds,
    offeredPerSecond: perSecond,
    answeredPerSecond: result.requests.total / result.duration,
    latencyMs: { p50: latency.p50, p99: latency.p99, max: latency.max },
    unanswered: result.errors + result.timeouts,
    verdicts: await judge.conclude((projectId) => simulator.runs(projectId)),
    upstream: {
      calls: after.total - before.total,
      throttled: after.throttled - before.throttled,
      mostInASecond: after.mostInASecond,
    },
    samples,
    heapInUse: { half: await half, end: await gateway.heapInUse() },
    loadAverage,
  };
}

/** Every caller goes through the same operations, and begins elsewhere. */
function listen(client: autocannon.Client, mix: readonly Operation[], offset: number, judge: Judge): void {
  const place = offset % mix.length;
  let sentAt = 0;
  client.addListener('request', () => (sentAt = Date.now()));
  client.setRequests(
    [...mix.slice(place), ...mix.slice(0, place)].map((operation) => ({
      method: 'POST',
      body: operation.body,
      onResponse: (_status, text) => judge.hear({ operation, text, sentAt, receivedAt: Date.now() }),
    })),
  );
}
