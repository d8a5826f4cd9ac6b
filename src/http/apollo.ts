import { withTokenLimit } from '../graphql/describeError.ts';
import type { OperationLimits } from '../core/settings.ts';
import { setImmediate as aTurn } from 'node:timers/promises';
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
import { type GraphQLSchema, type OperationDefinitionNode, OperationTypeNode } from 'graphql';
import type { GatewayContext } from '../graphql/context.ts';
import { requestError } from '../core/errors.ts';
import { bugIn, describeError } from '../graphql/describeError.ts';
import { exampleFor, type ExplorerFacts, notesOn } from './explorerPage.ts';
import { admitOperation } from '../graphql/operation.ts';
import { apolloGatewayOf, type Execute, type ExecutionContext } from '../graphql/execution.ts';
import { staleExtensions } from '../graphql/freshness.ts';
import { responseLimitError } from '../graphql/responseLimits.ts';
import { limitsRule } from '../graphql/documentLimits.ts';
import type { RequestRecord } from './requestRecord.ts';
import { retryAfterSeconds } from './httpErrors.ts';

export interface ApolloOptions {
  schema: GraphQLSchema;
  /** Executes operations. */
  execute: Execute;
  /** Whether everybody may ask for the schema, and errors may suggest names from it. */
  introspection: boolean;
  /** What Apollo Sandbox's page says to browsers; null where they are shown none. */
  explorer: ExplorerFacts | null;
  /** Whether clients may register documents by their hash. */
  automaticPersistedQueries: boolean;
  limits: OperationLimits;
  /** Told of errors that are bugs. */
  onBug: (error: unknown, requestId: string) => void;
}

/** What resolvers get, and what the door keeps beside it. */
export interface DoorContext extends GatewayContext, ExecutionContext {
  record: RequestRecord;
}

/** Apollo Server with everything off that is not asked for here: it is told no environment and reports to nobody. */
export function createApollo(options: ApolloOptions): ApolloServer<DoorContext> {
  const { introspection, limits } = options;
  return new ApolloServer<DoorContext>({
    gateway: apolloGatewayOf(options.schema, options.execute),
    // Decided for each caller, by the fields that they ask for.
    introspection: true,
    nodeEnv: 'production',
    csrfPrevention: { requestHeaders: PREFLIGHTED_HEADERS },
    allowBatchedHttpRequests: false,
    hideSchemaDetailsFromClientErrors: !introspection,
    includeStacktraceInErrorResponses: false,
    // In the server's bounded cache, and gone after a quarter of an hour.
    persistedQueries: options.automaticPersistedQueries ? { ttl: 900 } : false,
    parseOptions: { maxLexicalTokens: limits.tokens },
    validationRules: [limitsRule(limits)],
    stopOnTerminationSignals: false,
    logger: silent,
    formatError: (formatted, error) => withTokenLimit(describeError(formatted, error), limits.tokens),
    plugins: [
      watchOperations(options),
      // The built-in one hooks every field; and what it knows of freshness, this gateway knows better.
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
 * Headers that a browser sends to another site only after asking it. The first two are what Apollo's clients send; the third is
 * how callers prove who they are here, which no browser adds by itself, and lets urql ask by GET as it does by default.
 */
export const PREFLIGHTED_HEADERS = ['x-apollo-operation-name', 'apollo-require-preflight', 'authorization'];

function sandboxSettings(facts: ExplorerFacts): ApolloServerPluginLandingPageLocalDefaultOptions {
  const { document, headers } = exampleFor(facts);
  const notes = notesOn(facts).map((note) => `# ${note}\n`);
  return {
    document: [...notes, document].join(''),
    headers: headers ?? {},
    footer: false,
    embed: { runTelemetry: false },
  };
}

/** Characters of a document from which on its validation can take a turn of the event loop. */
const LARGE_DOCUMENT = 1000;

function watchOperations(options: ApolloOptions): ApolloServerPlugin<DoorContext> {
  const { introspection, limits, onBug } = options;
  return {
    unexpectedErrorProcessingRequest({ requestContext, error }) {
      onBug(error, requestContext.contextValue.requestId);
      return Promise.resolve();
    },
    requestDidStart({ request: { http }, contextValue }) {
      const { record, requestId, cost, output, staleParts } = contextValue;
      let wasValidatedLong = false;
      return Promise.resolve({
        validationDidStart({ source }) {
          wasValidatedLong = source.length > LARGE_DOCUMENT;
          return Promise.resolve();
        },
        async didResolveOperation({ schema, document, operation, request }) {
          // When the request names no operation of the document, execution says so.
          if (!operation) return;
          record.operationName = operation.name?.value ?? null;
          record.operationType = operation.operation;
          assertCanRun(operation, schema);
          const rules = { introspection, maxObjects: limits.rows };
          const variables = request.variables ?? {};
          contextValue.operation = admitOperation(
            { schema, document, operation, variables },
            contextValue,
            rules,
          );
          // Validation and execution each take as long as one turn of the event loop may.
          if (wasValidatedLong) await aTurn();
        },
        didEncounterErrors({ errors }) {
          for (const bug of errors.map(bugIn)) if (bug !== null) onBug(bug, requestId);
          return Promise.resolve();
        },
        willSendResponse({ response }) {
          const { body, http: head } = response;
          if (body.kind === 'single') {
            const refusal = responseLimitError(body.singleResult, output, limits);
            if (refusal) {
              body.singleResult = { errors: [describeError({ message: refusal.message }, refusal)] };
              head.status = 400;
            }
          }
          const errors = body.kind === 'single' ? (body.singleResult.errors ?? []) : [];
          record.codes = errors.map(({ extensions }) => String(extensions?.['code']));
          const waits = errors
            .map(({ extensions }) => extensions?.['retryAfterMs'])
            .filter((wait) => typeof wait === 'number');
          if (waits.length > 0) head.headers.set('retry-after', retryAfterSeconds(Math.max(...waits)));
          if (body.kind === 'single') {
            const { singleResult } = body;
            const stale = staleParts.length > 0 && staleExtensions(staleParts, singleResult.data);
            if (stale) singleResult.extensions = { ...singleResult.extensions, ...stale };
          }
          if (body.kind === 'single' && http?.headers.get('gateway-cost') === '1') {
            body.singleResult.extensions = { ...body.singleResult.extensions, cost: cost.report() };
          }
          return Promise.resolve();
        },
      });
    },
  };
}

/**
 * Validation lets an operation pass whose type the schema does not have, and execution fails without a code. A subscription would
 * be executed as if it were a query.
 */
function assertCanRun({ operation }: OperationDefinitionNode, schema: GraphQLSchema): void {
  const isSubscription = operation === OperationTypeNode.SUBSCRIPTION;
  if (schema.getRootType(operation) && !isSubscription) return;
  const message = isSubscription
    ? 'Over HTTP this gateway runs queries only: subscribe through a WebSocket at this URL, with graphql-ws (subprotocol graphql-transport-ws).'
    : `This gateway runs queries and subscriptions only, and no ${operation}.`;
  throw requestError({ code: 'GRAPHQL_VALIDATION_FAILED', message, status: 400 });
}

/** Bugs are told through `onBug`; what Apollo Server would log besides quotes errors as they are. */
const silent = { debug: drop, info: drop, warn: drop, error: drop };

function drop(): void {
  // Nothing is kept.
}
