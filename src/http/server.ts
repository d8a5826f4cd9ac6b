import { createAdmission } from '../auth/admission.ts';
import { createAuthenticator } from '../auth/authentication.ts';
import type { JwtVerifierOptions } from '../auth/jwt.ts';
import { createRateLimit } from '../auth/rateLimit.ts';
import type { Clock, SteadyClock } from '../core/clock.ts';
import type { HttpSettings } from '../core/settings.ts';
import type { CallEvent } from '../core/upstream.ts';
import { readTrustedDocuments } from '../graphql/trustedDocuments.ts';
import { createCompress } from '../responses/compression.ts';
import { createStoredResponses } from '../responses/storedResponses.ts';
import { createWebSockets } from '../subscriptions/webSockets.ts';
import { type AdmissionHookOptions, createAdmissionHook } from './requestLifecycle.ts';
import { type ApolloOptions, createApollo } from './apollo.ts';
import { createApp, requestIdOf } from './app.ts';
import { addExplorer } from './explorer.ts';
import type { ExplorerFacts } from './explorerPage.ts';
import { createGraphQLHandler, type GraphQLHandlerOptions } from './graphqlHandler.ts';
import { addOperatorRoutes, type OperatorRoutesOptions } from './operatorRoutes.ts';
import { createRequestScheduler } from './requestScheduler.ts';
import { securityHeadersFor } from './securityHeaders.ts';

export interface HttpServerOptions
  extends
    HttpSettings,
    Omit<JwtVerifierOptions, 'clock'>,
    Pick<ApolloOptions, 'schema' | 'execute' | 'introspection' | 'onBug'>,
    Pick<AdmissionHookOptions, 'observe' | 'explorer'>,
    Pick<GraphQLHandlerOptions, 'createContext'>,
    Pick<OperatorRoutesOptions, 'health' | 'metrics'> {
  clock: Clock;
  /** The clock of freshness. */
  steadyClock: SteadyClock;
  /** Called with the events of calls that no request waits for, such as those of subscriptions. */
  report: (event: CallEvent) => void;
}

export interface HttpServer {
  /** Where the server listens, such as `http://127.0.0.1:4000`. */
  url: string;
  /** Rejects new requests and resolves when those in flight have ended. Cuts those that exceed the grace period. */
  close(): Promise<void>;
}

/** The longest queue of connections to accept, which is Linux' maximum. Node's default of 511 drops connections of a crowd. */
const BACKLOG = 4096;

/** @throws OperatorError for unusable files of the settings, before the server listens. */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { clock, limits } = options;
  const authenticate = createAuthenticator(options.auth, options);
  const trustedDocuments = await readTrustedDocuments(options.trustedDocuments);
  const isAuthenticated = authenticate !== null;
  const closing = new AbortController();
  const draining = closing.signal;
  const admission = createAdmission({
    authenticate,
    rateLimit: options.rateLimit && createRateLimit({ ...options.rateLimit, clock }),
    onBug: options.onBug,
  });
  const explorer: ExplorerFacts | null = options.explorer
    ? {
        introspection: options.introspection,
        authentication: isAuthenticated,
        trustedDocumentsOnly: options.trustedDocuments.only,
      }
    : null;
  const apollo = createApollo({ ...options, explorer });
  await apollo.start();
  const scheduler = createRequestScheduler({ clock, maxWaitMs: limits.queueMs });
  const webSockets = createWebSockets({
    ...options,
    admission,
    trustedDocuments,
    isAuthenticated,
    maxMessageBytes: limits.bodyBytes,
    draining,
  });
  const app = await createApp({
    ...options,
    headers: { ...securityHeadersFor(options.corsOrigins), 'cache-control': 'no-store' },
    draining,
    upgradeErrorOf: webSockets.upgradeErrorOf,
  });
  addOperatorRoutes(app, { ...options, admission, draining });
  if (explorer) addExplorer(app, admission, explorer);
  app.route({
    url: '/graphql',
    method: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    onRequest: createAdmissionHook({ ...options, admission, scheduler, draining }),
    handler: createGraphQLHandler({
      ...options,
      clock: options.steadyClock,
      apollo,
      trustedDocuments,
      deadlineMs: limits.deadlineMs,
      maxResponseBytes: limits.responseBytes,
      responses:
        options.storedResponseBytes > 0
          ? createStoredResponses(options.storedResponseBytes, options.steadyClock)
          : null,
      compress: options.compression ? createCompress() : null,
      isAuthenticated,
    }),
  });
  app.server.on('connection', scheduler.connectionOpened);
  app.server.on('upgrade', (request, socket, head) =>
    webSockets.open(requestIdOf(request), request, socket, head),
  );

  async function stop(): Promise<void> {
    await app.close();
    webSockets.stop();
    await apollo.stop();
  }

  const url = await app
    .listen({ host: options.host, port: options.port, backlog: BACKLOG })
    .catch(async (error: unknown) => {
      await stop();
      throw error;
    });
  return {
    url,
    async close() {
      closing.abort();
      webSockets.goAway();
      const cancelCut = clock.after(options.shutdownGraceMs, () => {
        app.server.closeAllConnections();
        webSockets.terminate();
      });
      await stop();
      cancelCut();
    },
  };
}
