import type { Clock } from '../core/clock.ts';
import {
  type Action,
  type Actions,
  type UpstreamResult,
  type CacheView,
  type CallContext,
  type CallEvent,
  type CachedResult,
  type Upstream,
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
import { createDependency } from './sources.ts';

export interface CacheOptions extends FreshnessSettings {
  /** Steady: its `now` must not jump. */
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
   * The `asOf` of the newest answer that another replica has read under a key, in steady time; -Infinity for none. What is
   * older here is asked for below again, where that answer is. Default: there are no others.
   */
  newestElsewhere?: (key: string) => number;
  /** Told of what happens to refreshes in the background. */
  report(event: CallEvent): void;
}

/** The layer, and the read-only view for those who must know what a call would cost. */
export interface Cached {
  upstream: Upstream;
  view: CacheView;
}

/**
 * Stores answers for as long as their state allows, for all operations of the process. Calls in flight are shared; what is
 * stale is served at once while it is refreshed; failures are never cached. All times are those of `options.clock`.
 */
export function cached(upstream: Upstream, options: CacheOptions): Cached {
  const demand = options.demand ?? createDemand(options);
  const kit = createKit(upstream, demand, options);
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
    upstream: {
      async call(action, params, context) {
        const read = () => parts[action].read(params, context);
        try {
          const answer = await read().catch((error: unknown) => {
            // With the last call gone, what is known has to do until the day turns, and this may be known.
            if (isExhausted(error) && hasStretched(demand)) return read();
            throw error;
          });
          const recall = parts[action].recaller(params);
          context.reads?.add(
            action,
            answer.staleBecause === null ? [createDependency(action, answer, recall)] : null,
          );
          return undated(answer);
        } catch (error) {
          context.reads?.invalidate();
          throw error;
        }
      },
    },
    view: {
      peek(action, params) {
        const answer = parts[action].peek(params);
        return answer && undated(answer);
      },
    },
  };
}

function undated<Value>({ value, asOf, staleBecause }: UpstreamResult<Value>): UpstreamResult<Value> {
  return { value, asOf, staleBecause };
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

function createKit(upstream: Upstream, demand: Demand, options: CacheOptions): CacheKit {
  const { clock, maxBytes, staleMs, patienceMs, newestElsewhere = () => -Infinity } = options;
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
    newestElsewhere,
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
