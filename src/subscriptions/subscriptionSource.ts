import type { Clock } from '../core/clock.ts';
import { isFinished, type PipelineRun } from '../core/domain.ts';
import { badUserInput } from '../core/errors.ts';
import type { CallContext, CallEvent, Page, Upstream, UpstreamResult } from '../core/upstream.ts';
import type {
  RunDifference,
  RunListUpdate,
  RunUpdate,
  SubscriptionSource,
} from '../graphql/subscriptionSource.ts';
import { listDifferences, presentRows } from './listChanges.ts';
import { createPoller, type Poller } from './poller.ts';
import type { Topic } from './pollState.ts';
import { changesBetween } from './runChanges.ts';
import { createSubscriptionLimiter, type SubscriptionLimits } from './subscriptionLimiter.ts';

export interface SubscriptionSourceOptions {
  clock: Clock;
  limits: SubscriptionLimits;
  /** Rows of a canonical page. Can change. */
  readonly pageSize: number;
  /** Poll interval while a stage runs, and the age up to which a value counts as current. Milliseconds. */
  fastMs: number;
  /** Poll interval otherwise, in milliseconds. */
  slowMs: number;
  /** How long one poll may take, in milliseconds. */
  deadlineMs: number;
  /** Receives the events of the polls' calls. */
  report: (event: CallEvent) => void;
}

/** The shortest poll interval, however short the freshness is set. Milliseconds. */
const MIN_FAST_MS = 1000;

/** One poller for each run and each list that somebody subscribes to. */
export function createSubscriptionSource(
  upstream: Upstream,
  options: SubscriptionSourceOptions,
): SubscriptionSource {
  const fastMs = Math.max(MIN_FAST_MS, options.fastMs);
  const slowMs = Math.max(fastMs, options.slowMs);
  const limiter = createSubscriptionLimiter(options.limits);
  const runPollers = new Map<string, Poller<RunUpdate>>();
  const listPollers = new Map<string, Poller<RunListUpdate>>();

  return {
    run(params, caller, objects = 0) {
      const close = limiter.open(caller, objects);
      const read = (context: CallContext) => upstream.call('GetPipelineRun', params, freshOnly(context));
      const key = `${params.projectId}/${params.runId}`;
      return pollerOf(runPollers, key, runTopic(read), caller).listen(close);
    },
    runs({ projectId, filter }, caller, objects = 0) {
      const close = limiter.open(caller, objects);
      const read = (context: CallContext) => {
        const params = { projectId, filter, pageNumber: 1, pageSize: options.pageSize };
        return upstream.call('ListPipelineRuns', params, freshOnly(context));
      };
      const { status = null, creator = null, objectId = null } = filter;
      const key = JSON.stringify([projectId, status, creator, objectId]);
      return pollerOf(listPollers, key, listTopic(read), caller).listen(close);
    },
    counts: () => ({ subscriptions: limiter.openCount(), pollers: runPollers.size + listPollers.size }),
  };

  function pollerOf<Value, Event>(
    pollers: Map<string, Poller<Event>>,
    key: string,
    topic: Topic<Value, Event>,
    caller: string,
  ): Poller<Event> {
    const existing = pollers.get(key);
    if (existing) return existing;
    const onEnd = (): void => void pollers.delete(key);
    const poller = createPoller(topic, { ...options, fastMs, slowMs, caller: { id: caller }, onEnd });
    pollers.set(key, poller);
    return poller;
  }
}

/**
 * Uses the cache while its value is fresh, also by a stretched freshness, and reads at the poller's own priority otherwise. A stale
 * value would be refreshed at a higher priority, and labelled. Only the cache can decide, at one reading of its clock.
 */
function freshOnly(context: CallContext): CallContext {
  return { ...context, freshOnly: true };
}

type Read<Value> = (context: CallContext) => Promise<UpstreamResult<Value>>;

function runTopic(read: Read<PipelineRun | null>): Topic<PipelineRun | null, RunUpdate> {
  return {
    read,
    hasChanged: (before, after) =>
      before === null || after === null ? before !== after : changesBetween(before, after).length > 0,
    isActive: (run) => run !== null && isActive(run),
    isFinal: (run) => run === null || isFinished(run),
    describe: (before, after) => updateOf(runDifference(before?.value ?? null, after.value), after),
  };
}

/** @throws BAD_USER_INPUT for a run that does not exist. */
function runDifference(before: PipelineRun | null, after: PipelineRun | null): RunDifference {
  if (after === null) {
    if (before !== null) return { kind: 'REMOVED', run: before, changes: [] };
    throw badUserInput('This project has no run with this `runId`, so it can have no updates.');
  }
  const changes = before === null ? [] : changesBetween(before, after);
  return { kind: changes.length > 0 ? 'CHANGED' : 'PRESENT', run: after, changes };
}

function listTopic(read: Read<Page<PipelineRun>>): Topic<Page<PipelineRun>, RunListUpdate> {
  return {
    read,
    hasChanged: (before, after) =>
      before.totalCount !== after.totalCount || listDifferences(before, after).length > 0,
    isActive: ({ rows }) => rows.some(isActive),
    isFinal: () => false,
    describe(before, after) {
      const { asOf, staleBecause, value } = after;
      const differences = before === null ? presentRows(value) : listDifferences(before.value, value);
      const updates = differences.map((difference) => updateOf(difference, after));
      return { updates, totalCount: value.totalCount, asOf, staleBecause };
    },
  };
}

function updateOf(difference: RunDifference, { asOf, staleBecause }: UpstreamResult<unknown>): RunUpdate {
  return { ...difference, asOf, staleBecause, run: { asOf, staleBecause, ...difference.run } };
}

/** A run that waits for a person to advance it has an unfinished status, but none of its stages is running. */
function isActive(run: PipelineRun): boolean {
  return !isFinished(run) && run.stages.some((stage) => stage.status === 'RUNNING');
}
