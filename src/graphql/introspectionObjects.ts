import { type GraphQLResolveInfo, SchemaMetaFieldDef, valueFromASTUntyped } from 'graphql';
import type { FieldPlan, SelectionPlan } from './analysis.ts';
import type { BoundOperation } from './operation.ts';

/**
 * Counts the objects that a `__schema` or `__type` field returns. The schema is at hand, so the count resolves the selection
 * instead of multiplying nominal lengths: the standard introspection query nests lists too deep for an estimate. A field that
 * is null counts as one, so that the count takes time in proportion to its result. Counting stops beyond `maxObjects`.
 */
export function introspectionObjects(
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
