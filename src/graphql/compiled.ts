import {
  type DocumentNode,
  execute,
  type ExecutionResult,
  getOperationAST,
  GraphQLError,
  getVariableValues,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit';
import { LRUCache } from 'lru-cache';
import { isCompilable, withCoercedVariables } from './compilable.ts';

/** Runs one operation of a valid document. */
export type Execute = (request: ExecutionRequest) => Promise<ExecutionResult>;

export interface ExecutionRequest {
  document: DocumentNode;
  /** The same for the same document, and for no other. */
  queryHash: string;
  /** As the request has it: null where the document's only operation is meant. */
  operationName: string | null;
  /** As they came. */
  variables: Readonly<Record<string, unknown>>;
  contextValue: unknown;
}

export interface CompiledExecutionOptions {
  schema: GraphQLSchema;
  /** How many operations are kept as code. Default: 500. */
  maxOperations?: number;
  /**
   * The request for an operation that compiles it. Default: 3. Compiling takes as long as running some ten times, so an operation
   * that is requested once or twice is not compiled.
   */
  compileOnRequest?: number;
}

/** An operation that is not compiled yet has the number of its requests. */
type Plan = number | CompiledQuery['query'] | 'interpreted';

/**
 * Executes queries as code that was generated for them, where graphql-js would walk their documents anew each time. Variables are
 * coerced by graphql-js in both cases. Operations that graphql-jit executes differently (see `isCompilable`) and variables that
 * cannot be coerced are left to graphql-js. The results are the same but for errors' order, and for how many are reported where a
 * non-null field has no value: graphql-js reports the first that nulls the object above, compiled code reports each.
 *
 * It holds for resolvers as this gateway has them: what a resolver gives as a list holds no promises, and a property that has no
 * resolver is a plain value.
 */
export function createCompiledExecution(options: CompiledExecutionOptions): Execute {
  const { schema, maxOperations = 500, compileOnRequest = 3 } = options;
  const plans = new LRUCache<string, Plan>({ max: maxOperations });

  return async (request) => {
    const { document, operationName, variables, contextValue } = request;
    const operation = getOperationAST(document, operationName);
    const query = operation && compiledFor(operation, request);
    if (query) {
      // graphql-js quotes a value in each of its errors, and a body has room for thousands.
      const bounds = { maxErrors: 1 };
      const { coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], variables, bounds);
      // Compiled code looks names up without asking whose they are: `$toString` must not find that of Object.prototype.
      const own = coerced && Object.assign(Object.create(null) as typeof coerced, coerced);
      if (own) return withOwnErrors(await query(undefined, contextValue, own));
    }
    // Only graphql-js words errors of variables as Apollo Server expects them.
    return execute({ schema, document, operationName, variableValues: variables, contextValue });
  };

  function compiledFor(
    operation: OperationDefinitionNode,
    { document, queryHash }: ExecutionRequest,
  ): CompiledQuery['query'] | null {
    const key = `${queryHash} ${operation.name?.value ?? ''}`;
    const plan = plans.get(key) ?? 0;
    if (typeof plan === 'function') return plan;
    if (plan === 'interpreted') return null;
    const next = plan + 1 < compileOnRequest ? plan + 1 : compile(operation, document);
    plans.set(key, next);
    return typeof next === 'function' ? next : null;
  }

  function compile(operation: OperationDefinitionNode, document: DocumentNode): Plan {
    if (!isCompilable(document)) return 'interpreted';
    const compiled = compileQuery(schema, withCoercedVariables(document, operation), undefined, {
      // Stacks of what graphql-jit throws itself tell nothing.
      disablingCapturingStackErrors: true,
    });
    return isCompiledQuery(compiled) ? compiled.query : 'interpreted';
  }
}

/**
 * graphql-jit's errors are of a kind of their own, without all that Apollo Server reads of one. It reports every argument of a field
 * that is null where it must not be; graphql-js reports the first, as a field has one error at most.
 */
function withOwnErrors(result: ExecutionResult): ExecutionResult {
  if (!result.errors) return result;
  const byPath = new Map<string, GraphQLError>();
  for (const { message, path, locations, originalError } of result.errors) {
    const key = JSON.stringify(path ?? null);
    if (byPath.has(key)) continue;
    const error = new GraphQLError(message, { path: path ?? null, ...(originalError && { originalError }) });
    byPath.set(key, Object.assign(error, locations && { locations }));
  }
  const errors = [...byPath.values()];
  return { ...result, errors };
}
