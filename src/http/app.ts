import { requestIdOf } from '../core/requestId.ts';
import type { HttpError } from '../core/errors.ts';
import type { TransportLimits } from '../core/settings.ts';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import cors from '@fastify/cors';
import { fastify, type FastifyError, type FastifyInstance } from 'fastify';
import { answerClientError } from './clientErrors.ts';
import { jsonNestingRefusal } from '../graphql/nesting.ts';
import { withBoundedPipelining } from './pipelining.ts';
import { newRecord } from './record.ts';
import { refusalFor, refuse } from './refusals.ts';
import { securityHeadersFor } from './securityHeaders.ts';
import { type UpgradableRequest, upgradableRequest } from '../subscriptions/upgrade.ts';

export interface AppOptions {
  limits: TransportLimits;
  /** Origins whose pages may read answers. */
  corsOrigins: readonly string[];
  isDraining: () => boolean;
  /** Why a request for a WebSocket is refused; null if the `upgrade` listener opens it. Default: null for all. */
  upgradeRefusalOf?: (request: IncomingMessage) => HttpError | null;
  /** The operation of a body that need not be read: its request has no `body`. Default: null for all. */
  knownOperation?: (body: string) => string | null;
  /** Told of errors that are bugs. */
  onBug: (error: unknown, requestId: string) => void;
}

/** Fastify as this gateway has it: ids, headers, and failures in GraphQL's form, but nothing to answer yet. */
export async function createApp(options: AppOptions): Promise<FastifyInstance> {
  const { limits, corsOrigins, isDraining, knownOperation = () => null, onBug } = options;
  const app = fastify({
    logger: false,
    bodyLimit: limits.bodyBytes,
    serverFactory: (listener) => createHttpServer(listener, options),
    clientErrorHandler: (error, socket) => answerClientError(error, socket, limits.deadlineMs),
    genReqId: requestIdOf,
    forceCloseConnections: 'idle',
    // What comes while closing is answered by this gateway, in its own form.
    return503OnClosing: false,
    frameworkErrors(_, request, reply) {
      request.record = newRecord();
      refuse(request, reply, { code: 'BAD_REQUEST', message: 'The URL is not one.', status: 400 });
    },
  });
  // Node drops headers beyond a count without a word; their size is bounded already.
  app.server.maxHeadersCount = 0;
  app.decorateRequest('record');
  const readJson = app.getDefaultJsonParser('error', 'error');
  const readJsonWithProto = app.getDefaultJsonParser('ignore', 'error');
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    const { record } = request;
    record.body = body;
    record.knownOperation = knownOperation(body);
    if (record.knownOperation !== null) done(null);
    else if (jsonNestingRefusal(body)) done(nestedTooDeep);
    // A document may declare a variable of this name, which then is a key of the variables.
    else if (body.includes('$__proto__')) void readJsonWithProto(request, body, done);
    else void readJson(request, body, done);
  });
  const securityHeaders = Object.entries(securityHeadersFor(corsOrigins));
  app.addHook('onRequest', (request, reply, done) => {
    request.record = newRecord();
    const refusal = (request.raw as UpgradableRequest).upgradeRefusal ?? null;
    if (refusal === null) done();
    else refuse(request, reply.header('connection', 'close'), refusal);
  });
  app.addHook('onSend', (request, reply, _payload, done) => {
    for (const [name, value] of securityHeaders) if (!reply.hasHeader(name)) void reply.header(name, value);
    void reply.header('x-request-id', request.id);
    // Else a connection that is kept alive would keep the server from closing.
    if (isDraining()) void reply.header('connection', 'close');
    done();
  });
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    const refusal = refusalFor(error, limits.bodyBytes);
    if (refusal.code === 'INTERNAL_SERVER_ERROR') onBug(error, request.id);
    return refuse(request, reply, refusal);
  });
  app.setNotFoundHandler((request, reply) =>
    refuse(request, reply, {
      code: 'BAD_REQUEST',
      message: 'There is nothing at this path: GraphQL is at /graphql.',
      status: 404,
    }),
  );
  if (corsOrigins.length > 0) await app.register(cors, corsSettings(corsOrigins));
  return app;
}

/** Answered as JSON that can't be read is. */
const nestedTooDeep = Object.assign(new Error('The JSON is nested too deep.'), { statusCode: 400 });

/** Longer than load balancers keep a connection that they may use again. */
const KEEP_ALIVE_MS = 72_000;
/** Between two looks for requests that take too long to arrive: so much later than their deadline they end. */
const TIMEOUT_CHECK_MS = 250;
/** Beyond all that a request may wait for. */
const IDLE_SLACK_MS = 1000;

/**
 * Both deadlines are for a request to arrive as a whole, body included: Node takes the longer of them for that, and looks for
 * requests that miss it as often as it was told when the server was created.
 */
function createHttpServer(
  listener: RequestListener,
  { limits, upgradeRefusalOf = () => null }: AppOptions,
): Server {
  const { deadlineMs, queueMs } = limits;
  const server = createServer(
    {
      IncomingMessage: upgradableRequest(upgradeRefusalOf),
      requestTimeout: deadlineMs,
      headersTimeout: deadlineMs,
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
    },
    withBoundedPipelining(listener),
  );
  // A client that takes nothing of its answer does not hold it in memory for ever.
  server.setTimeout(2 * deadlineMs + queueMs + IDLE_SLACK_MS);
  return server;
}

function corsSettings(origins: readonly string[]) {
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
