import type { OperationStart } from '../graphql/context.ts';
import { setImmediate as aTurn } from 'node:timers/promises';
import {
  type ApolloServer,
  HeaderMap,
  type HTTPGraphQLRequest,
  type HTTPGraphQLResponse,
} from '@apollo/server';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { GatewayContext } from '../graphql/context.ts';
import { type HttpError, refusedRequest } from '../core/errors.ts';
import type { CallEvent } from '../core/upstream.ts';
import { responseTooLong } from '../graphql/responseLimits.ts';
import { answerKeyOf, answerKeyOfKnown, type KnownBodies } from '../responses/responseKey.ts';
import { type ResponseRules, sendKept, sendMade } from '../responses/sendResponse.ts';
import { type DoorContext, PREFLIGHTED_HEADERS } from './apollo.ts';
import { sandboxPolicy } from './explorerPolicy.ts';
import { documentNestingRefusal, jsonNestingRefusal } from '../graphql/nesting.ts';
import { refuse } from './refusals.ts';
import type { DocumentRequest, TrustedDocuments } from '../graphql/trustedDocuments.ts';

export interface GraphQLRouteOptions extends ResponseRules {
  apollo: ApolloServer<DoorContext>;
  trustedDocuments: TrustedDocuments;
  bodies: KnownBodies;
  /** Milliseconds. */
  deadlineMs: number;
  /** The longest answer that is sent. */
  maxResponseBytes: number;
  createContext: (start: OperationStart) => GatewayContext | Promise<GatewayContext>;
}

/** Every call that an operation makes ends by its deadline, and then needs a moment to be told of. Milliseconds. */
const DEADLINE_SLACK_MS = 500;

/** The step from Fastify to Apollo Server and back. */
export function graphqlRoute(options: GraphQLRouteOptions) {
  const { answers, apollo, trustedDocuments, bodies, clock, deadlineMs, createContext } = options;

  async function context({ id, record }: FastifyRequest): Promise<DoorContext> {
    const { viewer, watch } = record;
    // Only a page is let through without a viewer, and whether it is one Apollo Server decides.
    if (viewer === null) {
      const message = 'Send authorization: Bearer <token>.';
      throw refusedRequest({ code: 'UNAUTHENTICATED', message, status: 401 });
    }
    const report = (event: CallEvent) => watch?.report(event);
    const traceparent = watch?.traceparent ?? null;
    const made = await createContext({ requestId: id, viewer, signal: record.signal(), report, traceparent });
    record.reads = made.reads;
    return { ...made, record, operation: null };
  }

  /** Whatever it is that takes an operation so long: no caller waits for ever. */
  function withinDeadline<T>(answer: Promise<T>, { record }: FastifyRequest): Promise<T | HttpError> {
    return new Promise((resolve, reject) => {
      const callOff = clock.after(deadlineMs + DEADLINE_SLACK_MS, () => {
        record.abandon();
        const message = `The operation did not end within ${deadlineMs} ms (REQUEST_DEADLINE_MS). Ask for less at once.`;
        resolve({ code: 'REQUEST_TIMEOUT', message, status: 504 });
      });
      answer.then(resolve, reject).finally(callOff);
    });
  }

  async function makeAndSend(
    operation: HTTPGraphQLRequest,
    key: string | null,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    const answer = apollo.executeHTTPGraphQLRequest({
      httpGraphQLRequest: operation,
      context: () => context(request),
    });
    const answered = await withinDeadline(answer, request);
    if ('code' in answered) return refuse(request, reply, answered);
    const { body } = answered;
    if (body.kind === 'complete' && Buffer.byteLength(body.string) > options.maxResponseBytes) {
      const { message } = responseTooLong(options.maxResponseBytes);
      return refuse(request, reply, { code: 'QUERY_TOO_EXPENSIVE', message, status: 400 });
    }
    return send(answered, key, request, reply, options);
  }

  return async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const { viewer, body, knownOperation } = request.record;
    const knownKey = knownOperation && viewer && answerKeyOfKnown(knownOperation, request.headers, viewer);
    if (knownKey && sendKept(knownKey, request, reply, options)) return reply;
    const operation = operationOf(request, trustedDocuments);
    if ('code' in operation) return refuse(request, reply, operation);
    const refusal = nestingRefusalOf(operation);
    if (refusal !== null) return refuse(request, reply, refusal);
    const key = viewer && answerKeyOf(operation, viewer, PREFLIGHTED_HEADERS);
    if (key !== null && key !== knownKey) {
      if (body !== null) bodies.learn(body, key);
      if (sendKept(key, request, reply, options)) return reply;
    }
    // What needs no call is made within the turn: a crowd that asks the same when an answer has ceased to be fresh has it made once.
    if (key !== null && answers.isBeingMade(key)) {
      await aTurn();
      if (sendKept(key, request, reply, options)) return reply;
    }
    const sent = makeAndSend(operation, key, request, reply);
    if (key !== null) answers.making(key, sent);
    return sent;
  };
}

function send(
  made: HTTPGraphQLResponse,
  key: string | null,
  request: FastifyRequest,
  reply: FastifyReply,
  rules: ResponseRules,
): FastifyReply {
  const { status, headers, body } = made;
  const { record } = request;
  if (body.kind === 'chunked') throw new Error('No answer is sent in parts: graphql 16 has no @defer.');
  if (headers.get('content-type') === 'text/html') {
    void reply.header('content-security-policy', sandboxPolicy(body.string));
  }
  // Where the request did not come as far as an operation, nothing has told its codes.
  if (record.codes.length === 0 && status !== undefined && status >= 400) record.codes = codesIn(body.string);
  sendMade({ ...made, body }, key, request, reply, rules);
  return reply;
}

/** The request as Apollo Server takes it, with its document's text in place of an id. */
function operationOf(
  request: FastifyRequest,
  trustedDocuments: TrustedDocuments,
): HTTPGraphQLRequest | HttpError {
  const { method, url, headers } = request;
  const body = bodyOf(request);
  const search = url.includes('?') ? url.slice(url.indexOf('?')) : '';
  const asApollo = { method, search, body, headers: headerMapOf(headers) };
  if (method === 'GET') {
    const parameters = new URLSearchParams(search);
    // A browser that asks for the explorer's page names no document.
    if (!hasDocument(parameters)) return asApollo;
    const trusted = trustedDocuments(documentRequestIn(parameters));
    if (trusted === null) return asApollo;
    if (typeof trusted === 'object') return trusted;
    for (const name of ['documentId', 'extensions']) parameters.delete(name);
    parameters.set('query', trusted);
    return { ...asApollo, search: `?${parameters.toString()}` };
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return asApollo;
  const trusted = trustedDocuments(body);
  if (trusted === null) return asApollo;
  if (typeof trusted === 'object') return trusted;
  return { ...asApollo, body: { ...body, query: trusted, extensions: null } };
}

/** Of what is not a body, which was looked at before it was read, and of the document. */
function nestingRefusalOf({ method, search, body }: HTTPGraphQLRequest): HttpError | null {
  if (method !== 'GET') {
    const { query } = (body ?? {}) as { query?: unknown };
    return typeof query === 'string' ? documentNestingRefusal(query) : null;
  }
  const parameters = new URLSearchParams(search);
  const json = ['variables', 'extensions'].flatMap((name) => parameters.getAll(name));
  return (
    json.map(jsonNestingRefusal).find((refusal) => refusal !== null) ??
    documentNestingRefusal(parameters.get('query') ?? '')
  );
}

/** One that is known was left unread, and was read as JSON before. */
function bodyOf({ body, record }: FastifyRequest): unknown {
  return body === undefined && record.body !== null ? (JSON.parse(record.body) as unknown) : body;
}

function hasDocument(parameters: URLSearchParams): boolean {
  return ['query', 'documentId', 'extensions'].some((name) => parameters.has(name));
}

function documentRequestIn(parameters: URLSearchParams): DocumentRequest {
  return {
    query: parameters.get('query') ?? undefined,
    documentId: parameters.get('documentId') ?? undefined,
    extensions: jsonOrNull(parameters.get('extensions')),
  };
}

function jsonOrNull(text: string | null): unknown {
  try {
    return text === null ? null : (JSON.parse(text) as unknown);
  } catch {
    return null;
  }
}

function headerMapOf(headers: FastifyRequest['headers']): HeaderMap {
  const map = new HeaderMap();
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) map.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  return map;
}

function codesIn(body: string): string[] {
  const { errors = [] } = JSON.parse(body) as { errors?: { extensions?: { code?: unknown } }[] };
  return errors.map(({ extensions }) => String(extensions?.code));
}
