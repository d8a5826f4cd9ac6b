import type { HttpSettings } from '../core/settings.ts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import type { GatewayContext } from '../graphql/context.ts';
import type { HttpError } from '../core/errors.ts';
import { OperatorError } from '../core/operatorError.ts';
import type { Clock } from '../core/clock.ts';
import type { CallEvent } from '../core/upstream.ts';
import { createStoredResponses } from '../responses/storedResponses.ts';
import { createKnownBodies } from '../responses/responseKey.ts';
import { type ApolloOptions, createApollo } from './apollo.ts';
import { createApp } from './app.ts';
import { type Authenticator, createAuthenticator } from '../auth/authentication.ts';
import { addExplorer } from './explorer.ts';
import type { ExplorerFacts } from './explorerExample.ts';
import { createAdmission } from '../auth/admission.ts';
import { graphqlRoute } from './graphqlRoute.ts';
import type { OperationStart } from '../graphql/context.ts';
import { whenThere } from '../core/maybePromise.ts';
import type { Observe } from '../core/observation.ts';
import { addHealth, addMetrics, type Health, type Metrics } from './operatorRoutes.ts';
import { refuseConnection } from './pipelining.ts';
import { createRateLimit } from '../auth/rateLimit.ts';
import { refuse } from './refusals.ts';
import { createRequestQueue } from './requestQueue.ts';
import { securityHeadersFor } from './securityHeaders.ts';
import { readTrustedDocuments, type TrustedDocuments } from '../graphql/trustedDocuments.ts';
import { createWebSockets } from '../subscriptions/webSockets.ts';

export interface HttpServerOptions extends HttpSettings {
  schema: GraphQLSchema;
  /** Executes operations. */
  execute: ApolloOptions['execute'];
  introspection: boolean;
  explorer: boolean;
  clock: Clock;
  /** The clock of freshness. Default: `clock`. */
  steadyClock?: Clock;
  /** Called once an operation. */
  createContext: (start: OperationStart) => GatewayContext;
  /** Told of calls that no request waits for: those of a subscription's events. */
  report: (event: CallEvent) => void;
  /** Whether the gateway can answer queries now; anything but `ok` is told by /health/ready. */
  health: () => Health;
  /** What /metrics answers; null where there is none. */
  metrics: Metrics | null;
  observe: Observe;
  /** Told of errors that are bugs. */
  onBug: (error: unknown, requestId: string) => void;
  /** Told when a file of the settings has changed and can't be used: what it held before counts on. */
  onUnusableFile: (error: OperatorError) => void;
  /** Called when the keys of AUTH_JWKS_URL become unavailable, with the reason, and with null when they are available again. */
  onIssuerChange: (problem: string | null) => void;
}

export interface HttpServer {
  /** Where it listens, such as `http://127.0.0.1:4000`. */
  url: string;
  /**
   * Takes no new work, lets what is in flight end, and resolves when it has. What takes longer than the grace is cut off.
   */
  close(): Promise<void>;
}

/**
 * Connections that the system holds until they are taken on, one in a turn of the event loop: Node's 511 are fewer than can come
 * at once, and whoever finds no place is not told. Linux allows 4096.
 */
const BACKLOG = 4096;

/**
 * The door: everything that knows HTTP.
 *
 * @throws OperatorError for files of the settings that can't be used, before anything listens.
 */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { clock, limits } = options;
  const { authenticator, trustedDocuments } = await readSettingFiles(options, clock, options);
  const gate = createAdmission({
    authenticator,
    rateLimit: options.rateLimit && createRateLimit({ ...options.rateLimit, clock }),
    onBug: options.onBug,
  });
  const explorer: ExplorerFacts | null = options.explorer
    ? {
        introspection: options.introspection,
        authentication: authenticator.isRequired,
        trustedDocumentsOnly: options.trustedDocuments.only,
      }
    : null;
  const apollo = createApollo({ ...options, limits, explorer });
  await apollo.start();
  const queue = createRequestQueue({ clock, maxWaitMs: limits.queueMs });
  let isDraining = false;
  const bodies = createKnownBodies(options.storedAnswerBytes / 4);
  const webSockets = createWebSockets({
    ...options,
    admission: gate,
    trustedDocuments,
    isAuthenticated: authenticator.isRequired,
    maxMessageBytes: limits.bodyBytes,
    isDraining: () => isDraining,
  });
  const app = await createApp({
    ...options,
    isDraining: () => isDraining,
    upgradeRefusalOf: (request) => webSockets.refusalOf(request),
    knownOperation: (body) => bodies.find(body),
  });

  app.server.on('connection', () => queue.newcomer());
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (!reply.hasHeader('cache-control')) void reply.header('cache-control', 'no-store');
    done();
  });
  addHealth(app, () =>
    isDraining ? shuttingDown : withKeysProblem(options.health(), authenticator.keysProblem()),
  );
  if (options.metrics) addMetrics(app, gate, options.metrics);
  if (explorer) addExplorer(app, gate, explorer);
  app.route({
    url: '/graphql',
    method: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    // Before the body is read.
    onRequest(request, reply, done) {
      watch(request, reply, options.observe);
      if (isDraining) return void refuse(request, reply, refusedWhileDraining);
      if (options.explorer && asksForPage(request)) {
        const refusal = gate.admitToPage(request);
        if (refusal === null) done();
        else refuseConnection(request, reply, refusal);
        return;
      }
      void whenThere(gate.admit(request, reply), (viewer) => {
        if ('code' in viewer) return void refuseConnection(request, reply, viewer);
        request.record.viewer = viewer;
        queue.enter((refusal) => {
          if (refusal !== null) refuse(request, reply, refusal);
          else if (!reply.raw.destroyed) done();
        });
      });
    },
    handler: graphqlRoute({
      ...options,
      clock: options.steadyClock ?? clock,
      apollo,
      trustedDocuments,
      bodies,
      securityHeaders: Object.entries(securityHeadersFor(options.corsOrigins)).flat(),
      isDraining: () => isDraining,
      deadlineMs: limits.deadlineMs,
      maxResponseBytes: limits.responseBytes,
      answers: createStoredResponses(options.storedAnswerBytes),
      isAuthenticated: authenticator.isRequired,
    }),
  });
  app.server.on('upgrade', (request, socket, head) => webSockets.open(request, socket, head));
  let url: string;
  try {
    url = await app.listen({ host: options.host, port: options.port, backlog: BACKLOG });
  } catch (error) {
    await stop();
    throw error;
  }

  return {
    url,
    async close() {
      isDraining = true;
      webSockets.goAway();
      const callOff = clock.after(options.shutdownGraceMs, () => {
        app.server.closeAllConnections();
        webSockets.terminate();
      });
      await stop();
      callOff();
    },
  };

  async function stop(): Promise<void> {
    await app.close();
    webSockets.stop();
    await apollo.stop();
  }
}

/**
 * What the files that settings name make of the door.
 *
 * @param listeners told what happens to them later
 * @throws OperatorError with the problems of all of them.
 */
export async function readSettingFiles(
  settings: Pick<HttpSettings, 'auth' | 'trustedDocuments'>,
  clock: Clock,
  listeners: Partial<Pick<HttpServerOptions, 'onUnusableFile' | 'onIssuerChange'>> = {},
): Promise<{ authenticator: Authenticator; trustedDocuments: TrustedDocuments }> {
  const { onUnusableFile = ignore, onIssuerChange = ignore } = listeners;
  const [authenticator, trustedDocuments] = await Promise.allSettled([
    createAuthenticator(settings.auth, { clock, onUnusable: onUnusableFile, onIssuerChange }),
    readTrustedDocuments(settings.trustedDocuments),
  ]);
  if (authenticator.status === 'fulfilled' && trustedDocuments.status === 'fulfilled') {
    return { authenticator: authenticator.value, trustedDocuments: trustedDocuments.value };
  }
  const failures = [authenticator, trustedDocuments].filter(({ status }) => status === 'rejected');
  throw joined(failures.map((failure) => (failure as PromiseRejectedResult).reason as unknown));
}

function ignore(): void {
  // Nobody listens.
}

function joined(errors: readonly unknown[]): unknown {
  const bug = errors.find((error) => !(error instanceof OperatorError));
  return bug ?? new OperatorError(errors.flatMap((error) => (error as OperatorError).problems));
}

const shuttingDown: Health = { status: 'unavailable', reasons: ['It is shutting down.'] };

function withKeysProblem({ status, reasons }: Health, problem: string | null): Health {
  if (problem === null) return { status, reasons };
  return {
    status: status === 'ok' ? 'degraded' : status,
    reasons: [
      ...reasons,
      `The issuer of AUTH_JWKS_URL ${problem}: tokens are verified with the last keys that it served, if any.`,
    ],
  };
}

const refusedWhileDraining: HttpError = {
  code: 'SHUTTING_DOWN',
  message: 'This gateway is shutting down and takes no new work: send the request again, to another.',
  status: 503,
  retryAfterMs: 1000,
};

/** A browser can't send a token for a page, and there is nothing secret in one; its operations are refused later. */
function asksForPage({ method, headers }: FastifyRequest): boolean {
  return (
    method === 'GET' && headers.authorization === undefined && /\btext\/html\b/.test(headers.accept ?? '')
  );
}

function watch(request: FastifyRequest, reply: FastifyReply, observe: Observe): void {
  const { id, headers, record } = request;
  const requestWatch = observe({ requestId: id, headers });
  record.watch = requestWatch;
  // Fastify's own signal fires as soon as a body is read, for so does the request's `close`.
  reply.raw.on('close', () => {
    record.abandon();
    const { operationName, operationType, codes, viewer } = record;
    requestWatch.ended({
      operationName,
      operationType,
      codes,
      caller: viewer?.name ?? null,
      httpStatus: reply.statusCode,
      aborted: !reply.raw.writableFinished,
    });
  });
}
