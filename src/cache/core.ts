import type { Clock } from '../core/clock.ts';
import {
  type Action,
  type Actions,
  type CallContext,
  type CallEvent,
  type Caller,
  type Upstream,
  type UpstreamResult,
  hasLimits,
  notOlderThan,
  withChanges,
} from '../core/upstream.ts';
import type { Demand } from './demand.ts';
import { Entries, type Entry } from './entries.ts';
import { createSingleFlight } from './singleFlight.ts';
import { createStaleness } from './staleness.ts';

/** How the cache answers one action. */
export interface Part<A extends Action> {
  /** Adds what the answer was made from to `context.reads`. */
  read(params: Actions[A]['params'], context: CallContext): Promise<UpstreamResult<Actions[A]['result']>>;
  /** The fresh answer, or null. Makes no call and changes nothing. */
  peek(params: Actions[A]['params']): UpstreamResult<Actions[A]['result']> | null;
}

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

/** What the parts of the cache share. */
export type CacheCore = ReturnType<typeof createCore>;

export function createCore(upstream: Upstream, options: CacheOptions) {
  const { clock, demand, maxBytes, patienceMs, newestElsewhere = null } = options;
  const refreshing = new Set<string>();
  const staleness = createStaleness(clock);
  return {
    upstream,
    clock,
    demand,
    maxBytes,
    newestElsewhere,
    entries: new Entries(maxBytes, clock),
    flights: createSingleFlight(clock, patienceMs),
    /** Runs a refresh for the caller that was served something stale, unless one of this name is running. Never throws or rejects. */
    inBackground(
      name: string,
      caller: Caller | undefined,
      refresh: (context: CallContext) => Promise<unknown>,
    ): void {
      // The limit of one caller must not hold up the refresh of another.
      const key = hasLimits(caller) ? `${name}\nlimited` : name;
      staleness.note(name, caller?.id);
      if (refreshing.has(key)) return;
      refreshing.add(key);
      const context: CallContext = {
        priority: 'refresh',
        get urgency() {
          return staleness.urgencyOf(name);
        },
        caller,
        deadline: clock.now() + patienceMs,
        report: (event) => options.report(event),
      };
      // A failure is stored with the entry that it concerns.
      refresh(context)
        .then(
          () => staleness.ended(name),
          () => undefined,
        )
        .finally(() => refreshing.delete(key));
    },
  };
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
