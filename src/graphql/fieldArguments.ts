import {
  type ArgumentNode,
  type FieldNode,
  getArgumentValues,
  type GraphQLField,
  type GraphQLNamedType,
  Kind,
  type ValueNode,
} from 'graphql';
import type { WindowRequest } from '../core/window.ts';
import { windowOf } from './arguments.ts';

export type Variables = Readonly<Record<string, unknown>>;

/** A field of a document and where its arguments come from. */
export interface FieldArguments {
  parent: GraphQLNamedType;
  definition: GraphQLField<unknown, unknown>;
  node: FieldNode;
  /** Whether the field is a connection, which takes a window. */
  isConnection: boolean;
  /** The arguments of a field that reads no variables; undefined for one that does. */
  constant: BoundArguments | null | undefined;
}

export interface BoundArguments {
  values: Record<string, unknown>;
  /** Null for a field that is not a connection. */
  window: WindowRequest | null;
}

export function fieldArgumentsOf(
  parent: GraphQLNamedType,
  definition: GraphQLField<unknown, unknown>,
  node: FieldNode,
): FieldArguments {
  const isConnection = definition.args.some(({ name }) => name === 'first');
  const field: FieldArguments = { parent, definition, node, isConnection, constant: undefined };
  if (!node.arguments?.some(readsVariable)) field.constant = bindArguments(field, {});
  return field;
}

/** @returns null for arguments that the field rejects with an error when it is resolved */
export function bindArguments(
  { definition, node, isConnection }: FieldArguments,
  variables: Variables,
): BoundArguments | null {
  try {
    const values = getArgumentValues(definition, node, variables);
    return { values, window: isConnection ? windowOf(values) : null };
  } catch {
    return null;
  }
}

function readsVariable({ value }: Pick<ArgumentNode, 'value'>): boolean {
  return containsVariable(value);
}

function containsVariable(value: ValueNode): boolean {
  if (value.kind === Kind.VARIABLE) return true;
  if (value.kind === Kind.LIST) return value.values.some(containsVariable);
  return value.kind === Kind.OBJECT && value.fields.some(readsVariable);
}
