import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type FragmentSpreadNode,
  getNamedType,
  getNullableType,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  type InlineFragmentNode,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  SchemaMetaFieldDef,
  type SelectionNode,
  type SelectionSetNode,
  TypeMetaFieldDef,
  type TypeNode,
} from 'graphql';
import type { DocumentLimits } from '../core/settings.ts';
import type { Capability } from '../core/viewer.ts';
import { type FieldPricing, pricedFields } from './price.ts';

/** Root fields that require a capability. By name, so that this also covers fields that a schema does not have yet. */
export const gatedFields: ReadonlyMap<string, Capability> = new Map([
  ['__schema', 'introspect'],
  ['__type', 'introspect'],
  ['_entities', 'federation'],
  ['_service', 'federation'],
]);

/** What one walk over a document finds out about an operation. It holds for all variables. */
export interface OperationAnalysis {
  schema: GraphQLSchema;
  operation: OperationDefinitionNode;
  /** The operation as it is executed with variables that are already coerced. */
  executable: DocumentNode;
  size: DocumentLimits;
  /** Root fields that require a capability. */
  gatedFields: ReadonlySet<string>;
  plan: SelectionPlan;
}

/** What the size and the price of a selection set depend on. A fragment has one plan, however often it is spread. */
export interface SelectionPlan {
  aliasedLeaves: number;
  /** Whether a selection can call the upstream, at any depth. */
  callsUpstream: boolean;
  selections: PlannedSelection[];
}

/** A fragment, or a field with a selection set. */
interface PlannedSelection {
  /** Its directives decide whether it is included. */
  node: SelectionNode;
  /** Null for a fragment. */
  field: FieldPlan | null;
  below: SelectionPlan;
}

export interface FieldPlan {
  /** With its type, such as `Query.node`. */
  name: string;
  node: FieldNode;
  definition: GraphQLField<unknown, unknown>;
  /** What its number of objects depends on. `rows` is a list of the connection that the field belongs to. */
  returns: 'object' | 'list' | 'connection' | 'rows' | 'introspection';
  /** Absent for a field that calls no upstream. */
  price: FieldPricing | undefined;
}

/** What is known of a selection set, with its fragments spread. */
interface SelectionSummary {
  /** `rootFields` are the fields on its first level. */
  size: DocumentLimits;
  gatedFields: Set<string>;
  plan: SelectionPlan;
}

type Parent = GraphQLNamedType | null | undefined;

/**
 * Analyses all operations of a document, which may be invalid: fields and fragments that do not exist are ignored. Takes time in
 * proportion to the document, however its fragments are nested.
 */
export function analyse(document: DocumentNode, schema: GraphQLSchema): OperationAnalysis[] {
  const fragments = new Map<string, FragmentDefinitionNode>();
  const operations: OperationDefinitionNode[] = [];
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
    if (definition.kind === Kind.OPERATION_DEFINITION) operations.push(definition);
  }
  const summaries = new Map<string, SelectionSummary>();

  const analyses: OperationAnalysis[] = [];
  for (const operation of operations) {
    const { directives = [], variableDefinitions = [] } = operation;
    const summary = summaryOf(operation.selectionSet, schema.getRootType(operation.operation));
    summary.size.directives += directives.length;
    for (const variable of variableDefinitions) summary.size.directives += variable.directives?.length ?? 0;
    const executable = withCoercedVariables(operation, [...fragments.values()]);
    analyses.push({ schema, operation, executable, ...summary });
  }
  return analyses;

  function summaryOf({ selections }: SelectionSetNode, parent: Parent): SelectionSummary {
    const summary: SelectionSummary = {
      size: { depth: 0, aliases: 0, rootFields: 0, directives: 0, selections: 0 },
      gatedFields: new Set(),
      plan: { aliasedLeaves: 0, callsUpstream: false, selections: [] },
    };
    for (const node of selections) {
      summary.size.selections += 1;
      summary.size.directives += node.directives?.length ?? 0;
      if (node.kind === Kind.FIELD) addField(summary, node, parent);
      else addFragment(summary, node, parent);
    }
    return summary;
  }

  function addField({ size, gatedFields: gated, plan }: SelectionSummary, node: FieldNode, parent: Parent) {
    const name = node.name.value;
    const definition =
      introspection.get(name) ??
      (isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined);
    const below = node.selectionSet
      ? summaryOf(node.selectionSet, definition && getNamedType(definition.type))
      : null;
    if (gatedFields.has(name)) gated.add(name);
    size.rootFields += 1;
    size.aliases += node.alias ? 1 : 0;
    if (below) addSize(size, below.size);
    // graphql-js bounds what is below `__schema` and `__type`.
    const isIntrospection = gatedFields.get(name) === 'introspect';
    size.depth = Math.max(size.depth, isIntrospection ? 1 : 1 + (below?.size.depth ?? 0));
    if (!below) plan.aliasedLeaves += node.alias ? 1 : 0;
    else if (definition && parent) {
      const field = fieldPlan(parent, definition, node);
      plan.selections.push({ node, field, below: below.plan });
      plan.callsUpstream ||= field.price !== undefined || below.plan.callsUpstream;
    }
  }

  function addFragment(
    { size, gatedFields: gated, plan }: SelectionSummary,
    node: InlineFragmentNode | FragmentSpreadNode,
    parent: Parent,
  ) {
    const inner =
      node.kind === Kind.FRAGMENT_SPREAD
        ? fragmentSummary(node.name.value)
        : summaryOf(
            node.selectionSet,
            node.typeCondition ? schema.getType(node.typeCondition.name.value) : parent,
          );
    size.rootFields += inner.size.rootFields;
    size.depth = Math.max(size.depth, inner.size.depth);
    addSize(size, inner.size);
    for (const name of inner.gatedFields) gated.add(name);
    if (inner.plan.selections.length > 0) plan.selections.push({ node, field: null, below: inner.plan });
    else plan.aliasedLeaves += inner.plan.aliasedLeaves;
    plan.callsUpstream ||= inner.plan.callsUpstream;
  }

  function fragmentSummary(name: string): SelectionSummary {
    const known = summaries.get(name);
    if (known) return known;
    // A fragment within itself counts as nothing: another validation rule rejects it.
    const nothing = summaryOf({ kind: Kind.SELECTION_SET, selections: [] }, null);
    summaries.set(name, nothing);
    const fragment = fragments.get(name);
    if (!fragment) return nothing;
    const summary = summaryOf(fragment.selectionSet, schema.getType(fragment.typeCondition.name.value));
    summary.size.directives += fragment.directives?.length ?? 0;
    summaries.set(name, summary);
    return summary;
  }
}

/** What counts at every depth. */
function addSize(size: DocumentLimits, { aliases, directives, selections }: DocumentLimits): void {
  size.aliases += aliases;
  size.directives += directives;
  size.selections += selections;
}

/** The fields of every root type that a type does not list. */
const introspection = new Map([SchemaMetaFieldDef, TypeMetaFieldDef].map((field) => [field.name, field]));

function fieldPlan(
  parent: GraphQLNamedType,
  definition: GraphQLField<unknown, unknown>,
  node: FieldNode,
): FieldPlan {
  const name = `${parent.name}.${definition.name}`;
  let returns: FieldPlan['returns'] = 'object';
  if (introspection.has(definition.name)) returns = 'introspection';
  else if (getNamedType(definition.type).name.endsWith('Connection')) returns = 'connection';
  else if (isListType(getNullableType(definition.type))) {
    returns = parent.name.endsWith('Connection') ? 'rows' : 'list';
  }
  return { name, node, definition, returns, price: pricedFields[name] };
}

/** A scalar that accepts any value and leaves it unchanged. Federation adds it to every subgraph. */
const ANY: TypeNode = { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: '_Any' } };

/** Declares each variable as `_Any` without a default, so that it is not coerced again: it passes as it is or stays absent. */
function withCoercedVariables(
  operation: OperationDefinitionNode,
  fragments: FragmentDefinitionNode[],
): DocumentNode {
  const variableDefinitions = operation.variableDefinitions?.map(({ kind, variable }) => ({
    kind,
    variable,
    type: ANY,
  }));
  const executable = { ...operation, ...(variableDefinitions && { variableDefinitions }) };
  return { kind: Kind.DOCUMENT, definitions: [executable, ...fragments] };
}
