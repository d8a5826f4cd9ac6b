import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  getNamedType,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  isInterfaceType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  valueFromASTUntyped,
} from 'graphql';

/** Rows of a list whose length is left to the gateway. */
const DEFAULT_ROWS = 10;
/** A connection that is asked for more is refused, and so costs nothing. */
const MAX_ROWS_A_CONNECTION = 100;

export interface Operation {
  schema: GraphQLSchema;
  document: DocumentNode;
  operation: OperationDefinitionNode;
  /** As they came. */
  variables: Readonly<Record<string, unknown>>;
}

/**
 * The most rows that an operation's answer can have: lists below rows count once for each of them. Fields that `@skip` and
 * `@include` may leave out count too.
 */
export function rowsAskedBy({ schema, document, operation, variables: given }: Operation): number {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const variables: Record<string, unknown> = {};
  for (const { variable, defaultValue } of operation.variableDefinitions ?? []) {
    const name = variable.name.value;
    variables[name] = Object.hasOwn(given, name)
      ? given[name]
      : defaultValue && valueFromASTUntyped(defaultValue);
  }
  return rowsOf(operation.selectionSet, schema.getRootType(operation.operation) ?? undefined);

  function rowsOf({ selections }: SelectionSetNode, type: GraphQLNamedType | undefined): number {
    let rows = 0;
    for (const node of selections) {
      if (node.kind === Kind.FIELD) rows += rowsOfField(node, type);
      else if (node.kind === Kind.INLINE_FRAGMENT) rows += rowsOf(node.selectionSet, narrowed(node, type));
      else {
        const fragment = fragments.get(node.name.value);
        if (fragment) rows += rowsOf(fragment.selectionSet, narrowed(fragment, type));
      }
    }
    return rows;
  }

  function rowsOfField(node: FieldNode, parent: GraphQLNamedType | undefined): number {
    const field =
      isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[node.name.value] : null;
    if (!field || !node.selectionSet) return 0;
    const below = rowsOf(node.selectionSet, getNamedType(field.type));
    const own = ownRows(node, field);
    return own === null ? below : own * (1 + below);
  }

  /** Null where the field is no list that a caller sets the length of. */
  function ownRows(node: FieldNode, field: GraphQLField<unknown, unknown>): number | null {
    const value = (name: string): unknown => {
      const argument = node.arguments?.find((one) => one.name.value === name);
      return argument && valueFromASTUntyped(argument.value, variables);
    };
    const isConnection = field.args.some(({ name }) => name === 'first');
    if (isConnection) {
      const page = value('page') as { size?: unknown } | null | undefined;
      return allowed(value('first') ?? value('last') ?? page?.size ?? DEFAULT_ROWS);
    }
    const list = field.args.map(({ name }) => value(name)).find((given) => Array.isArray(given));
    return list?.length ?? null;
  }

  function narrowed(
    { typeCondition }: Pick<FragmentDefinitionNode, 'typeCondition'> | { typeCondition?: undefined },
    type: GraphQLNamedType | undefined,
  ): GraphQLNamedType | undefined {
    return typeCondition ? schema.getType(typeCondition.name.value) : type;
  }
}

function allowed(rows: unknown): number {
  return typeof rows === 'number' && rows >= 0 && rows <= MAX_ROWS_A_CONNECTION ? rows : 0;
}
