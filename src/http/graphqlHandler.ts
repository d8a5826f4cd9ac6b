import { setMaxListeners } from 'node:events';
import type { ApolloServer, HTTPGraphQLRequest, HTTPGraphQLResponse } from '@apollo/server';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type HttpError, requestError } from '../core/errors.ts';
import type { CallEvent } from '../core/upstream.ts';
import type { GatewayContext, OperationStart } from '../graphql/context.ts';
import { responseTooLong } from '../graphql/response.ts';
import type { TrustedDocuments } from '../graphql/trustedDocuments.ts';
import { responseKeyOf } from '../responses/storedResponses.ts';
import { type ResponseOptions, sendFresh, sendStored } from '../responses/sendResponse.ts';
import { type ApolloContext, PREFLIGHTED_HEADERS } from './apollo.ts';
import { graphqlRequestOf, hasExtensions } from './graphqlRequest.ts';
import { sendHttpError } from './httpErrors.ts';
import { NOBODY_WAITS } from './requestLifecycle.ts';
import { sandboxPolicy } from './securityHeaders.ts';

export interface GraphQLHandlerOptions extends ResponseOptions {
  apollo: ApolloServer<ApolloContext>;
  trustedDocuments: TrustedDocuments;
  deadlineMs: number;
  /** The longest response that is sent. */
  maxResponseBytes: number;
  createContext: (start: OperationStart) => GatewayContext | Promise<GatewayContext>;
}

/** Every call of an operation ends by its deadline, and then needs a moment to be reported. */
const DEADLINE_SLACK_MS = 500;

/** The handler of /graphql: sends the stored response, or has Apollo Server execute the operation. */
export function createGraphQLHandler(options: GraphQLHandlerOptions) {
  const { apollo, trustedDocuments, clock, deadlineMs, maxResponseBytes } = options;

  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const key = responseKeyOf(request, PREFLIGHTED_HEADERS);
    if (key !== null && sendStored(key, request, reply, options)) return reply;
    const operation = graphqlRequestOf(request, trustedDocuments);
    if ('code' in operation) return sendHttpError(request, reply, operation);
    // A request with extensions changes state: it registers a persisted query.
    return execute(operation, hasExtensions(operation) ? null : key, request, reply);
  };

  async function execute(
    operation: HTTPGraphQLRequest,
    key: string | null,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    const response = await withinDeadline(
      apollo.executeHTTPGraphQLRequest({
        httpGraphQLRequest: operation,
        context: () => contextOf(request, reply),
      }),
      request,
    );
    if ('code' in response) return sendHttpError(request, reply, response);
    const { body } = response;
    if (body.kind === 'chunked')
      throw new Error('Chunked responses are not supported: graphql 16 has no @defer.');
    if (Buffer.byteLength(body.string) > maxResponseBytes) {
      const { message } = responseTooLong(maxResponseBytes);
      return sendHttpError(request, reply, { code: 'QUERY_TOO_EXPENSIVE', message, status: 400 });
    }
    prepareReply(response, body.string, request, reply);
    return sendFresh(body.string, key, request, reply, options);
  }

  async function contextOf({ id, record }: FastifyRequest, reply: FastifyReply): Promise<ApolloContext> {
    const { viewer, observation } = record;
    // Only requests for a page have no viewer, and Apollo Server decides whether it is one.
    if (viewer === null) {
      const message = 'Send the header "authorization: Bearer <token>".';
      throw requestError({ code: 'UNAUTHENTICATED', message, status: 401 });
    }
    const controller = new AbortController();
    // Each call of an operation adds a listener.
    setMaxListeners(0, controller.signal);
    record.controller = controller;
    if (reply.raw.destroyed) controller.abort(NOBODY_WAITS);
    const context = await options.createContext({
      requestId: id,
      viewer,
      signal: controller.signal,
      report: (event: CallEvent) => observation?.report(event),
      traceparent: observation?.traceparent ?? null,
    });
    record.reads = context.reads;
    return { ...context, record, operation: null };
  }

  /** Bounds the wait for any operation, whatever delays it. */
  function withinDeadline<T>(response: Promise<T>, { record }: FastifyRequest): Promise<T | HttpError> {
    return new Promise((resolve, reject) => {
      const cancel = clock.after(deadlineMs + DEADLINE_SLACK_MS, () => {
        record.controller?.abort(NOBODY_WAITS);
        const message = `The operation did not end within ${deadlineMs} ms (REQUEST_DEADLINE_MS). Request less at once.`;
        resolve({ code: 'REQUEST_TIMEOUT', message, status: 504 });
      });
      response.then(resolve, reject).finally(cancel);
    });
  }
}

function prepareReply(
  { status = 200, headers }: HTTPGraphQLResponse,
  body: string,
  { record }: FastifyRequest,
  reply: FastifyReply,
): void {
  void reply.code(status);
  for (const [name, value] of headers) void reply.header(name, value);
  if (headers.get('content-type') === 'text/html') {
    void reply.header('content-security-policy', sandboxPolicy(body));
  }
  // Errors before an operation starts are not recorded by the plugin.
  if (record.codes.length === 0 && status >= 400) record.codes = codesIn(body);
}

function codesIn(body: string): string[] {
  const { errors = [] } = JSON.parse(body) as { errors?: { extensions?: { code?: unknown } }[] };
  return errors.map(({ extensions }) => String(extensions?.code));
}
