import type { ApolloServerOptionsWithGateway } from '@apollo/server';
import {
  type ASTNode,
  BREAK,
  type DocumentNode,
  execute,
  type ExecutionResult,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  visit,
} from 'graphql';
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit';
import { LRUCache } from 'lru-cache';
import type { OperationAnalysis } from './analysis.ts';
import type { BoundOperation } from './operation.ts';

export type Execute = (operation: BoundOperation, contextValue: unknown) => Promise<ExecutionResult>;

export interface ExecutionOptions {
  /** Whether operations that are requested often are compiled. Default: true. */
  compile?: boolean;
  /** How many compiled operations are cached. Default: 500. */
  maxOperations?: number;
  /**
   * The request for an operation that compiles it. Default: 3. Compiling takes as long as about ten executions, so an operation
   * that is requested once or twice is not compiled.
   */
  compileOnRequest?: number;
}

/** The number of its requests for an operation that is not compiled yet. */
type Compilation = number | CompiledQuery['query'] | 'interpreted';

/**
 * Executes operations that are requested often as generated code, and all others by graphql-js. Results are the same except for the
 * order of errors, and for their number if a non-null field has no value: graphql-js reports the first error that nulls the parent,
 * compiled code reports each.
 *
 * Requires that lists returned by resolvers contain no promises, and that a property without a resolver is a plain value.
 */
export function createExecution(options: ExecutionOptions = {}): Execute {
  const { compile = true, maxOperations = 500, compileOnRequest = 3 } = options;
  const compilations = new LRUCache<OperationAnalysis, Compilation>({ max: maxOperations });

  return async ({ analysis, variables }, contextValue) => {
    let compilation = compile ? (compilations.get(analysis) ?? 0) : 'interpreted';
    if (typeof compilation === 'number') {
      compilation = compilation + 1 < compileOnRequest ? compilation + 1 : compilationOf(analysis);
      compilations.set(analysis, compilation);
    }
    const { schema, executable } = analysis;
    if (typeof compilation !== 'function') {
      return execute({ schema, document: executable, variableValues: variables, contextValue });
    }
    const result = await compilation(undefined, contextValue, variables);
    return result.errors ? { ...result, errors: standardErrors(result.errors) } : result;
  };
}

function compilationOf({ schema, executable }: OperationAnalysis): Compilation {
  if (!isCompilable(executable)) return 'interpreted';
  // The stacks of graphql-jit's own errors are of no use.
  const compiled = compileQuery(schema, executable, undefined, { disablingCapturingStackErrors: true });
  return isCompiledQuery(compiled) ? compiled.query : 'interpreted';
}

/** Of a document. Five lists with all fields of their rows and stages have about 150. */
const MAX_FIELDS = 300;

/**
 * Whether graphql-jit executes the operations of this document as graphql-js does. Known differences of version 0.8.9:
 * - `@skip` and `@include`: a field that is selected twice under different conditions is returned although it is left out, with
 *   and without the option `useExperimentalPathBasedSkipInclude`.
 * - A variable inside a list or object literal: a missing value becomes null where graphql-js applies the default of the input
 *   field, null is accepted where the type is non-null, and custom scalars never see the value.
 * - The name `__proto__`: generated code assigns it as a property, which sets the prototype.
 *
 * Documents with very many fields are not compiled either: generated code builds the locations of a field's nodes for every object.
 */
function isCompilable(document: DocumentNode): boolean {
  let compilable = true;
  let fields = 0;
  const rejectIf = (condition: boolean) => {
    if (!condition) return undefined;
    compilable = false;
    return BREAK;
  };
  visit(document, {
    Directive: ({ name }) => rejectIf(name.value === 'skip' || name.value === 'include'),
    Variable: ({ name }, _key, parent) =>
      rejectIf(name.value === '__proto__' || isListItemOrObjectField(parent)),
    Field: ({ alias, name }) => {
      fields += 1;
      return rejectIf(fields > MAX_FIELDS || (alias ?? name).value === '__proto__');
    },
  });
  return compilable;
}

/** An item of a list literal is visited with the array itself as its parent. */
function isListItemOrObjectField(parent: ASTNode | readonly ASTNode[] | undefined): boolean {
  if (parent === undefined) return false;
  return 'kind' in parent ? parent.kind === Kind.OBJECT_FIELD : true;
}

/**
 * Converts graphql-jit's errors to GraphQLError, which Apollo Server expects. graphql-jit reports each argument of a field that is
 * null but must not be; a field has one error at most, the first.
 */
function standardErrors(errors: readonly GraphQLError[]): GraphQLError[] {
  const byPath = new Map<string, GraphQLError>();
  for (const { message, path, locations, originalError } of errors) {
    const key = JSON.stringify(path ?? null);
    if (byPath.has(key)) continue;
    const error = new GraphQLError(message, { path: path ?? null, ...(originalError && { originalError }) });
    byPath.set(key, Object.assign(error, locations && { locations }));
  }
  return [...byPath.values()];
}

type ApolloGateway = ApolloServerOptionsWithGateway<ExecutionContext>['gateway'];
type Executor = NonNullable<Awaited<ReturnType<ApolloGateway['load']>>['executor']>;

/** What Apollo Server's context must contain for `apolloGatewayOf`. */
export interface ExecutionContext {
  /** Null if the request names no operation of its document. */
  operation: BoundOperation | null;
}

/**
 * Makes Apollo Server execute by `execute`. It has no other hook for that than a gateway, here one of a schema that never changes.
 *
 * @see https://github.com/apollographql/apollo-server/issues/7390
 */
export function apolloGatewayOf(schema: GraphQLSchema, executeOperation: Execute): ApolloGateway {
  const executor: Executor = ({ document, request, context }) => {
    const { operation } = context as ExecutionContext;
    // graphql-js reports why the request has no operation.
    const result = operation
      ? executeOperation(operation, context)
      : execute({ schema, document, operationName: request.operationName ?? null });
    return Promise.resolve(result) as ReturnType<Executor>;
  };
  return {
    onSchemaLoadOrUpdate(update) {
      update({ apiSchema: schema, coreSupergraphSdl: '' });
      return () => undefined;
    },
    load: () => Promise.resolve({ executor }),
    stop: () => Promise.resolve(),
  };
}
