import type { Clock } from '../core/clock.ts';
import {
  type Action,
  type Actions,
  type UpstreamResult,
  type CachedUpstream,
  type CallContext,
  type CallEvent,
  type CachedResult,
  type Upstream,
  withChanges,
} from '../core/upstream.ts';
import { UpstreamError } from '../core/upstreamError.ts';
import { createDemand, type Demand } from './demand.ts';
import { createFlights, keyFor } from './flights.ts';
import type { FreshnessSettings, Pace } from './freshness.ts';
import { type CacheKit, itemsKey, runKey } from './kit.ts';
import { createMemory } from './memory.ts';
import { createProjects } from './projects.ts';
import { createRunLists } from './runLists.ts';
import { createSingles } from './singles.ts';
import { createSteadyClock, type SteadyClock } from './steadyClock.ts';

export interface CacheOptions extends FreshnessSettings {
  clock: Clock;
  /** What all that is kept may weigh, in bytes. */
  maxBytes: number;
  /** How long a call may take that several callers wait for, in milliseconds. */
  patienceMs: number;
  /** What is left of the windows of calls that are longer than a second, if there are such. */
  paces(): readonly Pace[];
  /** Default: one of its own. To be given where a layer below must know the freshness that it comes to. */
  demand?: Demand;
  /**
   * The `asOf` of the newest answer that another replica has read under a key, in epoch milliseconds; -Infinity for none. What is
   * older here is asked for below again, where that answer is. Default: there are no others.
   */
  newestElsewhere?: (key: string) => number;
  /** Told of what happens to refreshes in the background. */
  report(event: CallEvent): void;
}

/**
 * Remembers answers for as long as their state allows, for all operations of the process. Calls under way are shared; what is
 * stale is served at once while it is refreshed; failures are never remembered as answers.
 */
export function cached(upstream: Upstream, options: CacheOptions): CachedUpstream {
  const steady = createSteadyClock(options.clock);
  const demand = options.demand ?? createDemand(options);
  const kit = createKit(steadily(upstream, steady), steady, demand, options);
  const lists = createRunLists(kit);
  const projects = createProjects(kit);
  const parts: { [A in Action]: Part<A> } = {
    ListPipelineRuns: lists,
    GetPipelineRun: createSingles(kit, 'GetPipelineRun', runKey),
    ListPipelineRunItems: createSingles(kit, 'ListPipelineRunItems', itemsKey),
    ListProjects: {
      read: ({ projectIds }, context) => projects.read(projectIds, context),
      peek: ({ projectIds }) => projects.peek(projectIds),
      recaller:
        ({ projectIds }) =>
        () =>
          projects.recall(projectIds),
    },
  };

  return {
    async call(action, params, context) {
      const read = () => parts[action].read(params, inSteadyTime(context, steady));
      const answer = await read().catch((error: unknown) => {
        // With the last call gone, what is known has to do until the day turns, and this may be known.
        if (isExhausted(error) && hasStretched(demand)) return read();
        throw error;
      });
      return inWallTime(answer, steady);
    },
    peek(action, params) {
      const answer = parts[action].peek(params);
      return answer && inWallTime(answer, steady);
    },
    recaller(action, params) {
      const recall = parts[action].recaller(params);
      return () => {
        const answer = recall();
        if (answer === null) return null;
        const { value, asOf, staleBecause, freshUntil } = answer;
        return { value, asOf: steady.toWall(asOf), staleBecause, freshUntil: steady.toWall(freshUntil) };
      };
    },
  };
}

function isExhausted(error: unknown): boolean {
  return error instanceof UpstreamError && error.kind === 'quotaExhausted';
}

function hasStretched(demand: Demand): boolean {
  const beforeMs = demand.freshMs();
  demand.reckon();
  return demand.freshMs() > beforeMs;
}

/** What answers one action, in steady time. */
interface Part<A extends Action> {
  read(params: Actions[A]['params'], context: CallContext): Promise<UpstreamResult<Actions[A]['result']>>;
  peek(params: Actions[A]['params']): UpstreamResult<Actions[A]['result']> | null;
  recaller(params: Actions[A]['params']): () => CachedResult<Actions[A]['result']> | null;
}

function createKit(upstream: Upstream, clock: SteadyClock, demand: Demand, options: CacheOptions): CacheKit {
  const { maxBytes, staleMs, patienceMs, newestElsewhere = () => -Infinity } = options;
  const refreshing = new Set<string>();
  return {
    upstream,
    clock,
    maxBytes,
    staleMs,
    memory: createMemory(maxBytes),
    flights: createFlights(clock, patienceMs),
    usualFreshMs: options.freshMs,
    freshMs: () => demand.freshMs(),
    newestElsewhere: (key) => pastFromWall(newestElsewhere(key), clock),
    wanted: (key) => demand.note(key),
    inBackground(name, caller, refresh) {
      const key = keyFor(name, caller);
      if (refreshing.has(key)) return;
      refreshing.add(key);
      const context: CallContext = {
        priority: 'refresh',
        caller,
        deadline: clock.now() + patienceMs,
        report: (event) => options.report(event),
      };
      // What went wrong is kept with the thing that it went wrong for.
      refresh(context)
        .catch(() => undefined)
        .finally(() => refreshing.delete(key));
    },
  };
}

/** The upstream in steady time. */
function steadily(upstream: Upstream, steady: SteadyClock): Upstream {
  return {
    async call(action, params, context) {
      const { deadline, notBefore } = context;
      const answer = await upstream.call(
        action,
        params,
        withChanges(context, {
          deadline: steady.toWall(deadline),
          notBefore: notBefore === undefined ? undefined : steady.toWall(notBefore),
        }),
      );
      return { ...answer, asOf: pastFromWall(answer.asOf, steady) };
    },
  };
}

function inWallTime<Value>(
  { value, asOf, staleBecause }: UpstreamResult<Value>,
  steady: SteadyClock,
): UpstreamResult<Value> {
  return { value, asOf: steady.toWall(asOf), staleBecause };
}

/** A caller's context in steady time. */
function inSteadyTime(context: CallContext, steady: SteadyClock): CallContext {
  const { deadline, notBefore } = context;
  return withChanges(context, {
    deadline: steady.fromWall(deadline),
    notBefore: notBefore === undefined ? undefined : notBeforeFromWall(notBefore, steady),
  });
}

/** A millisecond ahead asks for an answer that is newer than one of this very millisecond. More is of before the clock was set back. */
function notBeforeFromWall(time: number, steady: SteadyClock): number {
  const [notBefore, now] = [steady.fromWall(time), steady.now()];
  return notBefore <= now + 1 ? notBefore : now;
}

/** What was dated before the clock was set back can lie in the future by now. */
function pastFromWall(time: number, steady: SteadyClock): number {
  return Math.min(steady.fromWall(time), steady.now());
}
