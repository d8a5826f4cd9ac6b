import type { IncomingHttpHeaders } from 'node:http';
import { setMaxListeners } from 'node:events';
import {
  createSourceEventStream,
  execute,
  type ExecutionArgs,
  type ExecutionResult,
  GraphQLError,
  type GraphQLFormattedError,
  type OperationDefinitionNode,
} from 'graphql';
import { makeServer, type Server, type SubscribePayload } from 'graphql-ws';
import type { Viewer } from '../core/viewer.ts';
import type { GatewayContext } from '../graphql/context.ts';
import { type HttpError, refusedRequest } from '../core/errors.ts';
import { bugIn, describeError } from '../graphql/describeError.ts';
import type { CallEvent } from '../core/upstream.ts';
import { withTokenLimit } from '../graphql/describeError.ts';
import { refusalOfAnswer } from '../graphql/responseBounds.ts';
import type { Admission, Requester } from '../core/admission.ts';
import { assertMaySelect } from '../graphql/gatedFields.ts';
import type { OperationStart } from '../graphql/context.ts';
import type { Observe } from '../core/observation.ts';
import { assertWithinBounds } from '../graphql/operationBounds.ts';
import { createTurns } from './turns.ts';
import { CLOSE } from './websocketConnection.ts';
import { createDocumentReader, type DocumentReaderOptions } from './websocketDocuments.ts';
import { mapEach } from './websocketStream.ts';

export interface SocketOperationOptions extends DocumentReaderOptions {
  gate: Admission;
  createContext: (start: OperationStart) => GatewayContext;
  observe: Observe;
  /** Told of calls that no request waits for. */
  report: (event: CallEvent) => void;
  /** Told of errors that are bugs. */
  onBug: (error: unknown, requestId: string) => void;
}

/** Who is at the other end of a socket. */
export interface SocketCaller extends Requester {
  headers: IncomingHttpHeaders;
  /** Null until they have proved who they are. */
  readonly viewer: Viewer | null;
  /** Fires when the socket begins to close. */
  readonly ended: AbortSignal;
  close(code: number, reason: string): void;
  /** Lets them in for as long as their proof holds; false where they have as many sockets open as they may, or it has closed. */
  enter(viewer: Viewer, authorization: string | undefined): boolean;
}

/** What the resolver of a subscription gets, and what is needed to give each event a context of its own. */
interface SubscriptionContext extends GatewayContext {
  /** Aborted when the subscription is over. */
  over: AbortController;
  /** Fires when the socket begins to close. */
  socketEnded: AbortSignal;
  begun: Beginning;
}

/** What is logged and counted of a subscription is how it began; it lasts for as long as its reader likes. */
interface Beginning {
  operation: OperationDefinitionNode | null;
  /** To be called once, with the codes of what kept it from beginning. */
  ended(codes: readonly string[]): void;
}

type SubscriptionArgs = ExecutionArgs & { contextValue: SubscriptionContext };

/** GraphQL over sockets: subscriptions alone, admitted and bounded as queries are. */
export function createSocketOperations(options: SocketOperationOptions): Server<SocketCaller> {
  const { schema, introspection, limits, gate, createContext, observe, report, onBug } = options;
  const readDocument = createDocumentReader(options);
  const turns = createTurns();

  return makeServer<Record<string, unknown> | undefined, SocketCaller>({
    // The connection has a timer of its own.
    connectionInitWaitTimeout: 0,
    async onConnect({ connectionParams, extra: caller }) {
      const authorization = authorizationIn(connectionParams) ?? caller.headers.authorization;
      const viewer = await gate.admitBySocket(caller, authorization);
      if ('code' in viewer) return turnAway(caller, viewer);
      if (!caller.enter(viewer, authorization)) return turnAway(caller, tooManySockets);
      // Operators find what goes wrong with it in the log by this.
      return { requestId: caller.id };
    },
    onSubscribe({ extra: caller }, _, payload) {
      const begun = watchBeginning(caller);
      try {
        return argumentsOf(payload, caller, begun);
      } catch (error) {
        begun.ended([codeOf(error)]);
        return [asGraphQLError(error)];
      }
    },
    subscribe: (args) => subscribe(args as SubscriptionArgs),
    onNext({ extra: { id } }, _id, _payload, _args, { data, errors, extensions }) {
      // What has none is sent as it is.
      if (!errors) return undefined;
      return {
        ...(data !== undefined && { data }),
        errors: errors.map((error) => described(error, id)),
        ...(extensions && { extensions }),
      };
    },
    onError: ({ extra: { id } }, _id, _payload, errors) => errors.map((error) => described(error, id)),
  });

  /** @throws coded errors for what goes no further. */
  function argumentsOf(payload: SubscribePayload, caller: SocketCaller, begun: Beginning): SubscriptionArgs {
    const { viewer, id } = caller;
    if (viewer === null) throw new Error('graphql-ws lets nobody subscribe who was not let in.');
    const refusal = gate.tooOften(viewer, caller);
    if (refusal) throw refusedRequest(refusal);
    const { document, operation } = readDocument(payload);
    begun.operation = operation;
    const variables = payload.variables ?? {};
    const over = new AbortController();
    // A subscription of many events is no leak.
    setMaxListeners(0, over.signal);
    const contextValue = { ...newContext(id, viewer, over.signal), over, begun, socketEnded: caller.ended };
    assertMaySelect({ document, operation, viewer, introspection });
    assertWithinBounds(
      { schema, document, operation, variables },
      { maxObjects: limits.rows, ...contextValue },
    );
    return {
      schema,
      document,
      operationName: payload.operationName,
      variableValues: variables,
      contextValue,
    };
  }

  function newContext(requestId: string, viewer: Viewer, signal: AbortSignal): GatewayContext {
    // Many events can wait for one upstream call, and go on together when it ends.
    const turn = () => turns.run(viewer.name, () => undefined);
    return createContext({ requestId, viewer, signal, report, priority: 'polling', turn });
  }

  /** As graphql-js does it, but that each event is an operation of its own: with its own deadline, and loaders that know nothing yet. */
  async function subscribe(args: SubscriptionArgs) {
    const { over, begun, requestId, viewer, socketEnded } = args.contextValue;
    const stream = await createSourceEventStream(args);
    const isStream = Symbol.asyncIterator in stream;
    begun.ended(isStream ? [] : (stream.errors ?? []).map(codeOf));
    if (!isStream) return stream;
    const events = mapEach(
      stream[Symbol.asyncIterator](),
      (event) =>
        turns.run(viewer.callerId, () => executeFor(event, args, newContext(requestId, viewer, over.signal))),
      () => over.abort(),
    );
    endWith(socketEnded, over.signal, events);
    return events;
  }

  function executeFor(event: unknown, args: SubscriptionArgs, contextValue: GatewayContext) {
    const bounded = (result: ExecutionResult): ExecutionResult => {
      const refusal = refusalOfAnswer(result, contextValue.output, limits.responseBytes);
      if (refusal) return { data: null, errors: [asGraphQLError(refusal)] };
      const extensions = contextValue.staleParts.extensions(result.data);
      return extensions ? { ...result, extensions: { ...extensions } } : result;
    };
    const result = execute({ ...args, rootValue: event, contextValue });
    return result instanceof Promise ? result.then(bounded) : bounded(result);
  }

  function described(error: GraphQLError, requestId: string): GraphQLFormattedError {
    const bug = bugIn(error);
    if (bug !== null) onBug(bug, requestId);
    return withTokenLimit(describeError(error.toJSON(), error), limits.tokens);
  }

  function watchBeginning({ id, headers, viewer }: SocketCaller): Beginning {
    const watch = observe({ requestId: id, headers });
    const begun: Beginning = {
      operation: null,
      ended: (codes) =>
        watch.ended({
          operationName: begun.operation?.name?.value ?? null,
          operationType: begun.operation?.operation ?? null,
          codes,
          caller: viewer?.name ?? null,
          httpStatus: 101,
          aborted: false,
        }),
    };
    return begun;
  }
}

/** Ends a stream with its socket, also where graphql-ws has lost sight of it. */
function endWith(socketEnded: AbortSignal, over: AbortSignal, events: AsyncIterableIterator<unknown>): void {
  const end = (): void => void events.return?.();
  setMaxListeners(0, socketEnded);
  if (socketEnded.aborted) end();
  else socketEnded.addEventListener('abort', end, { once: true, signal: over });
}

function authorizationIn(params: Readonly<Record<string, unknown>> | undefined): string | null {
  const given = params?.['authorization'] ?? params?.['Authorization'];
  return typeof given === 'string' ? given : null;
}

function turnAway(caller: SocketCaller, { code, message, status }: HttpError): false {
  caller.close(closeCodes[status] ?? CLOSE.tryAgainLater, `${code}: ${message}`);
  return false;
}

const closeCodes: Readonly<Record<number, number>> = { 401: CLOSE.unauthorized, 403: CLOSE.forbidden };

const tooManySockets: HttpError = {
  code: 'TOO_MANY_SUBSCRIPTIONS',
  message: 'As many sockets are open as LIVE_MAX_PER_CALLER or LIVE_MAX allows.',
  status: 429,
};

function asGraphQLError(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return error;
  return new GraphQLError('', { originalError: error instanceof Error ? error : new Error(String(error)) });
}

function codeOf(error: unknown): string {
  const { message } = asGraphQLError(error);
  return String(describeError({ message }, error).extensions?.['code']);
}
