import type { Action, Actions, Answer, CallContext, CallEvent, Clock, Upstream } from '../model.ts';
import { createDemand } from './demand.ts';
import { createFlights } from './flights.ts';
import { freshForMs, type FreshnessSettings, type Pace } from './freshness.ts';
import { bytesOf, createMemory } from './memory.ts';
import { type CacheKit, runKey } from './kit.ts';
import { createProjects } from './projects.ts';
import { createRunLists } from './runLists.ts';
import { serve, troubleOf } from './serve.ts';

export interface CacheOptions extends FreshnessSettings {
  clock: Clock;
  /** What all that is kept may weigh, in bytes. */
  maxBytes: number;
  /** How long a call may take that several callers wait for, in milliseconds. */
  patienceMs: number;
  /** What is left of the windows of calls that are longer than a second, if there are such. */
  paces(): readonly Pace[];
  /** Told of what happens to refreshes in the background. */
  report(event: CallEvent): void;
}

/**
 * Remembers answers for as long as their state allows, for all operations of the process. Calls under way are shared; what is
 * stale is served at once while it is refreshed; failures are never remembered as answers.
 */
export function cached(upstream: Upstream, options: CacheOptions): Upstream {
  const { clock, maxBytes, staleMs, patienceMs } = options;
  const flights = createFlights(clock, patienceMs);
  const demand = createDemand(options);
  const refreshing = new Set<string>();
  const kit: CacheKit = {
    upstream,
    clock,
    maxBytes,
    staleMs,
    memory: createMemory(maxBytes),
    flights,
    freshMs: () => demand.freshMs(),
    wanted: (key) => demand.note(key),
    inBackground(name, refresh) {
      if (refreshing.has(name)) return;
      refreshing.add(name);
      const context: CallContext = {
        priority: 'refresh',
        deadline: clock.now() + patienceMs,
        report: (event) => options.report(event),
      };
      // What went wrong is kept with the thing that it went wrong for.
      refresh(context)
        .catch(() => undefined)
        .finally(() => refreshing.delete(name));
    },
  };
  const lists = createRunLists(kit);
  const projects = createProjects(kit);

  return {
    call(action, params, context) {
      const table: {
        [A in Action]: (params: Actions[A]['params']) => Promise<Answer<Actions[A]['result']>>;
      } = {
        ListPipelineRuns: (list) => lists.read(list, context),
        GetPipelineRun: (run) => readOne(kit, 'GetPipelineRun', runKey(run), run, context),
        ListPipelineRunItems: (page) => readOne(kit, 'ListPipelineRunItems', itemsKey(page), page, context),
        ListProjects: ({ projectIds }) => projects.read(projectIds, context),
      };
      return table[action](params);
    },
  };
}

function itemsKey({
  projectId,
  runId,
  pageNumber,
  pageSize,
}: Actions['ListPipelineRunItems']['params']): string {
  return `items/${projectId}/${runId}/${pageSize}/${pageNumber}`;
}

function readOne<A extends Action>(
  kit: CacheKit,
  action: A,
  key: string,
  params: Actions[A]['params'],
  context: CallContext,
): Promise<Answer<Actions[A]['result']>> {
  type Result = Actions[A]['result'];
  const entry = kit.memory.get(key);
  const value = entry?.value as Result;
  const freshMs = entry ? freshForMs(action, value, kit.freshMs()) : 0;
  if (freshMs <= kit.freshMs()) kit.wanted(key);
  const view = entry
    ? { value, asOf: entry.asOf, freshUntil: entry.asOf + freshMs, trouble: entry.trouble }
    : null;
  const refresh = () =>
    kit.inBackground(key, (background) => kit.flights.fetch(key, action, background, fetch));
  const known = serve({ action, view, staleMs: kit.staleMs, clock: kit.clock, refresh }, context);
  return known ? Promise.resolve(known) : kit.flights.fetch(key, action, context, fetch);

  async function fetch(flight: CallContext): Promise<Answer<Result>> {
    try {
      const answer = await kit.upstream.call(action, params, flight);
      kit.memory.set(key, { value: answer.value, asOf: answer.asOf, trouble: null }, bytesOf(answer.value));
      return answer;
    } catch (error) {
      const known = kit.memory.get(key);
      if (known) known.trouble = troubleOf(error, kit.clock.now());
      throw error;
    }
  }
}
