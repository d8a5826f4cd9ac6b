import { type GraphQLResolveInfo, SchemaMetaFieldDef, valueFromASTUntyped } from 'graphql';
import type { FieldPlan, SelectionPlan } from './analysis.ts';
import type { BoundArguments, BoundOperation } from './operation.ts';

/** Objects of a selection set: those that exist once, and those that exist once for each row of a connection. */
interface Objects {
  fixed: number;
  perRow: number;
}

/** An object has no more fields than its type; with aliases it can have many times more. */
const ALIASED_LEAVES_PER_OBJECT = 5;

/** A rejected field has an error in place of objects. An error costs as much as a few objects. */
const REJECTED_CONNECTION_OBJECTS = 5;

/** Lengths of lists that no argument sets. Longer lists are bounded while the operation runs. */
const NOMINAL_LENGTHS: Readonly<Record<string, number>> = {
  'PipelineRun.stages': 5,
  'PipelineRunListUpdate.updates': 100,
  'PipelineRunUpdate.changes': 2,
};
const DEFAULT_NOMINAL_LENGTH = 10;

/**
 * Counts the objects that the operation's response can have: lists are multiplied, and every alias counts. For a subscription, the
 * objects of one event. Fields that `@skip` and `@include` may leave out count, too. Saturates at `Number.MAX_SAFE_INTEGER`.
 */
export function countObjects(operation: BoundOperation): number {
  // A fragment that is spread many times is counted once.
  const counted = new Map<SelectionPlan, Objects>();
  return Math.ceil(objectsOf(operation.analysis.plan).fixed);

  function objectsOf(plan: SelectionPlan): Objects {
    const known = counted.get(plan);
    if (known) return known;
    const total = { fixed: plan.aliasedLeaves / ALIASED_LEAVES_PER_OBJECT, perRow: 0 };
    for (const { field, below } of plan.selections) {
      const { fixed, perRow } = field ? objectsOfField(field, below) : objectsOf(below);
      total.fixed = Math.min(total.fixed + fixed, Number.MAX_SAFE_INTEGER);
      total.perRow = Math.min(total.perRow + perRow, Number.MAX_SAFE_INTEGER);
    }
    counted.set(plan, total);
    return total;
  }

  function objectsOfField(field: FieldPlan, below: SelectionPlan): Objects {
    if (field.returns === 'introspection') {
      return { fixed: introspectionObjects(field, below, operation), perRow: 0 };
    }
    const { fixed, perRow } = objectsOf(below);
    const each = 1 + fixed;
    if (field.returns === 'object') return { fixed: each, perRow: 0 };
    if (field.returns === 'rows') return { fixed: 0, perRow: each };
    if (field.returns === 'list' && field.definition.args.length === 0) {
      return { fixed: (NOMINAL_LENGTHS[field.name] ?? DEFAULT_NOMINAL_LENGTH) * each, perRow: 0 };
    }
    const given = operation.argumentsOf(field);
    if (field.returns === 'list') return { fixed: lengthOfListIn(given) * each, perRow: 0 };
    if (!given?.window) return { fixed: REJECTED_CONNECTION_OBJECTS, perRow: 0 };
    const { window } = given;
    // The rows are read and given cursors even if only their count is selected.
    const objects = each + window.count * Math.max(1, perRow);
    // A cursor can be rejected as well.
    const hasCursor = window.by === 'cursor' && (window.after ?? window.before) !== null;
    return { fixed: hasCursor ? Math.max(objects, REJECTED_CONNECTION_OBJECTS) : objects, perRow: 0 };
  }
}

/** The length of the argument that is a list. A rejected list has one error. */
function lengthOfListIn(given: BoundArguments | null): number {
  const list = given && Object.values(given.values).find((value) => Array.isArray(value));
  return list ? (list as unknown[]).length : 1;
}

/**
 * Counts the objects that a `__schema` or `__type` field returns. The schema is at hand, so the count resolves the selection
 * instead of multiplying nominal lengths: the standard introspection query nests lists too deep for an estimate. A field that
 * is null counts as one, so that the count takes time in proportion to its result. Counting stops beyond `maxObjects`.
 */
function introspectionObjects(
  { node, definition }: FieldPlan,
  plan: SelectionPlan,
  { analysis: { schema }, variables, maxObjects }: BoundOperation,
): number {
  const info = { schema } as GraphQLResolveInfo;
  let count = 0;
  addObjects(definition === SchemaMetaFieldDef ? schema : typeNamed(), plan);
  return count;

  function addObjects(value: unknown, below: SelectionPlan): void {
    for (const source of Array.isArray(value) ? (value as unknown[]) : [value]) {
      count += 1;
      if (source != null && count <= maxObjects) addFields(source, below);
    }
  }

  function addFields(source: unknown, { selections }: SelectionPlan): void {
    for (const { field, below } of selections) {
      if (count > maxObjects) return;
      if (field)
        addObjects(field.definition.resolve?.(source, { includeDeprecated: true }, null, info), below);
      else addFields(source, below);
    }
  }

  function typeNamed(): unknown {
    const [name] = (node.arguments ?? []).map(({ value }) => valueFromASTUntyped(value, variables));
    return typeof name === 'string' ? schema.getType(name) : null;
  }
}
