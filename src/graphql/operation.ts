import {
  type DocumentNode,
  getVariableValues,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { invalidVariables, tooExpensive } from '../core/errors.ts';
import { analysisOf, type OperationAnalysis } from './analysis.ts';
import type { GatewayContext } from './context.ts';
import { type BoundArguments, bindArguments, type FieldArguments, type Variables } from './fieldArguments.ts';
import { assertMaySelect } from './gatedFields.ts';
import { countObjects, type ObjectFormula, type Objects } from './outputObjects.ts';
import { priceOf } from './price.ts';

/** An operation of a valid document, with variables as the request has them. */
export interface OperationRequest {
  schema: GraphQLSchema;
  document: DocumentNode;
  operation: OperationDefinitionNode;
  variables: Variables;
}

export interface OperationRules {
  /** Whether everybody may introspect. */
  introspection: boolean;
  /** The most objects that a response may have. */
  maxObjects: number;
}

/** An operation with its variables: coerced once, and read by limits, price and execution alike. */
export interface BoundOperation {
  analysis: OperationAnalysis;
  /** Coerced, with defaults. Without a prototype, so that `$toString` is not found unless it is given. */
  variables: Variables;
  maxObjects: number;
  /** Null for arguments that the field rejects. */
  argumentsOf(field: FieldArguments): BoundArguments | null;
  /** Results of formulas that are already evaluated. */
  objectCounts: Map<ObjectFormula, Objects>;
}

/**
 * Checks everything that can refuse an operation before it runs, the cheapest first, and binds it to its variables.
 *
 * @throws FORBIDDEN, BAD_USER_INPUT for variables that do not fit their types, QUERY_TOO_EXPENSIVE
 */
export function admitOperation(
  { schema, document, operation, variables }: OperationRequest,
  { viewer, cost, output, loaders }: Pick<GatewayContext, 'viewer' | 'cost' | 'output' | 'loaders'>,
  { introspection, maxObjects }: OperationRules,
): BoundOperation {
  const analysis = analysisOf(operation, document, schema);
  if (analysis.gatedFields.size > 0) assertMaySelect(analysis.gatedFields, viewer, introspection);
  const bound = bindOperation(analysis, variables, maxObjects);
  output.countedObjects = countObjects(bound);
  if (output.countedObjects > maxObjects) {
    const got = output.countedObjects;
    throw tooExpensive({ what: 'output objects', max: maxObjects, got, setting: 'MAX_ROWS' });
  }
  cost.atWorst = priceOf(bound, loaders.prices);
  if (cost.atWorst > cost.ceiling) {
    const what = 'upstream calls at worst';
    throw tooExpensive({ what, max: cost.ceiling, got: cost.atWorst, setting: 'MAX_OPERATION_CALLS' });
  }
  return bound;
}

/** @throws BAD_USER_INPUT for variables that do not fit their types */
export function bindOperation(
  analysis: OperationAnalysis,
  given: Variables,
  maxObjects: number,
): BoundOperation {
  const { schema, operation } = analysis;
  const { coerced, errors = [] } = getVariableValues(schema, operation.variableDefinitions ?? [], given, {
    // Each error quotes the whole value that it is about, and a body has room for thousands of errors.
    maxErrors: 1,
  });
  if (!coerced) throw invalidVariables(errors);
  const variables = Object.assign(Object.create(null) as typeof coerced, coerced);
  const known = new Map<FieldArguments, BoundArguments | null>();
  return {
    analysis,
    variables,
    maxObjects,
    objectCounts: new Map(),
    argumentsOf(field) {
      if (field.constant !== undefined) return field.constant;
      let bound = known.get(field);
      if (bound === undefined) known.set(field, (bound = bindArguments(field, variables)));
      return bound;
    },
  };
}
