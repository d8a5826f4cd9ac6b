import { badUserInput } from '../core/errors.ts';
import { projectIdOf, quote, runIdOf } from './arguments.ts';

/** What a global id names. */
export type GlobalId =
  { type: 'PipelineRun'; projectId: string; runId: string } | { type: 'Project'; projectId: string };

const SCHEME = 'gid://dataworks/';

/**
 * The readable global id: `gid://dataworks/PipelineRun/<projectId>/<runId>` or `gid://dataworks/Project/<projectId>`. Ids are
 * percent-encoded, which leaves a UUID as it is.
 */
export function globalIdOf(id: GlobalId): string {
  const project = `${SCHEME}${id.type}/${encodeURIComponent(id.projectId)}`;
  return id.type === 'PipelineRun' ? `${project}/${encodeURIComponent(id.runId)}` : project;
}

/** Throws BAD_USER_INPUT for anything that `globalIdOf` does not make: an object has one global id. */
export function parseGlobalId(text: string): GlobalId {
  const [type, projectId, runId, ...rest] = segmentsOf(text);
  const isRun = type === 'PipelineRun' && runId !== undefined && rest.length === 0;
  const isProject = type === 'Project' && runId === undefined;
  if (projectId === undefined || !(isRun || isProject)) throw notGlobalId(text);
  const id: GlobalId = isRun
    ? { type, projectId: projectIdOf(projectId), runId: runIdOf(runId) }
    : { type: 'Project', projectId: projectIdOf(projectId) };
  if (globalIdOf(id) !== text) throw notGlobalId(text);
  return id;
}

function segmentsOf(text: string): string[] {
  if (!text.startsWith(SCHEME)) return [];
  try {
    return text.slice(SCHEME.length).split('/').map(decodeURIComponent);
  } catch {
    return [];
  }
}

function notGlobalId(text: string): Error {
  return badUserInput(
    `A global id must read ${SCHEME}PipelineRun/<projectId>/<runId> or ${SCHEME}Project/<projectId>, percent-encoded, as \`id\` fields give it; got ${quote(text)}.`,
  );
}
