import type { Clock } from '../core/clock.ts';
import type { Action, Actions, CacheView, CallContext, CallEvent, Upstream } from '../core/upstream.ts';
import { UpstreamError } from '../core/upstreamError.ts';
import type { CacheCore, Part } from './core.ts';
import type { Demand } from './demand.ts';
import { Entries } from './entries.ts';
import { createEntryCache } from './entryCache.ts';
import { lastingMs } from './freshness.ts';
import { itemsKey, runKey } from './keys.ts';
import { createProjects } from './projects.ts';
import { createRunLists } from './runLists.ts';
import { createSingleFlight, hasLimits } from './singleFlight.ts';

export interface CacheOptions {
  /** Steady: its `now` must not jump. */
  clock: Clock;
  /** Decides how long answers are fresh and how long they may be served. */
  demand: Demand;
  /** The bound of everything stored, in bytes. */
  maxBytes: number;
  /** How long a call may take that several callers wait for, in milliseconds. */
  patienceMs: number;
  /**
   * When the newest answer was read that another replica has under a key; -Infinity if there is none. An older answer is not fresh here.
   * Default: there are no other replicas.
   */
  newestElsewhere?: ((key: string) => number) | null;
  /** Reports what happens to background refreshes. */
  report(event: CallEvent): void;
}

/** The layer, and the read-only view for those who must know what a call would cost. */
export interface CacheLayer {
  upstream: Upstream;
  view: CacheView;
}

/**
 * Stores answers for as long as their state allows, for all operations of the process. Calls in flight are shared; what is stale is
 * served at once while it is refreshed; failures are never cached. All times are those of `options.clock`.
 */
export function withCache(upstream: Upstream, options: CacheOptions): CacheLayer {
  const core = createCore(upstream, options);
  const parts: { [A in Action]: Part<A> } = {
    ListPipelineRuns: createRunLists(core, options.maxBytes),
    GetPipelineRun: createSingle(core, 'GetPipelineRun', runKey),
    ListPipelineRunItems: createSingle(core, 'ListPipelineRunItems', itemsKey),
    ListProjects: createProjects(core),
  };

  return {
    upstream: {
      async call(action, params, context) {
        try {
          return await parts[action].read(params, context).catch((error: unknown) => {
            if (!isStretchedBy(error, core.demand)) throw error;
            // With the last call of the day spent, what is cached is now fresh for longer.
            return parts[action].read(params, context);
          });
        } catch (error) {
          context.reads?.invalidate();
          throw error;
        }
      },
    },
    view: { peek: (action, params) => parts[action].peek(params) },
  };
}

/** The cache of an action whose answers are independent of each other. */
function createSingle<A extends 'GetPipelineRun' | 'ListPipelineRunItems'>(
  core: CacheCore,
  action: A,
  keyOf: (params: Actions[A]['params']) => string,
): Part<A> {
  type Result = Actions[A]['result'];
  const cache = createEntryCache<Actions[A]['params'], Result, Result>(core, {
    action,
    keyOf,
    call: ([params], context) => core.upstream.call(action, params, context),
    valueOf: (value) => value,
    lastingMs: lastingMs[action],
    // A page that is smaller than requested is not cached: another page number may show the same rows.
    isCacheable: (params, value) =>
      value === null ||
      !('pageSize' in value) ||
      !('pageSize' in params) ||
      value.pageSize === params.pageSize,
  });
  return {
    peek: (params) => cache.peek(params),
    async read(params, context) {
      const [answer] = await cache.read([params], context);
      return answer;
    },
  };
}

function isStretchedBy(error: unknown, demand: Demand): boolean {
  if (!(error instanceof UpstreamError) || error.kind !== 'quotaExhausted') return false;
  const before = demand.rules();
  return demand.update().freshMs > before.freshMs;
}

function createCore(upstream: Upstream, options: CacheOptions): CacheCore {
  const { clock, demand, maxBytes, patienceMs, newestElsewhere = null } = options;
  const refreshing = new Set<string>();
  return {
    upstream,
    clock,
    demand,
    entries: new Entries(maxBytes),
    flights: createSingleFlight(clock, patienceMs),
    newestElsewhere,
    inBackground(name, caller, refresh) {
      // The limit of one caller must not hold up the refresh of another.
      const key = hasLimits(caller) ? `${name}\nlimited` : name;
      if (refreshing.has(key)) return;
      refreshing.add(key);
      const context: CallContext = {
        priority: 'refresh',
        caller,
        deadline: clock.now() + patienceMs,
        report: (event) => options.report(event),
      };
      // A failure is stored with the entry that it concerns.
      refresh(context)
        .catch(() => undefined)
        .finally(() => refreshing.delete(key));
    },
  };
}
