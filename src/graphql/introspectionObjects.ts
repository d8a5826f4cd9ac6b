import {
  type FieldNode,
  getNamedType,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  isObjectType,
  Kind,
  SchemaMetaFieldDef,
  type SelectionSetNode,
  TypeMetaFieldDef,
  valueFromASTUntyped,
} from 'graphql';
import type { BoundOperation } from './operation.ts';

/**
 * Counts the objects that a `__schema` or `__type` field returns. The schema is at hand, so the count resolves the selection
 * instead of multiplying nominal lengths: the standard introspection query nests lists too deep for an estimate. A field that
 * is null counts as one, so that the count takes time in proportion to its result. Counting stops beyond `maxObjects`.
 */
export function introspectionObjects(
  node: FieldNode,
  { analysis: { schema, fragments }, variables, maxObjects: max }: BoundOperation,
): number {
  const objectFields = new Map<SelectionSetNode, FieldNode[]>();
  const info = { schema } as GraphQLResolveInfo;
  let count = 0;
  if (node.name.value === SchemaMetaFieldDef.name) visit(node, SchemaMetaFieldDef.type, schema);
  else visit(node, TypeMetaFieldDef.type, typeNamed(node));
  return count;

  function visit(
    { selectionSet }: FieldNode,
    fieldType: typeof SchemaMetaFieldDef.type,
    value: unknown,
  ): void {
    const type = getNamedType(fieldType);
    if (!selectionSet || !isObjectType(type)) return;
    for (const source of Array.isArray(value) ? (value as unknown[]) : [value]) {
      count += 1;
      if (source != null && count <= max) visitChildren(selectionSet, type, source);
    }
  }

  function visitChildren(set: SelectionSetNode, type: GraphQLObjectType, source: unknown): void {
    for (const child of objectFieldsOf(set)) {
      if (count > max) return;
      const field = type.getFields()[child.name.value];
      if (!field) continue;
      visit(child, field.type, field.resolve?.(source, { includeDeprecated: true }, null, info));
    }
  }

  /** The fields of a selection set that have one of their own, with fragments spread. */
  function objectFieldsOf(set: SelectionSetNode): FieldNode[] {
    const known = objectFields.get(set);
    if (known) return known;
    const fields = set.selections.flatMap((selection) => {
      if (selection.kind === Kind.FIELD) return selection.selectionSet ? [selection] : [];
      const inner = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
      return inner ? objectFieldsOf(inner.selectionSet) : [];
    });
    objectFields.set(set, fields);
    return fields;
  }

  function typeNamed({ arguments: given = [] }: FieldNode): unknown {
    const [name] = given.map(({ value }) => valueFromASTUntyped(value, variables));
    return typeof name === 'string' ? schema.getType(name) : null;
  }
}
