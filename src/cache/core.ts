import type { Clock } from '../core/clock.ts';
import {
  type Action,
  type Actions,
  type CallContext,
  type Caller,
  type Upstream,
  type UpstreamResult,
  notOlderThan,
  withChanges,
} from '../core/upstream.ts';
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

/** Reports that the cache has the answer, and returns it. */
export function served<Value>(
  action: Action,
  answer: UpstreamResult<Value>,
  context: CallContext,
): UpstreamResult<Value> {
  const { staleBecause: because } = answer;
  context.report(because === null ? { type: 'hit', action } : { type: 'stale', action, because });
  return answer;
}

/** Whether another replica has read a newer answer. Not while an attempt to take that has just failed. */
export function isSuperseded(
  { clock, newestElsewhere }: CacheCore,
  key: string,
  { asOf, failure }: Pick<Entry, 'asOf' | 'failure'>,
): boolean {
  if (newestElsewhere === null || asOf >= newestElsewhere(key)) return false;
  return failure === null || failure.until <= clock.now();
}

/** How long a caller waits for what another replica has read, before it is served what is known here. Milliseconds. */
const ELSEWHERE_PATIENCE_MS = 500;

/** The context of a call for the answer that another replica has read. */
export function fromElsewhere(core: CacheCore, key: string, context: CallContext): CallContext {
  const deadline = Math.min(context.deadline, core.clock.now() + ELSEWHERE_PATIENCE_MS);
  return withChanges(notOlderThan(core.newestElsewhere?.(key) ?? -Infinity, context), { deadline });
}
