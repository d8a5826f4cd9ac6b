import { type Problem, problemOf, retryDelayMs } from './problem.ts';

/** A problem and the time of the automatic retry. */
export interface Failure {
  problem: Problem;
  /** Epoch milliseconds of the automatic retry; null if there is none. */
  retryAtMs: number | null;
}

export function failureOf(error: unknown): Failure {
  const problem = problemOf(error);
  const delayMs = retryDelayMs(problem);
  return { problem, retryAtMs: delayMs === null ? null : Date.now() + delayMs };
}
