import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import cors from '@fastify/cors';
import { fastify, type FastifyError, type FastifyInstance } from 'fastify';
import type { HttpError } from '../core/errors.ts';
import type { TransportLimits } from '../core/settings.ts';
import { upgradableRequest } from '../subscriptions/upgrade.ts';
import { sendClientError } from './clientErrors.ts';
import { withBoundedPipelining } from './connections.ts';
import { httpErrorOf, sendHttpError } from './httpErrors.ts';

export interface AppOptions {
  limits: TransportLimits;
  /** Origins whose pages may read responses. */
  corsOrigins: readonly string[];
  /** Headers of every response that does not set its own. */
  headers: Readonly<Record<string, string>>;
  /** Aborted when the server closes. */
  draining: AbortSignal;
  /** Why a request for a WebSocket is rejected; null if the `upgrade` listener opens it. */
  upgradeErrorOf: (request: IncomingMessage) => HttpError | null;
  /** Called with unexpected errors. */
  onBug: (error: unknown, requestId: string) => void;
}

/** Creates the Fastify app with headers and errors in GraphQL's format, but without routes. */
export async function createApp(options: AppOptions): Promise<FastifyInstance> {
  const { limits, corsOrigins, draining, onBug } = options;
  const app = fastify({
    logger: false,
    bodyLimit: limits.bodyBytes,
    serverFactory: (listener) => createHttpServer(listener, options),
    clientErrorHandler: (error, socket) => sendClientError(error, socket, limits.deadlineMs),
    genReqId: requestIdOf,
    forceCloseConnections: 'idle',
    // Requests that arrive while closing get this gateway's own response.
    return503OnClosing: false,
    frameworkErrors: (_, request, reply) => void sendHttpError(request, reply, invalidUrl),
  });
  // Beyond a count, Node drops headers silently. Their size is limited anyway.
  app.server.maxHeadersCount = 0;
  app.decorateRequest('record', null);
  app.decorateRequest('jsonBody', null);
  // The handler of /graphql parses the text, unless it has a stored response to the same text.
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    request.jsonBody = body;
    done(null);
  });
  const defaultHeaders = Object.entries(options.headers);
  app.addHook('onSend', (request, reply, _payload, done) => {
    for (const [name, value] of defaultHeaders) if (!reply.hasHeader(name)) void reply.header(name, value);
    void reply.header('x-request-id', request.id);
    // A connection that stays open would keep the server from closing.
    if (draining.aborted) void reply.header('connection', 'close');
    done();
  });
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    const httpError = httpErrorOf(error, limits.bodyBytes);
    if (httpError.code === 'INTERNAL_SERVER_ERROR') onBug(error, request.id);
    // Invalid input can mean that client and server disagree on where messages end.
    if (httpError.status < 500) void reply.header('connection', 'close');
    return sendHttpError(request, reply, httpError);
  });
  app.setNotFoundHandler((request, reply) => sendHttpError(request, reply, notFound));
  if (corsOrigins.length > 0) await app.register(cors, corsOptions(corsOrigins));
  return app;
}

/** Returns the caller's own request id if it is safe to log, else a new one. */
export function requestIdOf({ headers }: IncomingMessage): string {
  const id = headers['x-request-id'];
  return typeof id === 'string' && /^[\w.-]{1,128}$/.test(id) ? id : randomUUID();
}

const invalidUrl: HttpError = { code: 'BAD_REQUEST', message: 'The URL is invalid.', status: 400 };

const notFound: HttpError = {
  code: 'BAD_REQUEST',
  message: 'There is nothing at this path. GraphQL is at /graphql.',
  status: 404,
};

/** Longer than load balancers keep an idle connection for reuse. */
const KEEP_ALIVE_MS = 72_000;
/** How often Node looks for requests that exceed their deadline to arrive. */
const TIMEOUT_CHECK_MS = 250;
const IDLE_SLACK_MS = 1000;

function createHttpServer(listener: RequestListener, { limits, upgradeErrorOf }: AppOptions): Server {
  const { deadlineMs, queueMs } = limits;
  const server = createServer(
    {
      IncomingMessage: upgradableRequest(upgradeErrorOf),
      // Node applies the longer of both to the whole request, body included.
      requestTimeout: deadlineMs,
      headersTimeout: deadlineMs,
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
    },
    withBoundedPipelining(listener),
  );
  // Longer than any request takes: cuts clients that do not read their response.
  server.setTimeout(2 * deadlineMs + queueMs + IDLE_SLACK_MS);
  return server;
}

function corsOptions(origins: readonly string[]) {
  return {
    origin: [...origins],
    methods: ['GET', 'POST'],
    allowedHeaders: [
      'content-type',
      'authorization',
      'apollo-require-preflight',
      'x-apollo-operation-name',
      'x-request-id',
      'traceparent',
      'tracestate',
    ],
    exposedHeaders: ['x-request-id', 'retry-after'],
    // In seconds.
    maxAge: 600,
  };
}
