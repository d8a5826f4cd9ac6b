import { type FieldNode, getNullableType, isListType } from 'graphql';
import type { WindowRequest } from '../core/window.ts';
import type { BoundOperation } from './operation.ts';
import type { BoundArguments, FieldArguments } from './arguments.ts';
import { introspectionObjects } from './introspectionObjects.ts';

/** Objects of a selection set: those that exist once, and those that exist once for each row of a connection. */
export interface Objects {
  fixed: number;
  perRow: number;
}

/** The objects of a selection set as a function of variables: a constant part and what depends on variables. */
export interface ObjectFormula extends Objects {
  terms: ((operation: BoundOperation) => Objects)[];
}

/** An object has no more fields than its type; with aliases it can have many times more. Five of them count as one object. */
const ALIASED_LEAF_OBJECTS = 0.2;

/** A rejected field has an error in place of objects. An error costs as much as a few objects. */
const REJECTED_CONNECTION_OBJECTS = 5;

/** Lengths of lists that no argument sets. Longer lists are bounded while the operation runs. */
const NOMINAL_LENGTHS: Readonly<Record<string, number>> = {
  'PipelineRun.stages': 5,
  'PipelineRunListUpdate.updates': 100,
  'PipelineRunUpdate.changes': 2,
};
const DEFAULT_NOMINAL_LENGTH = 10;

export function noObjects(): ObjectFormula {
  return { fixed: 0, perRow: 0, terms: [] };
}

/**
 * Counts the objects that the operation's response can have: lists are multiplied, and every alias counts. For a subscription, the
 * objects of one event. Fields that `@skip` and `@include` may leave out count, too. Saturates at `Number.MAX_SAFE_INTEGER`.
 */
export function countObjects(operation: BoundOperation): number {
  return Math.ceil(evaluate(operation.analysis.objects, operation).fixed);
}

function evaluate(formula: ObjectFormula, operation: BoundOperation): Objects {
  if (formula.terms.length === 0) return formula;
  // A fragment that is spread many times is evaluated once.
  const known = operation.objectCounts.get(formula);
  if (known) return known;
  const total = { fixed: formula.fixed, perRow: formula.perRow };
  for (const term of formula.terms) increase(total, term(operation));
  operation.objectCounts.set(formula, total);
  return total;
}

/** Adds the objects of one selection to those of the selection set that contains it. */
export function addObjects(total: ObjectFormula, selected: ObjectFormula): void {
  if (selected.terms.length > 0) total.terms.push((operation) => evaluate(selected, operation));
  else increase(total, selected);
}

/** @param below the objects of the field's selection set; null for a field without one */
export function addObjectsOfField(
  total: ObjectFormula,
  node: FieldNode,
  field: FieldArguments | null,
  below: ObjectFormula | null,
): void {
  if (!below) total.fixed += node.alias ? ALIASED_LEAF_OBJECTS : 0;
  else if (node.name.value.startsWith('__')) {
    // `__schema` or `__type`: `__typename` has no selection set.
    total.terms.push((operation) => ({ fixed: introspectionObjects(node, operation), perRow: 0 }));
  } else if (field && (below.terms.length > 0 || !isLengthConstant(field))) {
    total.terms.push((operation) =>
      multiplied(field, operation.argumentsOf(field), evaluate(below, operation)),
    );
  } else if (field) increase(total, multiplied(field, field.constant ?? null, below));
}

function isLengthConstant({ definition, isConnection, constant, constantWindow }: FieldArguments): boolean {
  if (isConnection) return constantWindow !== undefined;
  return constant !== undefined || !isListType(getNullableType(definition.type));
}

/** The objects of a field, given those of its selection set. */
function multiplied(field: FieldArguments, given: BoundArguments | null, below: Objects): Objects {
  if (field.isConnection) {
    const window = field.constantWindow === undefined ? given?.window : field.constantWindow;
    return { fixed: objectsOfConnection(window, below), perRow: 0 };
  }
  const each = 1 + below.fixed;
  if (!isListType(getNullableType(field.definition.type))) return { fixed: each, perRow: 0 };
  if (field.parent.name.endsWith('Connection')) return { fixed: 0, perRow: each };
  return { fixed: lengthOf(field, given) * each, perRow: 0 };
}

function objectsOfConnection(window: WindowRequest | null | undefined, below: Objects): number {
  if (!window) return REJECTED_CONNECTION_OBJECTS;
  const rows = window.by === 'offset' ? window.limit : window.count;
  // The rows are read and given cursors even if only their count is selected.
  const objects = 1 + below.fixed + rows * Math.max(1, below.perRow);
  // A cursor can be rejected as well.
  const hasCursor = window.by === 'cursor' && (window.after !== null || window.before !== null);
  return hasCursor ? Math.max(objects, REJECTED_CONNECTION_OBJECTS) : objects;
}

function lengthOf({ parent, definition }: FieldArguments, given: BoundArguments | null): number {
  const list = given && Object.values(given.values).find((value) => Array.isArray(value));
  if (list) return (list as unknown[]).length;
  // A rejected list.
  if (definition.args.length > 0) return 1;
  return NOMINAL_LENGTHS[`${parent.name}.${definition.name}`] ?? DEFAULT_NOMINAL_LENGTH;
}

function increase(total: Objects, more: Objects): void {
  total.fixed = Math.min(total.fixed + more.fixed, Number.MAX_SAFE_INTEGER);
  total.perRow = Math.min(total.perRow + more.perRow, Number.MAX_SAFE_INTEGER);
}
