import type { Clock } from '../core/clock.ts';
import {
  type Action,
  type Actions,
  type CallContext,
  type Caller,
  type StaleReason,
  type Upstream,
  type UpstreamResult,
  notOlderThan,
  withChanges,
} from '../core/upstream.ts';
import type { Dated, FreshnessRules } from './freshness.ts';
import type { Demand } from './demand.ts';
import type { Entries, Entry } from './entries.ts';
import type { SingleFlight } from './singleFlight.ts';

/** How the cache answers one action. */
export interface Part<A extends Action> {
  /** Adds what the answer was made from to `context.reads`. */
  read(params: Actions[A]['params'], context: CallContext): Promise<UpstreamResult<Actions[A]['result']>>;
  /** The fresh answer, or null. Makes no call and changes nothing. */
  peek(params: Actions[A]['params']): UpstreamResult<Actions[A]['result']> | null;
}

/** What the parts of the cache share. */
export interface CacheCore {
  clock: Clock;
  upstream: Upstream;
  entries: Entries;
  flights: SingleFlight;
  demand: Demand;
  maxBytes: number;
  staleMs: number;
  rules(): FreshnessRules;
  /** The `asOf` of the newest answer that another replica has read under a key; -Infinity if there is none. Null without other replicas. */
  newestElsewhere: ((key: string) => number) | null;
  /**
   * Runs a refresh for the caller that was served something stale, unless one of this name is running. Never throws or rejects.
   */
  inBackground(
    name: string,
    caller: Caller | undefined,
    refresh: (context: CallContext) => Promise<unknown>,
  ): void;
}

/** Reports the cache hit, and returns the answer. */
export function served<Value>(
  action: Action,
  { value, asOf }: Dated<Value>,
  because: StaleReason | null,
  context: CallContext,
): UpstreamResult<Value> {
  context.report(because === null ? { type: 'hit', action } : { type: 'stale', action, because });
  return { value, asOf, staleBecause: because };
}

/** Whether another replica has read a newer answer. Not while an attempt to take that has just failed. */
export function isSuperseded(
  core: CacheCore,
  key: string,
  { asOf, failure }: Pick<Entry, 'asOf' | 'failure'>,
): boolean {
  if (core.newestElsewhere === null || asOf >= core.newestElsewhere(key)) return false;
  return failure === null || failure.until <= core.clock.now();
}

/** How long a caller waits for what another replica has read, before it is served what is known here. Milliseconds. */
const ELSEWHERE_PATIENCE_MS = 500;

/** The context of a call for the answer that another replica has read. */
export function fromElsewhere(core: CacheCore, key: string, context: CallContext): CallContext {
  const deadline = Math.min(context.deadline, core.clock.now() + ELSEWHERE_PATIENCE_MS);
  return withChanges(notOlderThan(core.newestElsewhere?.(key) ?? -Infinity, context), { deadline });
}
