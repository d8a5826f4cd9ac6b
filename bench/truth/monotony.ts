import type { PipelineRun, Window } from '../../src/model.ts';
import type { Span } from './judge.ts';
import type { Question } from './questions.ts';

/** Finds answers that go back in time behind one that had come before they were asked for. */
export interface Monotony {
  /** What is wrong with the `asOf` of a window after others of the same list from the same gateway, or null. */
  window(gateway: number, question: Question, shown: Window<PipelineRun>, span: Span): string | null;
  /** What is wrong with the status of a run after others from any gateway, or null. */
  run(run: PipelineRun | null, span: Span): string | null;
}

interface Seen<Value> {
  receivedAt: number;
  value: Value;
}

const MAX_SEEN = 200;

export function createMonotony(): Monotony {
  const dates = new Map<string, Seen<number>[]>();
  const ends = new Map<string, Seen<PipelineRun['status']>>();
  return {
    window(gateway, { filter }, { asOf, edges }, span) {
      const key = JSON.stringify([gateway, filter]);
      const seen = dates.get(key) ?? [];
      const before = Math.max(
        -Infinity,
        ...seen.filter(({ receivedAt }) => receivedAt < span.sentAt).map(({ value }) => value),
      );
      dates.set(key, [...seen, { receivedAt: span.receivedAt, value: asOf }].slice(-MAX_SEEN));
      if (asOf < before) return `The asOf of list ${key} went back by ${before - asOf} ms.`;
      return edges.map(({ node }) => noteStatus(node, span)).find((problem) => problem !== null) ?? null;
    },
    run: (run, span) => run && noteStatus(run, span),
  };

  function noteStatus({ runId, status }: PipelineRun, { sentAt, receivedAt }: Span): string | null {
    const end = ends.get(runId);
    if (status === 'RUNNING') {
      return end && end.receivedAt < sentAt ? `Run ${runId} is RUNNING again after ${end.value}.` : null;
    }
    if (!end) ends.set(runId, { receivedAt, value: status });
    return null;
  }
}
