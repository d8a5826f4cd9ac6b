import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type FragmentSpreadNode,
  getNamedType,
  type GraphQLNamedType,
  type GraphQLSchema,
  type InlineFragmentNode,
  isInterfaceType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  type TypeNode,
} from 'graphql';
import type { DocumentLimits } from '../core/settings.ts';
import type { Capability } from '../core/viewer.ts';
import { type FieldArguments, fieldArgumentsOf } from './arguments.ts';
import { addObjects, addObjectsOfField, noObjects, type ObjectFormula } from './outputObjects.ts';
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
  fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  size: DocumentLimits;
  /** Root fields that require a capability. */
  gatedFields: ReadonlySet<string>;
  /** Objects of the response. */
  objects: ObjectFormula;
  calls: readonly CallPlan[];
}

/** A selection that calls the upstream, or that contains one that does. */
export interface CallPlan {
  /** Its directives decide whether it is included. */
  node: SelectionNode;
  /** Null for a selection that calls the upstream only through the selections below it. */
  field: (FieldArguments & { price: FieldPricing }) | null;
  below: readonly CallPlan[];
}

/** Analyses of the documents that exist. Their number is bounded by the caches of valid documents. */
const analyses = new WeakMap<OperationDefinitionNode, OperationAnalysis>();

/** The analysis of one operation of the document. Validation has made it, unless the document was validated elsewhere. */
export function analysisOf(
  operation: OperationDefinitionNode,
  document: DocumentNode,
  schema: GraphQLSchema,
): OperationAnalysis {
  const known =
    analyses.get(operation) ?? analyse(document, schema).find((one) => one.operation === operation);
  if (!known) throw new Error('The operation is not in its document.');
  return known;
}

/** What is known of a selection set, with its fragments spread. */
interface SelectionSummary {
  /** `rootFields` are the fields on its first level. */
  size: DocumentLimits;
  gatedFields: Set<string>;
  objects: ObjectFormula;
  calls: CallPlan[];
}

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

  return operations.map((operation) => {
    const { directives = [], variableDefinitions = [] } = operation;
    const summary = summaryOf(operation.selectionSet, schema.getRootType(operation.operation));
    summary.size.directives += directives.length;
    for (const variable of variableDefinitions) summary.size.directives += variable.directives?.length ?? 0;
    const executable = withCoercedVariables(operation, [...fragments.values()]);
    const analysis = { schema, operation, executable, fragments, ...summary };
    analyses.set(operation, analysis);
    return analysis;
  });

  function summaryOf(
    { selections }: SelectionSetNode,
    parent: GraphQLNamedType | null | undefined,
  ): SelectionSummary {
    const summary = emptySummary();
    for (const node of selections) {
      summary.size.selections += 1;
      summary.size.directives += node.directives?.length ?? 0;
      if (node.kind === Kind.FIELD) addField(summary, node, parent);
      else addFragment(summary, node, parent);
    }
    return summary;
  }

  function addField(
    summary: SelectionSummary,
    node: FieldNode,
    parent: GraphQLNamedType | null | undefined,
  ): void {
    const { size } = summary;
    const name = node.name.value;
    const definition = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined;
    const below = node.selectionSet
      ? summaryOf(node.selectionSet, definition && getNamedType(definition.type))
      : null;
    size.rootFields += 1;
    size.aliases += (node.alias ? 1 : 0) + (below?.size.aliases ?? 0);
    size.directives += below?.size.directives ?? 0;
    size.selections += below?.size.selections ?? 0;
    // graphql-js bounds what is below `__schema` and `__type`.
    const depth = gatedFields.get(name) === 'introspect' ? 1 : 1 + (below?.size.depth ?? 0);
    size.depth = Math.max(size.depth, depth);
    if (gatedFields.has(name)) summary.gatedFields.add(name);
    const field = below && definition && parent ? fieldArgumentsOf(parent, definition, node) : null;
    addObjectsOfField(summary.objects, node, field, below?.objects ?? null);
    if (!field || !below) return;
    const price = pricedFields[`${field.parent.name}.${name}`];
    if (price) summary.calls.push({ node, field: { ...field, price }, below: below.calls });
    else if (below.calls.length > 0) summary.calls.push({ node, field: null, below: below.calls });
  }

  function addFragment(
    summary: SelectionSummary,
    node: InlineFragmentNode | FragmentSpreadNode,
    parent: GraphQLNamedType | null | undefined,
  ): void {
    const { size } = summary;
    const inner = node.kind === Kind.FRAGMENT_SPREAD ? fragmentSummary(node.name.value) : inline(node);
    size.rootFields += inner.size.rootFields;
    size.depth = Math.max(size.depth, inner.size.depth);
    size.aliases += inner.size.aliases;
    size.directives += inner.size.directives;
    size.selections += inner.size.selections;
    for (const name of inner.gatedFields) summary.gatedFields.add(name);
    addObjects(summary.objects, inner.objects);
    if (inner.calls.length > 0) summary.calls.push({ node, field: null, below: inner.calls });

    function inline({ typeCondition, selectionSet }: InlineFragmentNode): SelectionSummary {
      return summaryOf(selectionSet, typeCondition ? schema.getType(typeCondition.name.value) : parent);
    }
  }

  function fragmentSummary(name: string): SelectionSummary {
    const known = summaries.get(name);
    if (known) return known;
    // A fragment within itself counts as nothing: another validation rule rejects it.
    summaries.set(name, emptySummary());
    const fragment = fragments.get(name);
    if (!fragment) return emptySummary();
    const summary = summaryOf(fragment.selectionSet, schema.getType(fragment.typeCondition.name.value));
    summary.size.directives += fragment.directives?.length ?? 0;
    summaries.set(name, summary);
    return summary;
  }
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

function emptySummary(): SelectionSummary {
  return {
    size: { depth: 0, aliases: 0, rootFields: 0, directives: 0, selections: 0 },
    gatedFields: new Set(),
    objects: noObjects(),
    calls: [],
  };
}
