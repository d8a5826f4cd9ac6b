import { type CallContext, type Caller, type Clock, type Upstream, withChanges } from '../model.ts';
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

/** The context of a call whose answer is to replace what was known at `asOf`, where something was. */
export function newerThan(asOf: number | undefined, context: CallContext): CallContext {
  if (asOf === undefined || asOf === -Infinity) return context;
  return withChanges(context, { notBefore: Math.max(context.notBefore ?? -Infinity, asOf + 1) });
}
