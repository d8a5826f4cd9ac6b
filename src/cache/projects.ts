import { isPlaceholderId, type Project } from '../core/domain.ts';
import type { Page, UpstreamResult } from '../core/upstream.ts';
import type { CacheCore, Part } from './core.ts';
import { createEntryCache, type EntryKind } from './entryCache.ts';
import { createEntryStorage } from './entryStorage.ts';
import { PROJECT_FRESH_MS } from './freshness.ts';

const ACTION = 'ListProjects';

/** Workspaces are cached one by one, and those that need a call share one. */
export function createProjects(core: CacheCore): Part<typeof ACTION> {
  const keyOf = (id: string) => `project/${id}`;
  const kind: EntryKind<string, Project | null, Page<Project>> = {
    action: ACTION,
    keyOf,
    call: (projectIds, context) => core.upstream.call(ACTION, { projectIds }, context),
    valueOf: ({ rows }, id) =>
      rows.find(({ projectId }) => projectId === id) ??
      // Any missing project can be the one of a row that could not be read.
      rows.find(({ projectId }) => isPlaceholderId(projectId)) ??
      null,
    isCacheable: (id, project) => project === null || project.projectId === id,
  };
  const storage = createEntryStorage<string, Project | null>(core.entries, keyOf, () => PROJECT_FRESH_MS);
  const projects = createEntryCache(core, kind, storage);
  return {
    read: async ({ projectIds }, context) => pageOf(await projects.read(projectIds, context)),
    peek({ projectIds }) {
      const answers = projectIds.map((id) => projects.peek(id));
      const known = answers.filter((answer) => answer !== null);
      return known.length === projectIds.length ? pageOf(known) : null;
    },
  };
}

function pageOf(answers: readonly UpstreamResult<Project | null>[]): UpstreamResult<Page<Project>> {
  const rows = answers.map(({ value }) => value).filter((project) => project !== null);
  return {
    value: { rows, totalCount: rows.length, pageNumber: 1, pageSize: Math.max(1, answers.length) },
    asOf: Math.min(...answers.map(({ asOf }) => asOf)),
    staleBecause: answers.find(({ staleBecause }) => staleBecause !== null)?.staleBecause ?? null,
  };
}
