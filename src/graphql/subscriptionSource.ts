import type { SubscriptionCounts } from '../core/observation.ts';
import type { PipelineRun } from '../core/domain.ts';
import type { PipelineRunStatus } from '../core/domain.ts';
import type { StaleReason } from '../core/upstream.ts';
import type { PipelineRunFilter } from '../core/domain.ts';
export interface Dated {
  /** Epoch milliseconds at which it was last known true. */
  asOf: number;
  /** Null while polls succeed; else why what is told is older than it should be. */
  staleBecause: StaleReason | null;
}

/** A step with its dates, which are its run's as well. */
export interface RunUpdate extends Dated, Omit<RunStep, 'run'> {
  run: RunStep['run'] & Dated;
}

export interface RunListUpdate extends Dated {
  updates: RunUpdate[];
  totalCount: number;
}

/** News for as long as somebody listens: one for a process. */
export interface SubscriptionSource {
  /**
   * News of one run, which end when it is finished or gone. Rejects with BAD_USER_INPUT where there is none.
   *
   * @param caller whom the subscription counts for
   * @param objects of one of its events
   * @throws TOO_MANY_SUBSCRIPTIONS
   */
  run(
    key: { projectId: string; runId: string },
    caller: string,
    objects?: number,
  ): AsyncIterableIterator<RunUpdate, undefined>;
  /** News of the first canonical page of a list: as many of its newest runs as that has. */
  runs(
    list: { projectId: string; filter: PipelineRunFilter },
    caller: string,
    objects?: number,
  ): AsyncIterableIterator<RunListUpdate, undefined>;
  counts(): SubscriptionCounts;
}

/** One thing about a run that is not as it was. */
export interface RunChange {
  /** The field of the run or stage, by its name in the schema. */
  field: string;
  /** The code of the stage; null where it is a field of the run itself. */
  stage: string | null;
  /** The statuses where the field is `status`: null before for a new stage, and after for one that is gone. */
  before: PipelineRunStatus | null;
  after: PipelineRunStatus | null;
}

/** What happened to one run, with the run as it is then; for one that is gone, as it was seen last. */
export interface RunStep {
  kind: 'PRESENT' | 'ADDED' | 'CHANGED' | 'REMOVED';
  run: PipelineRun;
  changes: RunChange[];
}
