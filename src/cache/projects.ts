import { isPlaceholderId, type Project } from '../core/domain.ts';
import type { UpstreamResult, CallContext, Page, CachedResult } from '../core/upstream.ts';
import { type FlightContext, isOfItsCaller } from './flights.ts';
import { PROJECT_FRESH_MS } from './freshness.ts';
import { type CacheKit, newerThan } from './kit.ts';
import { bytesOf, type Entry } from './memory.ts';
import { freshAnswer, serve, troubleIn, troubleOf, type View } from './serve.ts';

/** Workspaces are known one by one, and those that must be asked for are asked for in one call. */
export interface Projects {
  read(projectIds: readonly string[], context: CallContext): Promise<UpstreamResult<Page<Project>>>;
  /** As `CachedUpstream.peek`. */
  peek(projectIds: readonly string[]): UpstreamResult<Page<Project>> | null;
  /** As `CachedUpstream.recall`. */
  recall(projectIds: readonly string[]): CachedResult<Page<Project>> | null;
}

type Found = UpstreamResult<Project | null>;

export function createProjects(kit: CacheKit): Projects {
  return {
    async read(projectIds, context) {
      const stale: string[] = [];
      const batch = createBatch(kit);
      const answers = await Promise.all(
        projectIds.map(async (id) => {
          const refresh = () => void stale.push(id);
          return (
            serve(kit, 'ListProjects', viewOf(kit.memory.get(keyOf(id))), refresh, context) ??
            kit.flights.fetch(keyOf(id), 'ListProjects', context, (flight) => batch.find(id, flight))
          );
        }),
      );
      refreshTogether(stale, context);
      return pageOf(answers);
    },
    peek: (projectIds) => freshPage(projectIds.map((id) => kit.memory.peek(keyOf(id)))),
    recall: (projectIds) => freshPage(projectIds.map((id) => kit.memory.get(keyOf(id)))),
  };

  function freshPage(entries: readonly (Entry | undefined)[]): CachedResult<Page<Project>> | null {
    const answers = entries.map((entry) => freshAnswer(kit, viewOf(entry)));
    const known = answers.filter((answer) => answer !== null);
    if (known.length < entries.length) return null;
    return { ...pageOf(known), freshUntil: Math.min(...known.map(({ freshUntil }) => freshUntil)) };
  }

  function viewOf(entry: Entry | undefined): View<Project | null> | null {
    if (!entry) return null;
    const { value, asOf, trouble } = entry;
    return {
      value: value as Project | null,
      asOf,
      freshUntil: asOf + PROJECT_FRESH_MS,
      isShortLived: false,
      trouble,
    };
  }

  function refreshTogether(ids: readonly string[], { caller }: CallContext): void {
    const batch = createBatch(kit);
    for (const id of ids) {
      kit.inBackground(keyOf(id), caller, (context) =>
        kit.flights.fetch(keyOf(id), 'ListProjects', context, (flight) => batch.find(id, flight)),
      );
    }
  }
}

/** Collects the ids of one tick and asks for all of them at once. */
function createBatch(kit: CacheKit): { find(id: string, flight: FlightContext): Promise<Found> } {
  let open: {
    flights: Map<string, FlightContext>;
    found: Promise<ReadonlyMap<string, Found>>;
  } | null = null;
  return {
    async find(id, flight) {
      open ??= gather();
      open.flights.set(id, flight);
      const found = (await open.found).get(id);
      if (!found) throw new Error(`Project ${id} was not among those that were asked for.`);
      return found;
    },
  };

  function gather(): NonNullable<typeof open> {
    const flights = new Map<string, FlightContext>();
    const found = Promise.resolve().then(() => {
      open = null;
      return fetchProjects(kit, [...flights.keys()], together([...flights.values()]));
    });
    return { flights, found };
  }
}

async function fetchProjects(
  kit: CacheKit,
  ids: readonly string[],
  context: CallContext,
): Promise<Map<string, Found>> {
  try {
    const knownAsOf = Math.max(...ids.map((id) => kit.memory.peek(keyOf(id))?.asOf ?? -Infinity));
    const answer = await kit.upstream.call(
      'ListProjects',
      { projectIds: ids },
      newerThan(knownAsOf, context),
    );
    const { asOf, staleBecause } = answer;
    const trouble = troubleIn(answer, kit.clock.now());
    const byId = new Map(answer.value.rows.map((row) => [row.projectId, row]));
    const placeholder = answer.value.rows.find(({ projectId }) => isPlaceholderId(projectId));
    return new Map(
      ids.map((id) => {
        // Any project that is missing can be the one of a row that could not be read, so nothing is known of it.
        if (placeholder && !byId.has(id)) return [id, { value: placeholder, asOf, staleBecause }];
        const value = byId.get(id) ?? null;
        kit.memory.set(keyOf(id), { value, asOf, trouble }, bytesOf(value));
        return [id, { value, asOf, staleBecause }];
      }),
    );
  } catch (error) {
    for (const id of ids) {
      const known = kit.memory.get(keyOf(id));
      if (known && !isOfItsCaller(error, context)) known.trouble = troubleOf(error, kit.clock.now());
    }
    throw error;
  }
}

/** One context for calls that have become one: as urgent as the most urgent, and ended when the last of them is. */
function together(flights: readonly FlightContext[]): CallContext {
  const [first, ...others] = flights as [FlightContext, ...FlightContext[]];
  const abandon = new AbortController();
  let left = flights.length;
  for (const { signal } of flights) {
    const leave = () => {
      left -= 1;
      if (left === 0) abandon.abort(signal?.reason);
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
    signal: abandon.signal,
    notBefore: Math.max(...flights.map(({ notBefore = -Infinity }) => notBefore)),
    traceparent: first.traceparent,
    report(event) {
      for (const other of others) other.follow(event);
      first.report(event);
    },
  };
}

function keyOf(id: string): string {
  return `project/${id}`;
}

function pageOf(answers: readonly Found[]): UpstreamResult<Page<Project>> {
  const rows = answers.map(({ value }) => value).filter((project) => project !== null);
  return {
    value: { rows, totalCount: rows.length, pageNumber: 1, pageSize: Math.max(1, answers.length) },
    asOf: Math.min(...answers.map(({ asOf }) => asOf)),
    staleBecause: answers.find(({ staleBecause }) => staleBecause !== null)?.staleBecause ?? null,
  };
}
