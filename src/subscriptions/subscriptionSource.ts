import type { Clock } from '../core/clock.ts';
import { isFinished, type PipelineRun } from '../core/domain.ts';
import { badUserInput, requestError } from '../core/errors.ts';
import type { CallContext, CallEvent, Page, Upstream, UpstreamResult } from '../core/upstream.ts';
import type { RunDifference, RunListUpdate, RunUpdate, SubscriptionSource } from '../graphql/updates.ts';
import { changesBetween, listDifferences } from './changes.ts';
import { createKeyedCounter } from './keyedCounter.ts';
import { createPoller, type Poller } from './poller.ts';
import type { Topic } from './pollState.ts';

export interface SubscriptionSourceOptions {
  clock: Clock;
  limits: {
    /** Subscriptions that one caller may have open. */
    perCaller: number;
    /** Subscriptions that may be open in all. */
    inAll: number;
    /** Objects that one event of each of a caller's subscriptions may have together. */
    objectsPerCaller: number;
  };
  /** Rows of a canonical page. Can change. */
  pageSize: () => number;
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
  const subscriptions = createKeyedCounter();
  const eventObjects = createKeyedCounter();
  const runPollers = new Map<string, Poller<RunUpdate>>();
  const listPollers = new Map<string, Poller<RunListUpdate>>();

  return {
    run(params, caller, objects) {
      const key = `${params.projectId}/${params.runId}`;
      const read = (context: CallContext) => upstream.call('GetPipelineRun', params, context);
      return listen(runPollers, key, { ...runTopic, read }, caller, objects);
    },
    runs({ projectId, filter }, caller, objects) {
      const { status = null, creator = null, objectId = null } = filter;
      const key = JSON.stringify([projectId, status, creator, objectId]);
      const read = (context: CallContext) => {
        const params = { projectId, filter, pageNumber: 1, pageSize: options.pageSize() };
        return upstream.call('ListPipelineRuns', params, context);
      };
      return listen(listPollers, key, { ...listTopic, read }, caller, objects);
    },
    counts: () => ({ subscriptions: subscriptions.total(), pollers: runPollers.size + listPollers.size }),
  };

  function listen<Value, Event>(
    pollers: Map<string, Poller<Event>>,
    key: string,
    topic: Topic<Value, Event>,
    caller: string,
    objects: number,
  ): AsyncIterableIterator<Event, undefined> {
    const close = open(caller, objects);
    let poller = pollers.get(key);
    if (!poller) {
      const onEnd = (): void => void pollers.delete(key);
      poller = createPoller(topic, { ...options, fastMs, slowMs, caller: { id: caller }, onEnd });
      pollers.set(key, poller);
    }
    return poller.listen(close);
  }

  /**
   * Counts one more subscription of a caller. Returns a function that ends it.
   *
   * @throws TOO_MANY_SUBSCRIPTIONS at any limit
   */
  function open(caller: string, objects: number): () => void {
    const { perCaller, inAll, objectsPerCaller } = options.limits;
    const count = subscriptions.of(caller);
    const objectsInAll = eventObjects.of(caller) + objects;
    if (count >= perCaller)
      throw limitError(`You have ${count} subscriptions open, the maximum`, 'LIVE_MAX_PER_CALLER');
    if (subscriptions.total() >= inAll)
      throw limitError(`This gateway has ${inAll} subscriptions open, the maximum`, 'LIVE_MAX');
    if (objectsInAll > objectsPerCaller)
      throw limitError(
        `One event of each of your subscriptions would have ${objectsInAll} objects together, more than the ${objectsPerCaller}`,
        'LIVE_MAX_OBJECTS_PER_CALLER',
      );
    const close = subscriptions.add(caller);
    const releaseObjects = eventObjects.add(caller, objects);
    return () => {
      close();
      releaseObjects();
    };
  }
}

function limitError(state: string, setting: string): Error {
  const message = `${state} that ${setting} allows: end one, poll with a query, or ask the operator to raise it.`;
  return requestError({ code: 'TOO_MANY_SUBSCRIPTIONS', message, status: 429 });
}

const runTopic: Omit<Topic<PipelineRun | null, RunUpdate>, 'read'> = {
  hasChanged: (before, after) =>
    before === null || after === null ? before !== after : changesBetween(before, after).length > 0,
  isActive: (run) => run !== null && isActive(run),
  isFinal: (run) => run === null || isFinished(run),
  describe: (before, after) => updateOf(runDifference(before?.value ?? null, after.value), after),
};

/** @throws BAD_USER_INPUT for a run that does not exist. */
function runDifference(before: PipelineRun | null, after: PipelineRun | null): RunDifference {
  if (after === null) {
    if (before !== null) return { kind: 'REMOVED', run: before, changes: [] };
    throw badUserInput('This project has no run with this `runId`, so it can have no updates.');
  }
  const changes = before === null ? [] : changesBetween(before, after);
  return { kind: changes.length > 0 ? 'CHANGED' : 'PRESENT', run: after, changes };
}

const listTopic: Omit<Topic<Page<PipelineRun>, RunListUpdate>, 'read'> = {
  hasChanged: (before, after) =>
    before.totalCount !== after.totalCount || listDifferences(before, after).length > 0,
  isActive: ({ rows }) => rows.some(isActive),
  isFinal: () => false,
  describe(before, after) {
    const { asOf, staleBecause, value } = after;
    const differences =
      before === null
        ? value.rows.map((run) => ({ kind: 'PRESENT' as const, run, changes: [] }))
        : listDifferences(before.value, value);
    const updates = differences.map((difference) => updateOf(difference, after));
    return { updates, totalCount: value.totalCount, asOf, staleBecause };
  },
};

function updateOf(difference: RunDifference, { asOf, staleBecause }: UpstreamResult<unknown>): RunUpdate {
  return { ...difference, asOf, staleBecause, run: { asOf, staleBecause, ...difference.run } };
}

/** A run that waits for a person to advance it has an unfinished status, but none of its stages is running. */
function isActive(run: PipelineRun): boolean {
  return !isFinished(run) && run.stages.some((stage) => stage.status === 'RUNNING');
}
