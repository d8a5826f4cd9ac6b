import {
  type ASTVisitor,
  getArgumentValues,
  getVariableValues,
  type OperationDefinitionNode,
  type ValidationContext,
} from 'graphql';
import { invalidVariables, requestError, tooExpensive } from '../core/errors.ts';
import type { DocumentLimits } from '../core/settings.ts';
import type { Viewer } from '../core/viewer.ts';
import type { WindowRequest } from '../core/window.ts';
import { analyse, type FieldPlan, gatedFields, type OperationAnalysis } from './analysis.ts';
import type { GatewayContext } from './context.ts';
import { type ArgumentValues, windowOf } from './arguments.ts';
import { countObjects } from './outputObjects.ts';
import { priceOf } from './price.ts';

export type Variables = Readonly<Record<string, unknown>>;

/** An operation of a document that `limitsRule` has accepted, with variables as the request has them. */
interface OperationRequest {
  operation: OperationDefinitionNode;
  variables: Variables;
}

interface OperationRules {
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
  /** Null for arguments that the field rejects with an error when it is resolved. */
  argumentsOf(field: FieldPlan): BoundArguments | null;
}

export interface BoundArguments {
  values: ArgumentValues;
  /** Null for a field that is not a connection. */
  window: WindowRequest | null;
}

/**
 * Checks everything that can refuse an operation before it runs, the cheapest first, and binds it to its variables.
 *
 * @throws FORBIDDEN, BAD_USER_INPUT for variables that do not fit their types, QUERY_TOO_EXPENSIVE
 */
export function admitOperation(
  { operation, variables }: OperationRequest,
  { viewer, cost, output, loaders }: Pick<GatewayContext, 'viewer' | 'cost' | 'output' | 'loaders'>,
  { introspection, maxObjects }: OperationRules,
): BoundOperation {
  const analysis = analyses.get(operation);
  if (!analysis) throw new Error('The document of the operation was not validated.');
  if (analysis.gatedFields.size > 0) assertMaySelect(analysis.gatedFields, viewer, introspection);
  const bound = bindOperation(analysis, variables, maxObjects);
  output.countedObjects = countObjects(bound);
  if (output.countedObjects > maxObjects) {
    const got = output.countedObjects;
    throw tooExpensive({ what: 'output objects', max: maxObjects, got, setting: 'MAX_ROWS' });
  }
  cost.atWorst = priceOf(bound, loaders);
  if (cost.atWorst > cost.ceiling) {
    const what = 'upstream calls at worst';
    throw tooExpensive({ what, max: cost.ceiling, got: cost.atWorst, setting: 'MAX_OPERATION_CALLS' });
  }
  return bound;
}

/** Made by `limitsRule`. Their number is bounded by the caches of valid documents. */
const analyses = new WeakMap<OperationDefinitionNode, OperationAnalysis>();

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
  const known = new Map<FieldPlan, BoundArguments | null>();
  return {
    analysis,
    variables,
    maxObjects,
    argumentsOf(field) {
      let bound = known.get(field);
      if (bound !== undefined) return bound;
      try {
        const values = getArgumentValues(
          field.definition,
          field.node,
          variables,
        ) as unknown as ArgumentValues;
        bound = { values, window: field.returns === 'connection' ? windowOf(values) : null };
      } catch {
        bound = null;
      }
      known.set(field, bound);
      return bound;
    },
  };
}

/**
 * @param fields the gated fields that an operation selects
 * @param introspection whether everybody may introspect
 * @throws FORBIDDEN
 */
export function assertMaySelect(fields: ReadonlySet<string>, viewer: Viewer, introspection: boolean): void {
  for (const field of fields) {
    const capability = gatedFields.get(field);
    if (capability === undefined || viewer.may(capability)) continue;
    const isIntrospection = capability === 'introspect';
    if (isIntrospection && introspection) continue;
    const alternative = isIntrospection ? ', or ask the operator to turn INTROSPECTION on' : '';
    throw requestError({
      code: 'FORBIDDEN',
      message: `Selecting ${field} requires a token with the scope ${capability}${alternative}.`,
      status: 403,
    });
  }
}

const documentLimits: { name: keyof DocumentLimits; what: string; setting: string }[] = [
  { name: 'depth', what: 'levels of depth', setting: 'MAX_DEPTH' },
  { name: 'aliases', what: 'aliases', setting: 'MAX_ALIASES' },
  { name: 'rootFields', what: 'root fields', setting: 'MAX_ROOT_FIELDS' },
  { name: 'directives', what: 'directives', setting: 'MAX_DIRECTIVES' },
  { name: 'selections', what: 'selections, with its fragments spread,', setting: 'MAX_SELECTIONS' },
];

/** A validation rule that rejects documents beyond the limits, so that a valid document is not checked again. */
export function limitsRule(limits: DocumentLimits): (context: ValidationContext) => ASTVisitor {
  return (context) => ({
    Document(document) {
      const operations = analyse(document, context.getSchema());
      for (const analysis of operations) analyses.set(analysis.operation, analysis);
      for (const { name, ...label } of documentLimits) {
        const got = Math.max(0, ...operations.map(({ size }) => size[name]));
        if (got > limits[name]) context.reportError(tooExpensive({ ...label, max: limits[name], got }));
      }
    },
  });
}
