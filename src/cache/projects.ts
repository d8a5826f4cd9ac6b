import type { Answer, CallContext, Page, Project } from '../model.ts';
import type { CacheKit } from './kit.ts';
import { PROJECT_FRESH_MS } from './freshness.ts';
import { bytesOf } from './memory.ts';
import { serve, troubleOf, type View } from './serve.ts';

/** Workspaces are known one by one, and those that must be asked for are asked for in one call. */
export interface Projects {
  read(projectIds: readonly string[], context: CallContext): Promise<Answer<Page<Project>>>;
}

type Found = Answer<Project | null>;

export function createProjects(kit: CacheKit): Projects {
  return {
    async read(projectIds, context) {
      const stale: string[] = [];
      const batch = createBatch(kit);
      const answers = await Promise.all(
        projectIds.map(async (id) => {
          const view = viewOf(id);
          const refresh = () => void stale.push(id);
          const known = serve(
            { action: 'ListProjects', view, staleMs: kit.staleMs, clock: kit.clock, refresh },
            context,
          );
          return (
            known ?? kit.flights.fetch(keyOf(id), 'ListProjects', context, (flight) => batch.find(id, flight))
          );
        }),
      );
      refreshTogether(stale);
      return pageOf(answers);
    },
  };

  function viewOf(id: string): View<Project | null> | null {
    const entry = kit.memory.get(keyOf(id));
    return entry
      ? {
          value: entry.value as Project | null,
          asOf: entry.asOf,
          freshUntil: entry.asOf + PROJECT_FRESH_MS,
          trouble: entry.trouble,
        }
      : null;
  }

  function refreshTogether(ids: readonly string[]): void {
    const batch = createBatch(kit);
    for (const id of ids) {
      const find = (flight: CallContext) => batch.find(id, flight);
      kit.inBackground(keyOf(id), (context) => kit.flights.fetch(keyOf(id), 'ListProjects', context, find));
    }
  }
}

/** Collects the ids of one tick and asks for all of them at once. */
function createBatch(kit: CacheKit): { find(id: string, flight: CallContext): Promise<Found> } {
  const ids: string[] = [];
  let found: Promise<Map<string, Found>> | null = null;
  return {
    async find(id, flight) {
      ids.push(id);
      // Others may wait for their ids when the one who asked first has gone: its signal does not count.
      found ??= Promise.resolve().then(() => fetchProjects(kit, ids, withoutSignal(flight)));
      const answer = (await found).get(id);
      if (!answer) throw new Error('A project was asked for after its batch had gone.');
      return answer;
    },
  };
}

async function fetchProjects(
  kit: CacheKit,
  ids: readonly string[],
  context: CallContext,
): Promise<Map<string, Found>> {
  try {
    const { value, asOf, staleBecause } = await kit.upstream.call(
      'ListProjects',
      { projectIds: ids },
      context,
    );
    const byId = new Map(value.rows.map((row) => [row.projectId, row]));
    return new Map(
      ids.map((id) => {
        const project = byId.get(id) ?? null;
        kit.memory.set(keyOf(id), { value: project, asOf, trouble: null }, bytesOf(project));
        return [id, { value: project, asOf, staleBecause }];
      }),
    );
  } catch (error) {
    for (const id of ids) {
      const known = kit.memory.get(keyOf(id));
      if (known) known.trouble = troubleOf(error, kit.clock.now());
    }
    throw error;
  }
}

function withoutSignal({ deadline, priority, report }: CallContext): CallContext {
  return { deadline, priority, report };
}

function keyOf(id: string): string {
  return `project/${id}`;
}

function pageOf(answers: readonly Found[]): Answer<Page<Project>> {
  const rows = answers.map(({ value }) => value).filter((project) => project !== null);
  return {
    value: { rows, totalCount: rows.length, pageNumber: 1, pageSize: Math.max(1, answers.length) },
    asOf: Math.min(...answers.map(({ asOf }) => asOf)),
    staleBecause: answers.find(({ staleBecause }) => staleBecause !== null)?.staleBecause ?? null,
  };
}
