import type { SubscriptionSource } from '../graphql/subscriptionSource.ts';
import type { RunListUpdate } from '../graphql/subscriptionSource.ts';
import type { RunUpdate } from '../graphql/subscriptionSource.ts';
import type { Dated } from '../graphql/subscriptionSource.ts';
import { badUserInput } from '../core/errors.ts';
import type { Clock } from '../core/clock.ts';
import type { PipelineRun, PipelineRunStatus } from '../core/domain.ts';
import type {
  Action,
  Actions,
  UpstreamResult,
  CachedUpstream,
  CallContext,
  CallEvent,
  Page,
} from '../core/upstream.ts';
import { changesBetween } from './changes.ts';
import { asPresent, stepsBetween } from './listChanges.ts';
import type { RunStep } from '../graphql/subscriptionSource.ts';
import { createSeats, type SeatLimits } from './seats.ts';
import { createWatch, type Topic, type Watch } from './watch.ts';

export interface SubscriptionSourceOptions {
  clock: Clock;
  limits: SeatLimits;
  /** Rows of a canonical page. Can change. */
  readonly pageSize: number;
  /** Between polls while a stage runs, and how old an answer counts as the present. Milliseconds. */
  fastMs: number;
  /** Between polls while none does. Milliseconds. */
  slowMs: number;
  /** How long one poll may take, in milliseconds. */
  deadlineMs: number;
  /** Told of what happens to the polls' calls. */
  report: (event: CallEvent) => void;
}

/** No poller asks more often than this, however short freshness is set. Milliseconds. */
const MIN_FAST_MS = 1000;

export function createSubscriptionSource(
  upstream: CachedUpstream,
  options: SubscriptionSourceOptions,
): SubscriptionSource {
  const fastMs = Math.max(MIN_FAST_MS, options.fastMs);
  const paces = { ...options, fastMs, slowMs: Math.max(fastMs, options.slowMs) };
  const seats = createSeats(options.limits);
  const runs = new Map<string, Watch<RunUpdate>>();
  const lists = new Map<string, Watch<RunListUpdate>>();

  return {
    run(key, caller, objects) {
      const leave = seats.take(caller, objects);
      const read = (context: CallContext) => readFresh('GetPipelineRun', key, context);
      return watchOf(runs, `${key.projectId}/${key.runId}`, runTopic(read), caller).listen(leave);
    },
    runs({ projectId, filter }, caller, objects) {
      const leave = seats.take(caller, objects);
      const { status = null, creator = null, objectId = null } = filter;
      const page = () => ({ projectId, filter, pageNumber: 1, pageSize: options.pageSize });
      const read = (context: CallContext) => readFresh('ListPipelineRuns', page(), context);
      const key = JSON.stringify([projectId, status, creator, objectId]);
      return watchOf(lists, key, listTopic(read), caller).listen(leave);
    },
    counts: () => ({ subscriptions: seats.taken, pollers: runs.size + lists.size }),
  };

  function watchOf<State, News>(
    watches: Map<string, Watch<News>>,
    key: string,
    topic: Topic<State, News>,
    caller: string,
  ): Watch<News> {
    const known = watches.get(key);
    if (known) return known;
    const watch = createWatch(topic, {
      ...paces,
      caller: { id: caller },
      onEnd: () => void watches.delete(key),
    });
    watches.set(key, watch);
    return watch;
  }

  /**
   * Takes what the cache has while that is fresh, however far an allowance stretches it. What is not is read anew at the
   * poller's own priority: served stale, it would be refreshed behind at a higher one, and the event labelled. The cache decides
   * at one reading of its clock: two readings can differ by a millisecond.
   */
  function readFresh<A extends Action>(
    action: A,
    params: Actions[A]['params'],
    context: CallContext,
  ): Promise<UpstreamResult<Actions[A]['result']>> {
    return upstream.call(action, params, { ...context, freshOnly: true });
  }
}

type Read<State> = (context: CallContext) => Promise<UpstreamResult<State>>;

function runTopic(read: Read<PipelineRun | null>): Topic<PipelineRun | null, RunUpdate> {
  return {
    read,
    hasChanged: (before, after) =>
      before === null || after === null ? before !== after : changesBetween(before, after).length > 0,
    isUnderWay: (run) => run !== null && isUnderWay(run),
    isOver: (run) => run === null || finished.has(run.status),
    tell: (before, now) => updateOf(stepOf(before?.value ?? null, now.value), datesOf(now)),
  };
}

/** @throws BAD_USER_INPUT for a run that never was. */
function stepOf(before: PipelineRun | null, now: PipelineRun | null): RunStep {
  if (now === null) {
    if (before !== null) return { kind: 'REMOVED', run: before, changes: [] };
    throw badUserInput('There is no run of this `runId` in this project: nothing will ever be told of it.');
  }
  const changes = before === null ? [] : changesBetween(before, now);
  return { kind: changes.length > 0 ? 'CHANGED' : 'PRESENT', run: now, changes };
}

function listTopic(read: Read<Page<PipelineRun>>): Topic<Page<PipelineRun>, RunListUpdate> {
  return {
    read,
    hasChanged: (before, after) =>
      before.totalCount !== after.totalCount || stepsBetween(before, after).length > 0,
    isUnderWay: ({ rows }) => rows.some(isUnderWay),
    isOver: () => false,
    tell(before, now) {
      const steps = before === null ? asPresent(now.value) : stepsBetween(before.value, now.value);
      const dates = datesOf(now);
      return {
        updates: steps.map((step) => updateOf(step, dates)),
        totalCount: now.value.totalCount,
        ...dates,
      };
    },
  };
}

function updateOf(step: RunStep, dates: Dated): RunUpdate {
  return { ...step, ...dates, run: { ...dates, ...step.run } };
}

function datesOf({ asOf, staleBecause }: UpstreamResult<unknown>): Dated {
  return { asOf, staleBecause };
}

/** A run that waits for somebody to advance it is under way by its status, with none of its stages running. */
function isUnderWay({ status, stages }: PipelineRun): boolean {
  return !finished.has(status) && stages.some((stage) => stage.status === 'RUNNING');
}

const finished: ReadonlySet<PipelineRunStatus> = new Set(['SUCCEEDED', 'FAILED', 'TERMINATED', 'CANCELED']);
