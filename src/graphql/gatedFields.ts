import { type DocumentNode, Kind, type OperationDefinitionNode, type SelectionSetNode } from 'graphql';
import type { Capability, Viewer } from '../core/viewer.ts';
import { refusedRequest } from '../core/errors.ts';

/** Root fields that take a capability to select. By name, so that it holds for those that a schema does not have yet. */
const gates: ReadonlyMap<string, Capability> = new Map([
  ['__schema', 'introspect'],
  ['__type', 'introspect'],
  ['_entities', 'federation'],
  ['_service', 'federation'],
]);

export interface Selection {
  document: DocumentNode;
  operation: OperationDefinitionNode;
  viewer: Viewer;
  /** Whether everybody may introspect. */
  introspection: boolean;
}

/** @throws FORBIDDEN, before anything runs, for an operation that selects what its caller may not. */
export function assertMaySelect({ document, operation, viewer, introspection }: Selection): void {
  for (const field of rootFieldsOf(operation.selectionSet, document)) {
    const capability = gates.get(field);
    if (capability === undefined || viewer.may(capability)) continue;
    if (capability === 'introspect' && introspection) continue;
    const byOperator = capability === 'introspect' ? ', or have the operator switch INTROSPECTION on' : '';
    throw refusedRequest({
      code: 'FORBIDDEN',
      message: `You may not select ${field}: ask for a token with the scope ${capability}${byOperator}.`,
      status: 403,
    });
  }
}

/** By their own names, whatever aliases and fragments stand before them. */
function rootFieldsOf(set: SelectionSetNode, document: DocumentNode, seen = new Set<string>()): Set<string> {
  const names = new Set<string>();
  for (const node of set.selections) {
    if (node.kind === Kind.FIELD) names.add(node.name.value);
    else if (node.kind === Kind.INLINE_FRAGMENT)
      addAll(names, rootFieldsOf(node.selectionSet, document, seen));
    else if (!seen.has(node.name.value)) {
      seen.add(node.name.value);
      addAll(names, rootFieldsOf(fragmentNamed(node.name.value, document), document, seen));
    }
  }
  return names;
}

function fragmentNamed(name: string, { definitions }: DocumentNode): SelectionSetNode {
  for (const definition of definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === name) {
      return definition.selectionSet;
    }
  }
  throw new Error('Validation lets no unknown fragment through.');
}

function addAll(names: Set<string>, more: Iterable<string>): void {
  for (const name of more) names.add(name);
}
