import { badUserInput } from '../core/errors.ts';
import { projectIdOf, quote, runIdOf } from './arguments.ts';
import { type GlobalId, parseGlobalId } from './globalId.ts';

/**
 * What a representation stands for: an object of this graph as another subgraph knows it, by its type's name and one of its keys.
 * Where both keys are there, `id` decides. Throws BAD_USER_INPUT for anything else.
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
      return { type, projectId: projectIdOf(textOf(projectId)), runId: runIdOf(textOf(runId)) };
    }
  }
  throw badUserInput(
    `A representation must have the \`__typename\` PipelineRun and \`id\` or \`projectId\` and \`runId\`, or the \`__typename\` Project and \`id\` or \`projectId\`; got ${quote(textOf(representation))}.`,
  );
}

function fieldsOf(representation: unknown): Record<string, unknown> {
  return typeof representation === 'object' && representation !== null ? { ...representation } : {};
}

/** Nothing has coerced the fields of a representation: an id can be a number here, as GraphQL allows callers to write an `ID`. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function ofType(type: GlobalId['type'], id: GlobalId): GlobalId {
  if (id.type === type) return id;
  throw badUserInput(
    `A representation of a ${type} must have the \`id\` of one; this is that of a ${id.type}.`,
  );
}
