import { type DocumentNode, type ExecutionResult, getOperationAST, type GraphQLSchema } from 'graphql';
import { createExecution, type ExecutionOptions } from '../../src/graphql/execution.ts';
import { analyse, type OperationAnalysis } from '../../src/graphql/analysis.ts';
import { bindOperation, type BoundOperation } from '../../src/graphql/operation.ts';

export interface DocumentRequest {
  document: DocumentNode;
  operationName?: string | null;
  variables?: Readonly<Record<string, unknown>>;
}

/** As in the gateway, an operation has one analysis. */
const analyses = new WeakMap<DocumentNode, OperationAnalysis[]>();

/** @throws for variables that do not fit their types */
export function boundOperation(
  schema: GraphQLSchema,
  request: DocumentRequest,
  maxObjects = 4000,
): BoundOperation {
  const { document, operationName, variables = {} } = request;
  const operation = getOperationAST(document, operationName);
  if (!operation) throw new Error('The request must name one operation of its document.');
  const analysed = analyses.get(document) ?? analyse(document, schema);
  analyses.set(document, analysed);
  const analysis = analysed.find((one) => one.operation === operation)!;
  return bindOperation(analysis, variables, maxObjects);
}

/** Binds and executes. Variables that do not fit are the result's error. */
export function createExecutor(schema: GraphQLSchema, options?: ExecutionOptions) {
  const execute = createExecution(options);
  return async (request: DocumentRequest & { contextValue: unknown }): Promise<ExecutionResult> => {
    let bound: BoundOperation;
    try {
      bound = boundOperation(schema, request);
    } catch (error) {
      return { errors: [error] as never };
    }
    return execute(bound, request.contextValue);
  };
}
