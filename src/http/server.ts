import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import { ApolloServerPluginLandingPageLocalDefault } from '@apollo/server/plugin/landingPage/default';
import { fastifyApolloDrainPlugin, fastifyApolloHandler } from '@as-integrations/fastify';
import { fastify, type FastifyError, type FastifyInstance } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import type { GatewayContext } from '../context.ts';
import { describeError } from '../errors.ts';

export interface HttpServerOptions {
  host: string;
  port: number;
  schema: GraphQLSchema;
  introspection: boolean;
  explorer: boolean;
  /** Called once an operation. The signal fires when the caller goes away before it has its answer. */
  createContext(request: { requestId: string; signal: AbortSignal }): GatewayContext;
  /** Whether the gateway can answer queries now; anything but `ok` is told by /health/ready. */
  health(): Health;
  /** Told of errors that are bugs. */
  onBug(error: unknown, requestId: string): void;
}

export interface Health {
  status: 'ok' | 'degraded' | 'unavailable';
  /** What is not as it should be, in words that name nothing secret. */
  reasons: string[];
}

export interface HttpServer {
  /** Where it listens, such as `http://127.0.0.1:4000`. */
  url: string;
  /** Takes no new requests, lets those in flight end, and resolves when they have. */
  close(): Promise<void>;
}

/** The largest request body, in bytes. */
const BODY_LIMIT = 100_000;

/** The most tokens that a document can have: what lies above is parsed no further. */
const MAX_TOKENS = 2000;

/** The door: everything that knows HTTP. */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const app = fastify({ bodyLimit: BODY_LIMIT, logger: false, forceCloseConnections: 'idle' });
  const apollo = new ApolloServer<GatewayContext>({
    schema: options.schema,
    introspection: options.introspection,
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    hideSchemaDetailsFromClientErrors: !options.introspection,
    includeStacktraceInErrorResponses: false,
    persistedQueries: false,
    parseOptions: { maxLexicalTokens: MAX_TOKENS },
    stopOnTerminationSignals: false,
    formatError(formatted, error) {
      const { answer, bug } = describeError(formatted, error);
      if (bug !== null) options.onBug(bug, '');
      return answer;
    },
    plugins: [
      fastifyApolloDrainPlugin(app),
      retryAfterHeader,
      // The built-in one hooks every field; and what it knows of freshness, this gateway knows better.
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
      options.explorer
        ? ApolloServerPluginLandingPageLocalDefault({ footer: false })
        : ApolloServerPluginLandingPageDisabled(),
    ],
  });
  await apollo.start();

  app.setErrorHandler(sendAsGraphQLError);
  app.setNotFoundHandler((request, reply) =>
    reply
      .code(404)
      .send(
        errorBody(
          `There is nothing at ${request.method} ${request.url.split('?')[0] ?? ''}: GraphQL is at /graphql.`,
        ),
      ),
  );
  app.route({
    url: '/graphql',
    method: ['GET', 'POST'],
    handler: fastifyApolloHandler(apollo, {
      context: (request, reply) => {
        const gone = new AbortController();
        reply.raw.once('close', () => {
          if (!reply.raw.writableFinished) gone.abort();
        });
        return Promise.resolve(options.createContext({ requestId: request.id, signal: gone.signal }));
      },
    }),
  });
  addHealth(app, () => options.health());
  const url = await app.listen({ host: options.host, port: options.port });
  return {
    url,
    async close() {
      await apollo.stop();
      await app.close();
    },
  };
}

function addHealth(app: FastifyInstance, health: () => Health): void {
  app.get('/health/live', () => ({ status: 'ok' }));
  app.get('/health/ready', (_, reply) => {
    const state = health();
    return reply.code(state.status === 'unavailable' ? 503 : 200).send(state);
  });
}

/** Tells HTTP clients, too, when the same request can succeed. In whole seconds, as HTTP wants it. */
const retryAfterHeader: ApolloServerPlugin<GatewayContext> = {
  requestDidStart: () =>
    Promise.resolve({
      willSendResponse({ response }) {
        const { body, http } = response;
        const errors = body.kind === 'single' ? (body.singleResult.errors ?? []) : [];
        const waits = errors
          .map(({ extensions }) => extensions?.['retryAfterMs'])
          .filter((wait) => typeof wait === 'number');
        if (waits.length > 0) http.headers.set('retry-after', String(Math.ceil(Math.max(...waits) / 1000)));
        return Promise.resolve();
      },
    }),
};

/** What fails before GraphQL has a say (a body too large, a type that can't be read) is told in GraphQL's own form. */
function sendAsGraphQLError(
  error: FastifyError,
  _request: unknown,
  reply: { code(status: number): { send(body: unknown): unknown } },
) {
  const status = error.statusCode ?? 500;
  const message = status < 500 ? error.message : 'The gateway met an error of its own.';
  reply.code(status).send(errorBody(message, status < 500 ? 'BAD_REQUEST' : 'INTERNAL_SERVER_ERROR'));
}

function errorBody(message: string, code = 'BAD_REQUEST') {
  return { errors: [{ message, extensions: { code } }] };
}
