import type { Action, Actions, CacheView, Upstream } from '../core/upstream.ts';
import { UpstreamError } from '../core/upstreamError.ts';
import { type CacheCore, type CacheOptions, createCore, type Part } from './core.ts';
import type { Demand } from './demand.ts';
import { createEntryCache, type EntryKind, type EntryStorage } from './entryCache.ts';
import { createEntryStorage } from './entryStorage.ts';
import { lastingMs } from './freshness.ts';
import { keyOf } from './keys.ts';
import { createProjects } from './projects.ts';
import { createRunLists } from './runLists.ts';
import { createRunStorage } from './runs.ts';

/** The layer, and the read-only view for those who must know what a call would cost. */
export interface CacheLayer {
  upstream: Upstream;
  view: CacheView;
  /** The estimated size of everything stored, which `maxBytes` bounds. */
  bytesStored: () => number;
}

const ITEMS = 'ListPipelineRunItems';

/**
 * Stores answers for as long as their state allows, for all operations of the process. Calls in flight are shared; what is stale is
 * served at once while it is refreshed; failures are never cached. All times are those of `options.clock`.
 */
export function withCache(upstream: Upstream, options: CacheOptions): CacheLayer {
  const core = createCore(upstream, options);
  const { entries } = core;
  const parts: { [A in Action]: Part<A> } = {
    ListPipelineRuns: createRunLists(core),
    GetPipelineRun: createSingle(core, 'GetPipelineRun', createRunStorage(entries)),
    ListPipelineRunItems: createSingle(
      core,
      ITEMS,
      createEntryStorage(entries, keyOf[ITEMS], lastingMs[ITEMS]),
    ),
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
          context.reads?.add(action, null);
          throw error;
        }
      },
    },
    view: { peek: (action, params) => parts[action].peek(params) },
    bytesStored: () => entries.calculatedSize,
  };
}

/** The cache of an action whose answers are independent of each other. */
function createSingle<A extends 'GetPipelineRun' | 'ListPipelineRunItems'>(
  core: CacheCore,
  action: A,
  storage: EntryStorage<Actions[A]['params'], Actions[A]['result']>,
): Part<A> {
  type Result = Actions[A]['result'];
  const kind: EntryKind<Actions[A]['params'], Result, Result> = {
    action,
    keyOf: keyOf[action],
    call: ([params], context) => core.upstream.call(action, params, context),
    valueOf: (value) => value,
    // A page that is smaller than requested is not cached: another page number may show the same rows.
    isCacheable: (params, value) =>
      value === null ||
      !('pageSize' in value) ||
      !('pageSize' in params) ||
      value.pageSize === params.pageSize,
  };
  const cache = createEntryCache(core, kind, storage);
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
