import { createCache } from '../../test/support/cache.ts';
import type { WindowRequest } from '../../src/core/window.ts';
import { createLoaders } from '../../src/loaders/loaders.ts';
import { createListMemory, type RunListKey } from '../../src/loaders/list.ts';
import type { Clock } from '../../src/core/clock.ts';
import type { CallContext, Upstream } from '../../src/core/upstream.ts';
import { UpstreamError } from '../../src/core/upstreamError.ts';
import { type Bounds, problemWithRun, problemWithWindow, type Span } from './judge.ts';
import { createModel } from './model.ts';
import { createMonotony } from './monotony.ts';
import { createRequestGenerator, type ListRequest } from './requests.ts';
import { createDice } from '../../test/support/dice.ts';
import { createModelUpstream, NO_FAULTS, type Conditions } from './upstream.ts';

export interface FuzzOptions {
  seed: number;
  /** How many responses to check. */
  answers: number;
  clock: Clock;
  /** Lets so many milliseconds of the clock pass. */
  advance: (ms: number) => Promise<void>;
  /** Concurrent callers; default 8. */
  callers?: number;
  /** The layers between each gateway's cache and the upstream: one entry per gateway. */
  between: readonly ((upstream: Upstream, freshMs: number, staleMs: number) => Upstream)[];
  slackMs?: number;
  /** Whether a response that is older than an earlier one to the same request counts as wrong. Default: yes. */
  checkMonotony?: boolean;
}

export interface FuzzFigures {
  answers: number;
  fresh: number;
  stale: number;
  /** By kind of error. */
  rejected: Record<string, number>;
  /** Descriptions of wrong responses, with those that went back in time unless `checkMonotony` is off. */
  wrong: string[];
  /** Responses to requests that the same gateway had answered before. */
  compared: number;
  /** Runs shown as running after another gateway had shown them as finished. Not counted as wrong. */
  contradictedElsewhere: number;
  wentBack: number;
  calls: number;
}

const FRESH_MS = 400;
const STALE_MS = 4000;
const PAGE_SIZE = 10;
const DEADLINE_MS = 1500;
const LENGTH = 85;

/** So many that a list never grows to the length that it claimed before: that would be indistinguishable from no change. */
const EXTRA_TOTAL = 5000;

/** Rows are few and pages small, so that most windows lie over an edge. */
const conditionSets: readonly { conditions: Partial<Conditions>; extraTotal?: number }[] = [
  { conditions: {} },
  { conditions: {} },
  { conditions: { failures: 0.3 } },
  { conditions: { failures: 1 } },
  { conditions: { hangs: 0.3, failures: 0.1 } },
  { conditions: { shortPages: 0.1 } },
  { conditions: {}, extraTotal: EXTRA_TOTAL },
];

const caps: readonly Partial<Conditions>[] = [
  {},
  {},
  { cap: 7, statesCap: true },
  { cap: 7, statesCap: false },
];

/** Gateways with an upstream whose lists change all the time, and callers that compare each response with the lists' history. */
export async function fuzz(options: FuzzOptions): Promise<FuzzFigures> {
  const { clock, advance, answers: wanted, checkMonotony = true, callers = 8 } = options;
  const dice = createDice(options.seed);
  const model = createModel(clock, dice, LENGTH);
  const upstream = createModelUpstream(model, clock, dice);
  const gateways = options.between.map((wrap) => createGateway(wrap(upstream, FRESH_MS, STALE_MS), clock));
  const generator = createRequestGenerator(dice);
  const monotony = createMonotony();
  const bounds: Bounds = { freshMs: FRESH_MS, staleMs: STALE_MS, slackMs: options.slackMs ?? 0 };
  const figures: FuzzFigures = {
    answers: 0,
    fresh: 0,
    stale: 0,
    rejected: {},
    wrong: [],
    compared: 0,
    contradictedElsewhere: 0,
    wentBack: 0,
    calls: 0,
  };
  const cap = dice.pick(caps);
  const underWay = new Set<Promise<void>>();

  while (figures.answers + underWay.size < wanted) {
    if (dice.chance(0.01)) changeConditions();
    if (dice.chance(0.15)) model.churn(dice);
    while (underWay.size < callers && dice.chance(0.5)) begin(ask());
    if (dice.chance(0.1)) begin(lookUp());
    await advance(1 + dice(dice.chance(0.02) ? 900 : 20));
  }
  upstream.conditions = NO_FAULTS;
  while (underWay.size > 0) await advance(50);
  const { compared, contradictedElsewhere } = monotony;
  return { ...figures, compared, contradictedElsewhere, calls: upstream.calls };

  function begin(work: Promise<void>): void {
    underWay.add(work);
    void work.finally(() => underWay.delete(work));
  }

  function changeConditions(): void {
    const { conditions, extraTotal = 0 } = dice.pick(conditionSets);
    upstream.conditions = { ...NO_FAULTS, ...cap, ...conditions };
    if (extraTotal !== model.extraTotal()) model.setExtraTotal(extraTotal);
  }

  async function ask(): Promise<void> {
    const request = generator.next();
    const gateway = dice(gateways.length);
    const sentAt = clock.now();
    await judged(request, async () => {
      const list = { projectId: model.projectId, filter: request.filter };
      const window = await gatewayAt(gateway).runs(list, request.window);
      generator.note(request, window);
      const span = { sentAt, receivedAt: clock.now() };
      const problem = problemWithWindow(model, request, window, span, bounds);
      noteMonotony(monotony.window(gateway, request, window, span));
      return { staleBecause: window.staleBecause, problem, shown: window };
    });
  }

  async function lookUp(): Promise<void> {
    const { runId } = dice.pick(model.runs({}));
    const gateway = dice(gateways.length);
    const sentAt = clock.now();
    await judged({ runId }, async () => {
      const answer = await gatewayAt(gateway).run(model.projectId, runId);
      const span: Span = { sentAt, receivedAt: clock.now() };
      const problem = problemWithRun(model, runId, answer, span, bounds);
      noteMonotony(monotony.run(gateway, runId, answer, span));
      return { staleBecause: answer.staleBecause, problem, shown: answer };
    });
  }

  function gatewayAt(index: number) {
    const gateway = gateways[index];
    if (!gateway) throw new RangeError(`There is no gateway ${index}.`);
    return gateway;
  }

  function noteMonotony(problem: string | null): void {
    if (problem === null) return;
    figures.wentBack += 1;
    if (checkMonotony) figures.wrong.push(problem);
  }

  async function judged(
    request: ListRequest | { runId: string },
    answer: () => Promise<{ staleBecause: string | null; problem: string | null; shown: unknown }>,
  ): Promise<void> {
    try {
      const { staleBecause, problem, shown } = await answer();
      if (problem !== null) figures.wrong.push(describe(request, problem, shown, clock.now()));
      else figures[staleBecause === null ? 'fresh' : 'stale'] += 1;
    } catch (error) {
      const kind = error instanceof UpstreamError ? error.kind : null;
      if (kind === null)
        figures.wrong.push(describe(request, `No coded error: ${String(error)}`, null, clock.now()));
      else figures.rejected[kind] = (figures.rejected[kind] ?? 0) + 1;
    }
    figures.answers += 1;
  }
}

function describe(request: unknown, problem: string, shown: unknown, now: number): string {
  const short = JSON.stringify(shown, (key, value: unknown) => {
    if (key === 'nodes') return (value as { runId: string }[]).map(({ runId }) => runId).join(' ');
    return value;
  });
  return `${problem} At ${now}, ${JSON.stringify(request)} gave ${short}`;
}

function createGateway(upstream: Upstream, clock: Clock) {
  const report = () => undefined;
  const { upstream: cache, view } = createCache(upstream, {
    clock,
    freshMs: FRESH_MS,
    staleMs: STALE_MS,
    patienceMs: DEADLINE_MS,
    report,
  });
  const memory = createListMemory(PAGE_SIZE, clock);
  const context = (): CallContext => ({
    deadline: clock.now() + DEADLINE_MS,
    priority: 'interactive',
    report,
  });
  const loaders = () => createLoaders(cache, { view, memory, mayRead: () => true }, context());
  return {
    runs: (list: RunListKey, window: WindowRequest) => loaders().runs(list).read(window),
    run: (projectId: string, runId: string) => cache.call('GetPipelineRun', { projectId, runId }, context()),
  };
}
