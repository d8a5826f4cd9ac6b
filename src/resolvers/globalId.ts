import { badUserInput } from '../errors.ts';
import { projectIdOf, quote, runIdOf } from './arguments.ts';

/** What a global id names. */
export type GlobalId =
  { type: 'PipelineRun'; projectId: string; runId: string } | { type: 'Project'; projectId: string };

const SCHEME = 'gid://dataworks/';

/** The readable global id: `gid://dataworks/PipelineRun/<projectId>/<runId>` or `gid://dataworks/Project/<projectId>`. */
export function globalIdOf(id: GlobalId): string {
  const numbers = id.type === 'PipelineRun' ? `${id.projectId}/${id.runId}` : id.projectId;
  return `${SCHEME}${id.type}/${numbers}`;
}

/** Throws BAD_USER_INPUT for anything that `globalIdOf` does not make. */
export function parseGlobalId(text: string): GlobalId {
  const [type, projectId = '', runId = '', ...rest] = text.startsWith(SCHEME)
    ? text.slice(SCHEME.length).split('/')
    : [];
  if (rest.length === 0 && type === 'Project' && runId === '')
    return { type, projectId: projectIdOf(projectId) };
  if (rest.length === 0 && type === 'PipelineRun') {
    return { type, projectId: projectIdOf(projectId), runId: runIdOf(runId) };
  }
  throw badUserInput(
    `A global id must read ${SCHEME}PipelineRun/<projectId>/<runId> or ${SCHEME}Project/<projectId>, as \`id\` fields give it; got ${quote(text)}.`,
  );
}
