import type { Clock } from '../core/clock.ts';
import { type Actions, type CallContext, type Caller, type Upstream, withChanges } from '../core/upstream.ts';
import type { Flights } from './flights.ts';
import type { Memory } from './memory.ts';

/** What the parts of the cache work with. All times in it, and in what passes through it, are the steady clock's. */
export interface CacheKit {
  clock: Clock;
  /** What all that is kept may weigh, in bytes. */
  maxBytes: number;
  /** How long past its freshness a thing may be served, in milliseconds. */
  staleMs: number;
  upstream: Upstream;
  memory: Memory;
  flights: Flights;
  /** Freshness of what can change at any moment, without an allowance that stretches it. Milliseconds. */
  usualFreshMs: number;
  /** The same, stretched where an allowance asks for it. */
  freshMs(): number;
  /** The `asOf` of the newest answer that another replica has read under this key; -Infinity for none. */
  newestElsewhere(key: string): number;
  /** Notes that a short-lived thing is asked for. */
  wanted(key: string): void;
  /**
   * Runs a refresh that nobody waits for on behalf of the caller who was served something stale, unless one of this name is
   * running. Never throws or rejects.
   */
  inBackground(
    name: string,
    caller: Caller | undefined,
    refresh: (context: CallContext) => Promise<unknown>,
  ): void;
}

/** The key under which a run is known, whichever way it came. */
export function runKey({ projectId, runId }: { projectId: string; runId: string }): string {
  return `run/${projectId}/${runId}`;
}

/** The key of one page of a run's items. */
export function itemsKey(params: Actions['ListPipelineRunItems']['params']): string {
  const { projectId, runId, pageNumber, pageSize } = params;
  return `items/${projectId}/${runId}/${pageSize}/${pageNumber}`;
}

/** The key of a list of runs in pages of one size. */
export function listKey({ projectId, filter, pageSize }: Actions['ListPipelineRuns']['params']): string {
  const { status = null, creator = null, objectId = null } = filter;
  return `runs/${JSON.stringify([projectId, status, creator, objectId, pageSize])}`;
}

/** The key of one of its pages. */
export function pageKey(params: Actions['ListPipelineRuns']['params']): string {
  return `${listKey(params)}/${params.pageNumber}`;
}

/** The context of a call whose answer must not be older than `asOf`. */
export function notBefore(asOf: number, context: CallContext): CallContext {
  return asOf > (context.notBefore ?? -Infinity) ? withChanges(context, { notBefore: asOf }) : context;
}

/** How long a caller waits for what another replica has read, before it is served what is known here. Milliseconds. */
const ELSEWHERE_PATIENCE_MS = 500;

/** The context of a call for the answer that another replica has read under the key. */
export function fromElsewhere(kit: CacheKit, key: string, context: CallContext): CallContext {
  const deadline = Math.min(context.deadline, kit.clock.now() + ELSEWHERE_PATIENCE_MS);
  return withChanges(notBefore(kit.newestElsewhere(key), context), { deadline });
}

/** The context of a call whose answer is to replace what was known at `asOf`, where something was. */
export function newerThan(asOf: number | undefined, context: CallContext): CallContext {
  if (asOf === undefined || asOf === -Infinity) return context;
  return withChanges(context, { notBefore: Math.max(context.notBefore ?? -Infinity, asOf + 1) });
}
