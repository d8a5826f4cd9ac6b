import type { PipelineRun } from '../../src/core/domain.ts';
import type { Window } from '../../src/core/window.ts';
import type { Span } from './judge.ts';
import type { ListRequest } from './requests.ts';

/**
 * Finds answers that are older than an earlier answer to the same request. Only an answer that arrived before the request was asked
 * again counts as earlier.
 */
export interface Monotony {
  /** How many answers had an earlier one from the same gateway. */
  readonly compared: number;
  /**
   * How often another gateway had shown the run as finished before. Gateways announce only what they read from DataWorks, under the
   * name that they asked by. What they derive from it, such as a deep page or a run of a list, can be newer than any announcement.
   */
  readonly contradictedElsewhere: number;
  /**
   * Describes how a window contradicts an earlier answer of the same gateway for the same window, or returns null. The `asOf` never
   * decreases, and a finished run is never shown as running again.
   */
  window(gateway: number, request: ListRequest, shown: Window<PipelineRun>, span: Span): string | null;
  /** The same for a run that is looked up by id. */
  run(
    gateway: number,
    runId: string,
    answer: { value: PipelineRun | null; asOf: number },
    span: Span,
  ): string | null;
}

interface Seen<Value> {
  receivedAt: number;
  value: Value;
}

const MAX_SEEN_PER_QUESTION = 50;

export function createMonotony(): Monotony {
  const dates = new Map<string, Seen<number>[]>();
  /** When a run was first shown as finished, by request and run. */
  const ends = new Map<string, Seen<PipelineRun['status']>>();
  let compared = 0;
  let contradictedElsewhere = 0;
  return {
    get compared() {
      return compared;
    },
    get contradictedElsewhere() {
      return contradictedElsewhere;
    },
    window(gateway, { filter, window }, { asOf, nodes }, span) {
      const request = JSON.stringify([filter, window]);
      return problemWith(gateway, request, asOf, nodes, span);
    },
    run(gateway, runId, { value, asOf }, span) {
      return problemWith(gateway, runId, asOf, value === null ? [] : [value], span);
    },
  };

  function problemWith(
    gateway: number,
    request: string,
    asOf: number,
    runs: readonly PipelineRun[],
    span: Span,
  ): string | null {
    const problems = [
      noteDate(`${gateway} ${request}`, asOf, span),
      ...runs.map((run) => noteStatus(gateway, request, run, span)),
    ];
    return problems.find((problem) => problem !== null) ?? null;
  }

  function noteDate(key: string, asOf: number, { sentAt, receivedAt }: Span): string | null {
    const seen = dates.get(key) ?? [];
    const earlier = seen.filter((answer) => answer.receivedAt < sentAt).map(({ value }) => value);
    if (earlier.length > 0) compared += 1;
    const newest = Math.max(-Infinity, ...earlier);
    dates.set(key, [...seen, { receivedAt, value: asOf }].slice(-MAX_SEEN_PER_QUESTION));
    return asOf < newest ? `The asOf of ${key} went back by ${newest - asOf} ms.` : null;
  }

  function noteStatus(
    gateway: number,
    request: string,
    { runId, status }: PipelineRun,
    { sentAt, receivedAt }: Span,
  ): string | null {
    const own = `${gateway} ${request} ${runId}`;
    const anywhere = `${request} ${runId}`;
    if (status !== 'RUNNING') {
      for (const key of [own, anywhere]) if (!ends.has(key)) ends.set(key, { receivedAt, value: status });
      return null;
    }
    const [ownEnd, end] = [ends.get(own), ends.get(anywhere)];
    const isKnownHere = ownEnd !== undefined && ownEnd.receivedAt < sentAt;
    if (!isKnownHere && end !== undefined && end.receivedAt < sentAt) contradictedElsewhere += 1;
    return isKnownHere ? `Run ${runId} is RUNNING again for ${request} after ${ownEnd.value}.` : null;
  }
}
