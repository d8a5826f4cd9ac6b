import { setMaxListeners } from 'node:events';
import type { ApolloServer, HTTPGraphQLRequest, HTTPGraphQLResponse } from '@apollo/server';
import type { FastifyReply, RouteHandlerMethod } from 'fastify';
import { unauthenticated } from '../auth/admission.ts';
import { type HttpError, requestError } from '../core/errors.ts';
import type { GatewayContext, OperationStart } from '../graphql/context.ts';
import { responseTooLong } from '../graphql/response.ts';
import type { TrustedDocuments } from '../graphql/trustedDocuments.ts';
import { sendComplete, type SendOptions } from '../responses/sendResponse.ts';
import { responseKeyOf } from '../responses/storedResponses.ts';
import { type ApolloContext, PREFLIGHTED_HEADERS } from './apollo.ts';
import { graphqlRequestOf, hasExtensions } from './graphqlRequest.ts';
import { sendHttpError } from './httpErrors.ts';
import { type AdmittedRequest, NOBODY_WAITS } from './requestLifecycle.ts';
import { sandboxPolicy } from './securityHeaders.ts';

export interface GraphQLHandlerOptions extends SendOptions {
  apollo: ApolloServer<ApolloContext>;
  trustedDocuments: TrustedDocuments;
  deadlineMs: number;
  /** The longest response that is sent. */
  maxResponseBytes: number;
  /** Called once per operation. */
  createContext: (start: OperationStart) => GatewayContext;
}

/** Every call of an operation ends by its deadline, and then needs a moment to be reported. */
const DEADLINE_SLACK_MS = 500;

/** The handler of /graphql: sends the stored response, or has Apollo Server execute the operation. */
export function createGraphQLHandler(options: GraphQLHandlerOptions): RouteHandlerMethod {
  const { apollo, trustedDocuments, responses, clock, deadlineMs, maxResponseBytes } = options;
  const tooLong: HttpError = {
    code: 'QUERY_TOO_EXPENSIVE',
    message: responseTooLong(maxResponseBytes).message,
    status: 400,
  };
  const tooSlow: HttpError = {
    code: 'REQUEST_TIMEOUT',
    message: `The operation did not end within ${deadlineMs} ms (REQUEST_DEADLINE_MS). Request less at once.`,
    status: 504,
  };

  return async (anyRequest, reply) => {
    const request = anyRequest as AdmittedRequest;
    const { record } = request;
    const key = responses && responseKeyOf(request, record.viewer, PREFLIGHTED_HEADERS);
    const stored = key && responses.find(key);
    if (stored) {
      const { contentType, operationName, operationType, reads } = stored.response;
      record.operationName = operationName;
      record.operationType = operationType;
      for (const action of reads.actions) record.observation.report({ type: 'hit', action });
      const reuse = { freshness: stored.freshness, key };
      return sendComplete(stored.response, reuse, request, reply.type(contentType), options);
    }

    const operation = graphqlRequestOf(request, trustedDocuments);
    if ('code' in operation) return sendHttpError(request, reply, operation);
    const response = await execute(operation, request, reply);
    if ('code' in response) return sendHttpError(request, reply, response);
    if (response.body.kind === 'chunked')
      throw new Error('Chunked responses are not supported: graphql 16 has no @defer.');
    const text = response.body.string;
    const body = Buffer.from(text);
    if (body.length > maxResponseBytes) return sendHttpError(request, reply, tooLong);
    const { status = 200, headers } = response;
    void reply.code(status);
    for (const [name, value] of headers) void reply.header(name, value);
    const contentType = headers.get('content-type') ?? '';
    if (contentType === 'text/html') void reply.header('content-security-policy', sandboxPolicy(text));
    // Errors before an operation starts are not recorded by the plugin.
    if (record.codes.length === 0 && status >= 400) record.codes = codesIn(text);

    const { codes, operationName, operationType, reads } = record;
    const isComplete = status === 200 && codes.length === 0 && !('gateway-cost' in request.headers);
    // Pages read nothing.
    if (!isComplete || reads === null) return reply.send(body);
    const freshness = reads.freshness();
    // A request with extensions changes state: it registers a persisted query.
    const isStored = freshness !== null && key !== null && !hasExtensions(operation);
    const complete = { body, encoded: {}, contentType, operationName, operationType, reads };
    if (isStored) responses?.store(key, complete);
    return sendComplete(complete, { freshness, key: isStored ? key : null }, request, reply, options);
  };

  /** Executes within a bound, whatever delays the operation. */
  function execute(
    httpGraphQLRequest: HTTPGraphQLRequest,
    { id, record }: AdmittedRequest,
    reply: FastifyReply,
  ): Promise<HTTPGraphQLResponse | HttpError> {
    const { viewer, observation } = record;
    const controller = new AbortController();
    // Each call of an operation adds a listener.
    setMaxListeners(0, controller.signal);
    record.controller = controller;
    if (reply.raw.destroyed) controller.abort(NOBODY_WAITS);
    const context = (): Promise<ApolloContext> => {
      // Only requests for a page have no viewer, and Apollo Server decides whether it is one.
      if (viewer === null) return Promise.reject(requestError(unauthenticated));
      const operationContext = options.createContext({
        requestId: id,
        viewer,
        signal: controller.signal,
        report: observation.report,
        traceparent: observation.traceparent,
      });
      record.reads = operationContext.reads;
      return Promise.resolve({ ...operationContext, record, operation: null });
    };
    return new Promise((resolve, reject) => {
      const cancel = clock.after(deadlineMs + DEADLINE_SLACK_MS, () => {
        controller.abort(NOBODY_WAITS);
        resolve(tooSlow);
      });
      apollo.executeHTTPGraphQLRequest({ httpGraphQLRequest, context }).then(resolve, reject).finally(cancel);
    });
  }
}

function codesIn(body: string): string[] {
  const { errors = [] } = JSON.parse(body) as { errors?: { extensions?: { code?: unknown } }[] };
  return errors.map(({ extensions }) => String(extensions?.code));
}
