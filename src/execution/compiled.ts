import {
  BREAK,
  type DocumentNode,
  execute,
  type ExecutionResult,
  GraphQLError,
  getVariableValues,
  type GraphQLSchema,
  Kind,
  visit,
} from 'graphql';
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit';
import { LRUCache } from 'lru-cache';

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
}

/**
 * Compiling takes as long as running some ten times, so what is asked only once, as by somebody who tries things out or who means
 * to keep this process busy, is not compiled.
 */
const COMPILED_WHEN_ASKED = 3;

/** What is known of an operation: how often it was asked while it was not worth compiling, its code, or that it has none. */
type Plan = number | CompiledQuery['query'] | 'interpreted';

/**
 * Executes queries as code that was generated for them, where graphql-js would walk their documents anew each time. What is
 * asked seldom, has conditions (`@skip`, `@include`) or variables that don't fit is left to graphql-js. The results are the same but
 * for errors' order, and for how many are told where a field that must have a value has none: graphql-js tells of the first that
 * makes nothing of the object above, compiled code of each.
 *
 * It holds for resolvers as this gateway has them: what a resolver gives as a list holds no promises, and a property that has no
 * resolver is a plain value.
 */
export function createCompiledExecution(options: CompiledExecutionOptions): Execute {
  const { schema, maxOperations = 500 } = options;
  const plans = new LRUCache<string, Plan>({ max: maxOperations });

  return async (request) => {
    const { document, operationName, variables, contextValue } = request;
    const query = compiledFor(request);
    if (query && haveVariablesThatFit(request)) {
      return withOwnErrors(await query(undefined, contextValue, variables));
    }
    return execute({ schema, document, operationName, variableValues: variables, contextValue });
  };

  function compiledFor(request: ExecutionRequest): CompiledQuery['query'] | null {
    const key = `${request.queryHash} ${request.operationName ?? ''}`;
    const plan = plans.get(key) ?? 0;
    if (typeof plan === 'function') return plan;
    if (plan === 'interpreted') return null;
    const next = plan + 1 < COMPILED_WHEN_ASKED ? plan + 1 : compile(request);
    plans.set(key, next);
    return typeof next === 'function' ? next : null;
  }

  function compile({ document, operationName }: ExecutionRequest): Plan {
    if (hasConditions(document)) return 'interpreted';
    const compiled = compileQuery(schema, document, operationName ?? undefined, {
      // Stacks of what graphql-jit throws itself tell nothing.
      disablingCapturingStackErrors: true,
    });
    return isCompiledQuery(compiled) ? compiled.query : 'interpreted';
  }

  /** Else graphql-js says what is wrong with them, as only it has the words that Apollo Server tells such errors by. */
  function haveVariablesThatFit({ document, operationName, variables }: ExecutionRequest): boolean {
    for (const definition of document.definitions) {
      if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
      if (operationName !== null && definition.name?.value !== operationName) continue;
      return 'coerced' in getVariableValues(schema, definition.variableDefinitions ?? [], variables);
    }
    return false;
  }
}

/** graphql-jit's errors are of a kind of their own, without all that Apollo Server reads of one. */
function withOwnErrors(result: ExecutionResult): ExecutionResult {
  if (!result.errors) return result;
  const errors = result.errors.map(({ message, path, locations, originalError }) =>
    Object.assign(
      new GraphQLError(message, { path: path ?? null, ...(originalError && { originalError }) }),
      locations && { locations },
    ),
  );
  return { ...result, errors };
}

/**
 * Where a field stands in a document twice, under different conditions, graphql-jit mixes them up and answers what was to be left
 * out, with and without its option for that.
 */
function hasConditions(document: DocumentNode): boolean {
  let found = false;
  visit(document, {
    Directive({ name }) {
      found ||= name.value === 'skip' || name.value === 'include';
      return found ? BREAK : undefined;
    },
  });
  return found;
}
