import { isPlaceholderId, type Project } from '../core/domain.ts';
import type { CallContext, Page, UpstreamResult } from '../core/upstream.ts';
import {
  type CacheCore,
  cachedOf,
  entryDependency,
  freshAnswer,
  notOlderThan,
  type Part,
  serveEntry,
} from './core.ts';
import { failureBehind, failureOf } from './decide.ts';
import { bytesOf } from './entries.ts';
import { projectKey } from './keys.ts';
import { type FlightContext, isOfItsCaller } from './singleFlight.ts';

const ACTION = 'ListProjects';

type Found = UpstreamResult<Project | null>;

/** Workspaces are cached one by one, and those that need a call share one. */
export function createProjects(core: CacheCore): Part<'ListProjects'> {
  const { entries } = core;
  return {
    async read({ projectIds }, context) {
      const batch = createBatch(core);
      const fetch = (id: string, context: CallContext) =>
        core.flights.fetch(projectKey(id), ACTION, context, (flight) => batch.find(id, flight));
      const answers = projectIds.map(async (id) => {
        const key = projectKey(id);
        const refresh = () => core.inBackground(key, context.caller, (background) => fetch(id, background));
        return serveEntry<Project | null>(core, ACTION, key, context, refresh) ?? fetch(id, context);
      });
      return pageOf(await Promise.all(answers));
    },
    peek({ projectIds }) {
      const answers: Found[] = [];
      for (const id of projectIds) {
        const entry = entries.peek(projectKey(id));
        const answer = entry ? freshAnswer<Project | null>(core, cachedOf(ACTION, entry)) : null;
        if (answer === null) return null;
        answers.push(answer);
      }
      return pageOf(answers);
    },
    dependencies({ projectIds }) {
      const dependencies = projectIds.map((id) => {
        const key = projectKey(id);
        return entryDependency(core, ACTION, key, entries.peek(key)?.asOf ?? NaN);
      });
      const known = dependencies.filter((dependency) => dependency !== null);
      return known.length === projectIds.length ? known : null;
    },
  };
}

/** Collects the ids of one tick and requests all of them in one call. */
function createBatch(core: CacheCore): { find(id: string, flight: FlightContext): Promise<Found> } {
  let open: { flights: Map<string, FlightContext>; found: Promise<ReadonlyMap<string, Found>> } | null = null;
  return {
    async find(id, flight) {
      open ??= collect();
      open.flights.set(id, flight);
      const found = (await open.found).get(id);
      if (!found) throw new Error(`Project ${id} is missing from its batch.`);
      return found;
    },
  };

  function collect(): NonNullable<typeof open> {
    const flights = new Map<string, FlightContext>();
    const found = Promise.resolve().then(() => {
      open = null;
      return fetchProjects(core, [...flights.keys()], combined([...flights.values()]));
    });
    return { flights, found };
  }
}

async function fetchProjects(
  { clock, entries, upstream }: CacheCore,
  ids: readonly string[],
  context: CallContext,
): Promise<Map<string, Found>> {
  try {
    const knownAsOf = Math.max(...ids.map((id) => entries.peek(projectKey(id))?.asOf ?? -Infinity));
    const answer = await upstream.call(ACTION, { projectIds: ids }, notOlderThan(knownAsOf + 1, context));
    const { asOf, staleBecause } = answer;
    const failure = failureBehind(answer, clock.now());
    const byId = new Map(answer.value.rows.map((row) => [row.projectId, row]));
    const placeholder = answer.value.rows.find(({ projectId }) => isPlaceholderId(projectId));
    return new Map(
      ids.map((id) => {
        // Any missing project can be the one of a row that could not be read, so nothing is known of it.
        if (placeholder && !byId.has(id)) return [id, { value: placeholder, asOf, staleBecause }];
        const value = byId.get(id) ?? null;
        entries.set(projectKey(id), { value, asOf, failure }, bytesOf(value));
        return [id, { value, asOf, staleBecause }];
      }),
    );
  } catch (error) {
    for (const id of ids) {
      const known = entries.get(projectKey(id));
      if (known && !isOfItsCaller(error, context)) known.failure = failureOf(error, clock.now());
    }
    throw error;
  }
}

/** One context for calls that have become one: as urgent as the most urgent, and ended when the last of them is. */
function combined(flights: readonly FlightContext[]): CallContext {
  const [first, ...others] = flights as [FlightContext, ...FlightContext[]];
  const cancellation = new AbortController();
  let waiting = flights.length;
  for (const { signal } of flights) {
    const leave = () => {
      waiting -= 1;
      if (waiting === 0) cancellation.abort(signal?.reason);
    };
    if (signal?.aborted) leave();
    else signal?.addEventListener('abort', leave, { once: true });
  }
  return {
    get priority() {
      return flights.some(({ priority }) => priority === 'interactive') ? 'interactive' : first.priority;
    },
    caller: first.caller,
    deadline: Math.max(...flights.map(({ deadline }) => deadline)),
    signal: cancellation.signal,
    notBefore: Math.max(...flights.map(({ notBefore = -Infinity }) => notBefore)),
    traceparent: first.traceparent,
    report(event) {
      for (const other of others) other.follow(event);
      first.report(event);
    },
  };
}

function pageOf(answers: readonly Found[]): UpstreamResult<Page<Project>> {
  const rows = answers.map(({ value }) => value).filter((project) => project !== null);
  return {
    value: { rows, totalCount: rows.length, pageNumber: 1, pageSize: Math.max(1, answers.length) },
    asOf: Math.min(...answers.map(({ asOf }) => asOf)),
    staleBecause: answers.find(({ staleBecause }) => staleBecause !== null)?.staleBecause ?? null,
  };
}
