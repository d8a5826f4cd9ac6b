import {
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
  /** The arguments if no argument reads variables, else undefined. */
  constant: BoundArguments | null | undefined;
  /** The window if no argument of the window reads variables, else undefined. */
  constantWindow: WindowRequest | null | undefined;
}

export interface BoundArguments {
  values: Record<string, unknown>;
  /** Null for a field that is not a connection. */
  window: WindowRequest | null;
}

const WINDOW_ARGUMENTS: ReadonlySet<string> = new Set(['page', 'first', 'after', 'last', 'before']);

export function fieldArgumentsOf(
  parent: GraphQLNamedType,
  definition: GraphQLField<unknown, unknown>,
  node: FieldNode,
): FieldArguments {
  const reading = new Set<string>();
  for (const { name, value } of node.arguments ?? []) if (readsVariable(value)) reading.add(name.value);
  const windowArguments = definition.args.filter(({ name }) => WINDOW_ARGUMENTS.has(name));
  const isConnection = windowArguments.length > 0;
  const field: FieldArguments = {
    parent,
    definition,
    node,
    isConnection,
    constant: undefined,
    constantWindow: undefined,
  };
  if (isConnection && !windowArguments.some(({ name }) => reading.has(name))) {
    const windowOnly = { ...field, definition: { ...definition, args: windowArguments } };
    field.constantWindow = bindArguments(windowOnly, {})?.window ?? null;
  }
  if (reading.size === 0) field.constant = bindArguments(field, {});
  return field;
}

/** @returns null for arguments that the field rejects with an error when it is resolved */
export function bindArguments(
  { definition, node, isConnection, constantWindow }: FieldArguments,
  variables: Variables,
): BoundArguments | null {
  try {
    const values = getArgumentValues(definition, node, variables);
    if (!isConnection) return { values, window: null };
    const window = constantWindow === undefined ? windowOf(values) : constantWindow;
    return window && { values, window };
  } catch {
    return null;
  }
}

function readsVariable(value: ValueNode): boolean {
  if (value.kind === Kind.VARIABLE) return true;
  if (value.kind === Kind.LIST) return value.values.some(readsVariable);
  return value.kind === Kind.OBJECT && value.fields.some((field) => readsVariable(field.value));
}
