import { type FieldNode, getNullableType, isListType } from 'graphql';
import type { BoundOperation } from './operation.ts';
import type { BoundArguments, FieldArguments } from './fieldArguments.ts';
import { introspectionObjects, isIntrospection } from './introspectionObjects.ts';

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
const ALIASED_LEAF: Objects = { fixed: 0.2, perRow: 0 };

/** A rejected field has an error in place of objects. An error costs as much as a few objects. */
const REJECTED_CONNECTION_OBJECTS = 5;

/** Lengths of lists that no argument sets. Longer lists are bounded while the operation runs. */
const NOMINAL_LENGTHS: Readonly<Record<string, number>> = {
  'PipelineRun.stages': 5,
  'PipelineRunListUpdate.updates': 100,
  'PipelineRunUpdate.changes': 2,
};
const DEFAULT_NOMINAL_LENGTH = 10;

const NO_OBJECTS: Objects = { fixed: 0, perRow: 0 };

export function noObjects(): ObjectFormula {
  return { ...NO_OBJECTS, terms: [] };
}

/** Adds the objects of one selection to those of the set that contains it. */
export function addObjects(total: ObjectFormula, selected: ObjectFormula): void {
  if (selected.terms.length > 0) total.terms.push((operation) => evaluate(selected, operation));
  else increase(total, selected);
}

/** Counts lists multiplied, and every alias. Saturates at `Number.MAX_SAFE_INTEGER`. */
export function evaluate(formula: ObjectFormula, operation: BoundOperation): Objects {
  if (formula.terms.length === 0) return formula;
  // A fragment that is spread many times is evaluated once.
  const known = operation.objectCounts.get(formula);
  if (known) return known;
  const total = { fixed: formula.fixed, perRow: formula.perRow };
  for (const term of formula.terms) increase(total, term(operation));
  operation.objectCounts.set(formula, total);
  return total;
}

export function objectsOfField(
  node: FieldNode,
  field: FieldArguments | null,
  below: ObjectFormula,
): ObjectFormula {
  if (isIntrospection(node)) {
    return {
      ...NO_OBJECTS,
      terms: [(operation) => ({ fixed: introspectionObjects(node, operation), perRow: 0 })],
    };
  }
  if (!field) return noObjects();
  if (field.constant !== undefined && below.terms.length === 0) {
    return { ...multiplied(field, field.constant, below), terms: [] };
  }
  const term = (operation: BoundOperation) =>
    multiplied(field, operation.argumentsOf(field), evaluate(below, operation));
  return { ...NO_OBJECTS, terms: [term] };
}

export function objectsOfLeaf({ alias }: FieldNode): ObjectFormula {
  return { ...(alias ? ALIASED_LEAF : NO_OBJECTS), terms: [] };
}

/** The objects of a field, given those of its selection set. */
function multiplied(field: FieldArguments, given: BoundArguments | null, below: Objects): Objects {
  if (field.isConnection) return { fixed: objectsOfConnection(given, below), perRow: 0 };
  const each = saturated(1 + below.fixed);
  if (!isListType(getNullableType(field.definition.type))) return { fixed: each, perRow: 0 };
  if (field.parent.name.endsWith('Connection')) return { fixed: 0, perRow: each };
  return { fixed: saturated(lengthOf(field, given) * each), perRow: 0 };
}

function objectsOfConnection(given: BoundArguments | null, below: Objects): number {
  const window = given?.window;
  if (!window) return REJECTED_CONNECTION_OBJECTS;
  const rows = window.by === 'offset' ? window.limit : window.count;
  // The rows are read and given cursors even if only their count is selected.
  const objects = saturated(1 + below.fixed + saturated(rows * Math.max(1, below.perRow)));
  // A cursor can be rejected as well.
  const hasCursor = window.by === 'cursor' && (window.after !== null || window.before !== null);
  return hasCursor ? Math.max(objects, REJECTED_CONNECTION_OBJECTS) : objects;
}

function lengthOf({ parent, definition }: FieldArguments, given: BoundArguments | null): number {
  const list = given && Object.values(given.values).find((value) => Array.isArray(value));
  if (list) return (list as unknown[]).length;
  // GraphQL accepts a single value for a list of one.
  if (definition.args.length > 0) return 1;
  return NOMINAL_LENGTHS[`${parent.name}.${definition.name}`] ?? DEFAULT_NOMINAL_LENGTH;
}

function increase(total: Objects, more: Objects): void {
  total.fixed = saturated(total.fixed + more.fixed);
  total.perRow = saturated(total.perRow + more.perRow);
}

function saturated(count: number): number {
  return Math.min(count, Number.MAX_SAFE_INTEGER);
}
