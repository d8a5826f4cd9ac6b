import {
  type FieldNode,
  type FragmentDefinitionNode,
  getNamedType,
  getNullableType,
  type GraphQLField,
  type GraphQLNamedType,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  type SelectionSetNode,
  valueFromASTUntyped,
} from 'graphql';
import type { ResolvedOperation } from './context.ts';
import { introspectionObjects, isIntrospection } from './introspectionObjects.ts';

/** Rows of a connection without `first`, `last` or `page.size`. */
const DEFAULT_ROWS = 10;
const MAX_ROWS_PER_CONNECTION = 100;

/** A refused field has an error in place of objects. An error costs as much as a few objects. */
const REFUSED_CONNECTION_OBJECTS = 5;

/** Lengths of lists whose length no argument sets. Longer lists are bounded while the operation runs. */
const NOMINAL_LENGTHS: Readonly<Record<string, number>> = {
  'PipelineRun.stages': 5,
  'PipelineRunListUpdate.updates': 100,
  'PipelineRunUpdate.changes': 2,
};
const DEFAULT_NOMINAL_LENGTH = 10;

/** Objects of a selection set: those that are there once, and those that are there once for each row of a connection. */
interface Objects {
  fixed: number;
  perRow: number;
}

const NONE: Objects = { fixed: 0, perRow: 0 };

/** Without aliases an object has no more fields than its type; with them it can have three times as many. */
const ALIASED_LEAF: Objects = { fixed: 0.2, perRow: 0 };

/**
 * Counts the objects that an operation's answer can have, each as often as it appears: lists are multiplied, and every alias
 * counts. Five aliased leaves count as one object. For a subscription, the objects of one event. Fields that `@skip` and `@include`
 * may leave out count too. Takes time in proportion to the document; the result saturates at `Number.MAX_SAFE_INTEGER`.
 *
 * @param max counting of introspection stops beyond this
 */
export function countOutputObjects(request: ResolvedOperation, max: number): number {
  const { schema, document, operation } = request;
  const fragments = fragmentsOf(document.definitions);
  const variables = variablesOf(request);
  const known = new Map<string, Objects>();
  const { fixed } = objectsOf(operation.selectionSet, schema.getRootType(operation.operation));
  return Math.ceil(fixed);

  function objectsOf({ selections }: SelectionSetNode, type: GraphQLNamedType | null | undefined): Objects {
    let sum = NONE;
    for (const node of selections) {
      if (node.kind === Kind.FIELD) sum = plus(sum, objectsOfField(node, type));
      else if (node.kind === Kind.FRAGMENT_SPREAD) sum = plus(sum, objectsOfFragment(node.name.value));
      else {
        const condition = node.typeCondition?.name.value;
        const narrowed = condition === undefined ? type : schema.getType(condition);
        sum = plus(sum, objectsOf(node.selectionSet, narrowed));
      }
    }
    return sum;
  }

  function objectsOfFragment(name: string): Objects {
    const counted = known.get(name);
    if (counted) return counted;
    const fragment = fragments.get(name);
    if (!fragment) return NONE;
    const objects = objectsOf(fragment.selectionSet, schema.getType(fragment.typeCondition.name.value));
    known.set(name, objects);
    return objects;
  }

  function objectsOfField(node: FieldNode, parent: GraphQLNamedType | null | undefined): Objects {
    if (!node.selectionSet) return node.alias ? ALIASED_LEAF : NONE;
    if (isIntrospection(node)) {
      return { fixed: introspectionObjects(node, { schema, fragments, variables, max }), perRow: 0 };
    }
    const field =
      isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[node.name.value] : null;
    if (!field) return NONE;
    const below = objectsOf(node.selectionSet, getNamedType(field.type));
    if (isConnection(field)) {
      const rows = rowsOf(node);
      if (rows === null) return { fixed: REFUSED_CONNECTION_OBJECTS, perRow: 0 };
      // The rows are read and given cursors even where only their count is selected.
      const fixed = add(1, below.fixed, times(rows, Math.max(1, below.perRow)));
      // A cursor can be refused as well.
      return { fixed: hasCursor(node) ? Math.max(fixed, REFUSED_CONNECTION_OBJECTS) : fixed, perRow: 0 };
    }
    const each = add(1, below.fixed);
    if (!isListType(getNullableType(field.type))) return { fixed: each, perRow: 0 };
    if (parent?.name.endsWith('Connection') === true) return { fixed: 0, perRow: each };
    return { fixed: times(lengthOf(node, field, parent), each), perRow: 0 };
  }

  /** Null for a window that is refused. A size that is not known here counts as the largest. */
  function rowsOf(node: FieldNode): number | null {
    const page = argumentOf(node, 'page') as { size?: unknown } | null | undefined;
    const rows = argumentOf(node, 'first') ?? argumentOf(node, 'last') ?? page?.size ?? DEFAULT_ROWS;
    if (typeof rows !== 'number') return MAX_ROWS_PER_CONNECTION;
    return rows >= 1 && rows <= MAX_ROWS_PER_CONNECTION ? rows : null;
  }

  function lengthOf(
    node: FieldNode,
    field: GraphQLField<unknown, unknown>,
    parent: GraphQLNamedType | null | undefined,
  ): number {
    const list = field.args.map(({ name }) => argumentOf(node, name)).find((value) => Array.isArray(value));
    if (list) return list.length;
    // GraphQL takes a single value for a list of one.
    if (field.args.length > 0) return 1;
    return NOMINAL_LENGTHS[`${parent?.name ?? ''}.${field.name}`] ?? DEFAULT_NOMINAL_LENGTH;
  }

  function argumentOf(node: FieldNode, name: string): unknown {
    const argument = node.arguments?.find((one) => one.name.value === name);
    return argument && valueFromASTUntyped(argument.value, variables);
  }
}

function hasCursor(node: FieldNode): boolean {
  return node.arguments?.some(({ name }) => name.value === 'after' || name.value === 'before') === true;
}

function isConnection(field: GraphQLField<unknown, unknown>): boolean {
  return field.args.some(({ name }) => name === 'first');
}

function fragmentsOf(
  definitions: ResolvedOperation['document']['definitions'],
): Map<string, FragmentDefinitionNode> {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  return fragments;
}

function variablesOf({ operation, variables: given }: ResolvedOperation): Record<string, unknown> {
  // Without a prototype, so that `$__proto__` is a variable like any other.
  const variables = Object.create(null) as Record<string, unknown>;
  for (const { variable, defaultValue } of operation.variableDefinitions ?? []) {
    const name = variable.name.value;
    variables[name] = Object.hasOwn(given, name)
      ? given[name]
      : defaultValue && valueFromASTUntyped(defaultValue);
  }
  return variables;
}

function plus(one: Objects, other: Objects): Objects {
  return { fixed: add(one.fixed, other.fixed), perRow: add(one.perRow, other.perRow) };
}

function add(...counts: readonly number[]): number {
  return Math.min(
    counts.reduce((sum, count) => sum + count),
    Number.MAX_SAFE_INTEGER,
  );
}

function times(one: number, other: number): number {
  return Math.min(one * other, Number.MAX_SAFE_INTEGER);
}
