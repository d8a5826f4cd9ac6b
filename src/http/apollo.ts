import { setImmediate as nextTurn } from 'node:timers/promises';
import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import {
  ApolloServerPluginLandingPageLocalDefault,
  type ApolloServerPluginLandingPageLocalDefaultOptions,
} from '@apollo/server/plugin/landingPage/default';
import { type GraphQLError, type GraphQLSchema, OperationTypeNode } from 'graphql';
import { requestError } from '../core/errors.ts';
import type { OperationLimits } from '../core/settings.ts';
import type { GatewayContext } from '../graphql/context.ts';
import { bugIn, describeError, withTokenLimit } from '../graphql/describeError.ts';
import { apolloGatewayOf, type Execute, type ExecutionContext } from '../graphql/execution.ts';
import { admitOperation, limitsRule } from '../graphql/operation.ts';
import { responseLimitError, staleExtensions } from '../graphql/response.ts';
import { EXAMPLE, EXAMPLE_HEADERS, type ExplorerFacts, notesOn } from './explorerPage.ts';
import { retryAfterSeconds } from './httpErrors.ts';
import type { RequestRecord } from './requestLifecycle.ts';

export interface ApolloOptions {
  schema: GraphQLSchema;
  /** Executes operations. */
  execute: Execute;
  /** Whether everybody may introspect the schema, and errors may suggest names from it. */
  introspection: boolean;
  /** What Apollo Sandbox shows to browsers; null for no Sandbox. */
  explorer: ExplorerFacts | null;
  /** Whether clients may register documents by their hash. */
  automaticPersistedQueries: boolean;
  limits: OperationLimits;
  /** Receives unexpected errors. */
  onBug: (error: unknown, requestId: string) => void;
}

export interface ApolloContext extends GatewayContext, ExecutionContext {
  record: RequestRecord;
}

/** Apollo Server without anything that depends on its environment or reports to Apollo. */
export function createApollo(options: ApolloOptions): ApolloServer<ApolloContext> {
  const { introspection, limits } = options;
  return new ApolloServer<ApolloContext>({
    gateway: apolloGatewayOf(options.schema, options.execute),
    // Permitted for each caller by the gated fields of the operation.
    introspection: true,
    nodeEnv: 'production',
    csrfPrevention: { requestHeaders: PREFLIGHTED_HEADERS },
    allowBatchedHttpRequests: false,
    hideSchemaDetailsFromClientErrors: !introspection,
    includeStacktraceInErrorResponses: false,
    // In Apollo Server's bounded cache. Seconds.
    persistedQueries: options.automaticPersistedQueries ? { ttl: 900 } : false,
    parseOptions: { maxLexicalTokens: limits.tokens },
    validationRules: [limitsRule(limits)],
    stopOnTerminationSignals: false,
    logger: silent,
    formatError: (formatted, error) => withTokenLimit(describeError(formatted, error), limits.tokens),
    plugins: [
      operationPlugin(options),
      // It hooks every field, and the gateway sets the caching headers itself.
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
      options.explorer
        ? ApolloServerPluginLandingPageLocalDefault(sandboxSettings(options.explorer))
        : ApolloServerPluginLandingPageDisabled(),
    ],
  });
}

/**
 * Headers that a browser sends to another site only after a preflight request. Apollo's clients send the first two. The third allows
 * urql to send queries by GET, as it does by default.
 */
export const PREFLIGHTED_HEADERS = ['x-apollo-operation-name', 'apollo-require-preflight', 'authorization'];

function sandboxSettings(facts: ExplorerFacts): ApolloServerPluginLandingPageLocalDefaultOptions {
  const notes = notesOn(facts).map((note) => `# ${note}\n`);
  return {
    document: [...notes, EXAMPLE].join(''),
    headers: facts.authentication ? EXAMPLE_HEADERS : {},
    footer: false,
    embed: { runTelemetry: false },
  };
}

/** From this number of characters on, validating a document can take as long as a turn of the event loop may. */
const LARGE_DOCUMENT = 1000;

function operationPlugin({ introspection, limits, onBug }: ApolloOptions): ApolloServerPlugin<ApolloContext> {
  const rules = { introspection, maxObjects: limits.rows };
  return {
    unexpectedErrorProcessingRequest({ requestContext, error }) {
      onBug(error, requestContext.contextValue.requestId);
      return Promise.resolve();
    },
    requestDidStart({ contextValue }) {
      let isValidationLong = false;
      return Promise.resolve({
        validationDidStart({ source }) {
          isValidationLong = source.length > LARGE_DOCUMENT;
          return Promise.resolve();
        },
        async didResolveOperation({ operation, request: { variables = {} } }) {
          // Execution reports why the request has no operation.
          if (!operation) return;
          contextValue.record.operationName = operation.name?.value ?? null;
          contextValue.record.operationType = operation.operation;
          if (operation.operation !== OperationTypeNode.QUERY) throw noQuery(operation.operation);
          contextValue.operation = admitOperation({ operation, variables }, contextValue, rules);
          // Execution takes another turn of the event loop.
          if (isValidationLong) await nextTurn();
        },
        didEncounterErrors({ errors }) {
          for (const bug of errors.map(bugIn)) if (bug !== null) onBug(bug, contextValue.requestId);
          return Promise.resolve();
        },
        /** Bounds the response, records its error codes, and adds the `retry-after` header and the extensions. */
        willSendResponse({ request, response }) {
          const { body, http } = response;
          if (body.kind !== 'single') return Promise.resolve();
          const { record, output, staleParts } = contextValue;
          const limitError = responseLimitError(body.singleResult, output, limits);
          if (limitError) {
            body.singleResult = { errors: [describeError({ message: limitError.message }, limitError)] };
            http.status = 400;
          }
          const { data, errors = [] } = body.singleResult;
          record.codes = errors.map(({ extensions }) => String(extensions?.['code']));
          const waits = errors
            .map(({ extensions }) => extensions?.['retryAfterMs'])
            .filter((wait) => typeof wait === 'number');
          if (waits.length > 0) http.headers.set('retry-after', retryAfterSeconds(Math.max(...waits)));
          const extensions = {
            ...(staleParts.length > 0 && staleExtensions(staleParts, data)),
            ...(request.http?.headers.get('gateway-cost') === '1' && { cost: costOf(contextValue) }),
          };
          if (Object.keys(extensions).length > 0) body.singleResult.extensions = extensions;
          return Promise.resolve();
        },
      });
    },
  };
}

/** As `extensions.cost` for callers that send the header `gateway-cost: 1`, in upstream calls. */
function costOf({ cost, record }: ApolloContext) {
  const { upstreamCalls: used, cache } = record.observation.counts;
  const fromCache = { fresh: cache.hit, stale: cache.stale, shared: cache.shared };
  const { atWorst, ceiling } = cost;
  return { atWorst, ceiling, used, fromCache, budgetLeft: cost.budgetLeft() };
}

/** Validation accepts an operation of a type that the schema does not have, and graphql-js executes a subscription as a query. */
function noQuery(operation: OperationTypeNode): GraphQLError {
  const message =
    operation === OperationTypeNode.SUBSCRIPTION
      ? 'Subscriptions are not available over HTTP. Open a WebSocket at this URL with the subprotocol graphql-transport-ws (graphql-ws).'
      : `The schema has no ${operation}. This gateway executes queries and subscriptions.`;
  return requestError({ code: 'GRAPHQL_VALIDATION_FAILED', message, status: 400 });
}

/** Bugs are reported to `onBug`. Apollo Server would log errors with their full content. */
const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore };

function ignore(): void {
  // Nothing is logged.
}
