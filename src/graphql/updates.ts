import type { PipelineRun, PipelineRunFilter, PipelineRunStatus } from '../core/domain.ts';
import type { SubscriptionCounts } from '../core/observation.ts';
import type { Dated } from '../core/upstream.ts';

/** Update events for as long as somebody subscribes: one for a process. */
export interface SubscriptionSource {
  /**
   * Updates of one run, until it is finished or deleted. Rejects with BAD_USER_INPUT if the run does not exist.
   *
   * @param caller id of the caller that the subscription counts for
   * @param objects of one of its events
   * @throws TOO_MANY_SUBSCRIPTIONS
   */
  run(
    params: { projectId: string; runId: string },
    caller: string,
    objects: number,
  ): AsyncIterableIterator<RunUpdate, undefined>;
  /** Updates of the first canonical page of a list, which has its newest runs. */
  runs(
    params: { projectId: string; filter: PipelineRunFilter },
    caller: string,
    objects: number,
  ): AsyncIterableIterator<RunListUpdate, undefined>;
  counts(): SubscriptionCounts;
}

/** A difference with the age of the read that found it. */
export type RunUpdate = Dated<Omit<RunDifference, 'run'>> & { run: Dated<PipelineRun> };

export type RunListUpdate = Dated<{ updates: RunUpdate[]; totalCount: number }>;

/** What happened to one run. */
export interface RunDifference {
  kind: 'PRESENT' | 'ADDED' | 'CHANGED' | 'REMOVED';
  /** As it is now; a deleted run as it was last. */
  run: PipelineRun;
  changes: RunChange[];
}

/** One changed field of a run or of one of its stages. */
export interface RunChange {
  /** Its name in the schema. */
  field: string;
  /** The code of the stage; null for a field of the run itself. */
  stage: string | null;
  /** Only for the field `status`: null before for a new stage, and after for a removed one. */
  before: PipelineRunStatus | null;
  after: PipelineRunStatus | null;
}
