import { type Problem, problemOf, retryDelayMs } from './problem.ts';

/** A problem, and when it is tried anew. */
export interface Trouble {
  problem: Problem;
  /** Epoch milliseconds of the next try by itself; null where there is none. */
  retryAtMs: number | null;
}

export function troubleOf(error: unknown): Trouble {
  const problem = problemOf(error);
  const delayMs = retryDelayMs(problem);
  return { problem, retryAtMs: delayMs === null ? null : Date.now() + delayMs };
}
