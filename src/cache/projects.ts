import { isPlaceholderId, type Project } from '../core/domain.ts';
import type { CallContext, Page, UpstreamResult } from '../core/upstream.ts';
import type { CacheCore, Part } from './core.ts';
import { createEntryCache } from './entryCache.ts';
import { PROJECT_FRESH_MS } from './freshness.ts';
import type { FlightContext } from './singleFlight.ts';

const ACTION = 'ListProjects';

type Found = UpstreamResult<Project | null>;

/** Workspaces are cached one by one, and those that need a call share one. */
export function createProjects(core: CacheCore): Part<'ListProjects'> {
  const projects = createEntryCache<string, Project | null>(core, {
    action: ACTION,
    keyOf: (id) => `project/${id}`,
    lastingMs: () => PROJECT_FRESH_MS,
    // Any missing project can be the one of a row that could not be read, so nothing is known of it.
    isCacheable: (id, project) => project === null || project.projectId === id,
  });
  return {
    async read({ projectIds }, context) {
      const request = createBatch(core);
      return pageOf(await Promise.all(projectIds.map((id) => projects.read(id, context, request))));
    },
    peek({ projectIds }) {
      const answers = projectIds.map((id) => projects.peek(id));
      const known = answers.filter((answer) => answer !== null);
      return known.length === projectIds.length ? pageOf(known) : null;
    },
  };
}

/** Collects the ids of one tick and requests all of them in one call. */
function createBatch({ upstream }: CacheCore) {
  let open: { flights: Map<string, FlightContext>; page: Promise<UpstreamResult<Page<Project>>> } | null =
    null;
  return async (id: string, flight: FlightContext): Promise<Found> => {
    open ??= collect();
    open.flights.set(id, flight);
    const { value: page, asOf, staleBecause } = await open.page;
    const project = page.rows.find(({ projectId }) => projectId === id);
    const placeholder = page.rows.find(({ projectId }) => isPlaceholderId(projectId));
    return { value: project ?? placeholder ?? null, asOf, staleBecause };
  };

  function collect(): NonNullable<typeof open> {
    const flights = new Map<string, FlightContext>();
    const page = Promise.resolve().then(() => {
      open = null;
      return upstream.call(ACTION, { projectIds: [...flights.keys()] }, combined([...flights.values()]));
    });
    return { flights, page };
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
