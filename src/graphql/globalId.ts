import { badUserInput } from '../core/errors.ts';
import { projectIdOf, quote, runKeyOf } from './arguments.ts';

/** The object that a global id identifies. */
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

/** @throws BAD_USER_INPUT for any text that `globalIdOf` does not create, because an object has exactly one global id */
export function parseGlobalId(text: string): GlobalId {
  const [type, projectId, runId, ...rest] = segmentsOf(text);
  const isRun = type === 'PipelineRun' && runId !== undefined && rest.length === 0;
  const isProject = type === 'Project' && runId === undefined;
  if (projectId === undefined || !(isRun || isProject)) throw notGlobalId(text);
  const id: GlobalId = isRun
    ? { type, ...runKeyOf({ projectId, runId }) }
    : { type: 'Project', projectId: projectIdOf(projectId) };
  if (globalIdOf(id) !== text) throw notGlobalId(text);
  return id;
}

/**
 * The object that a federation representation identifies by its type name and one of its keys. If it has both keys, `id` is used.
 *
 * @throws BAD_USER_INPUT for an invalid representation
 *
 * @see https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/subgraph-spec#understanding-queryentities
 */
export function parseRepresentation(representation: unknown): GlobalId {
  const { __typename: type, id, projectId, runId } = fieldsOf(representation);
  if (type === 'PipelineRun' || type === 'Project') {
    if (id !== undefined) return ofType(type, parseGlobalId(textOf(id)));
    if (type === 'Project' && projectId !== undefined) {
      return { type, projectId: projectIdOf(textOf(projectId)) };
    }
    if (type === 'PipelineRun' && projectId !== undefined && runId !== undefined) {
      return { type, ...runKeyOf({ projectId: textOf(projectId), runId: textOf(runId) }) };
    }
  }
  throw badUserInput(
    `A representation must have the \`__typename\` PipelineRun and \`id\` or \`projectId\` and \`runId\`, or the \`__typename\` Project and \`id\` or \`projectId\`; got ${quote(textOf(representation))}.`,
  );
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

function fieldsOf(representation: unknown): Record<string, unknown> {
  return typeof representation === 'object' && representation !== null ? { ...representation } : {};
}

/** The fields of a representation are not coerced: an id can be a number, as GraphQL allows for `ID`. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function ofType(type: GlobalId['type'], id: GlobalId): GlobalId {
  if (id.type === type) return id;
  throw badUserInput(
    `A representation of a ${type} must have the \`id\` of one; this is that of a ${id.type}.`,
  );
}
