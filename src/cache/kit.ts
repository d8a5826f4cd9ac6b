import type { CallContext, Clock, Upstream } from '../model.ts';
import type { Flights } from './flights.ts';
import type { Memory } from './memory.ts';

/** What the parts of the cache work with. */
export interface CacheKit {
  clock: Clock;
  /** What all that is kept may weigh, in bytes. */
  maxBytes: number;
  /** How long past its freshness a thing may be served, in milliseconds. */
  staleMs: number;
  upstream: Upstream;
  memory: Memory;
  flights: Flights;
  /** Freshness of what can change at any moment, stretched where an allowance asks for it. Milliseconds. */
  freshMs(): number;
  /** Notes that a short-lived thing is asked for. */
  wanted(key: string): void;
  /** Runs a refresh that nobody waits for, unless one of this name is running. Never throws or rejects. */
  inBackground(name: string, refresh: (context: CallContext) => Promise<unknown>): void;
}

/** The key under which a run is known, whichever way it came. */
export function runKey({ projectId, runId }: { projectId: string; runId: string }): string {
  return `run/${projectId}/${runId}`;
}
