import {
  createSourceEventStream,
  execute,
  type ExecutionArgs,
  type ExecutionResult,
  type FormattedExecutionResult,
  GraphQLError,
  type GraphQLFormattedError,
  type OperationDefinitionNode,
} from 'graphql';
import { makeServer, type Server } from 'graphql-ws';
import type { Admission } from '../core/admission.ts';
import { asError, requestError } from '../core/errors.ts';
import type { Observe } from '../core/observation.ts';
import type { CallEvent } from '../core/upstream.ts';
import type { Viewer } from '../core/viewer.ts';
import type { GatewayContext, OperationStart } from '../graphql/context.ts';
import { bugIn, describeError, withTokenLimit } from '../graphql/describeError.ts';
import { admitOperation } from '../graphql/operation.ts';
import { responseLimitError, staleExtensions } from '../graphql/response.ts';
import type { Connection } from './connection.ts';
import { endingWith, mapEvents } from './eventStream.ts';
import { createScheduler } from './scheduler.ts';
import { createDocumentReader, type DocumentReaderOptions } from './subscriptionDocuments.ts';

export interface SocketOperationOptions extends DocumentReaderOptions {
  admission: Admission;
  createContext: (start: OperationStart) => GatewayContext;
  observe: Observe;
  /** Receives events of calls that no request waits for. */
  report: (event: CallEvent) => void;
  /** Receives errors that are bugs. */
  onBug: (error: unknown, requestId: string) => void;
}

/** The context of a subscription's resolver. Each of its events has a context of its own. */
interface SubscriptionContext extends GatewayContext {
  /** Aborting it ends the subscription, and releases its listener on the connection. */
  ending: AbortController;
  /** Logs and counts the subscription as it starts, since it lasts for as long as its client likes. Call once. */
  observeStart: (errors: readonly unknown[]) => void;
}

type SubscriptionArgs = ExecutionArgs & { contextValue: SubscriptionContext };

/** The graphql-ws server: subscriptions alone, admitted and bounded as queries are. */
export function createSocketOperations(options: SocketOperationOptions): Server<Connection> {
  const { schema, introspection, limits, admission, createContext, observe, report, onBug } = options;
  const rules = { introspection, maxObjects: limits.rows };
  const readDocument = createDocumentReader(options);
  const schedule = createScheduler();

  return makeServer<Record<string, unknown> | undefined, Connection>({
    // The connection has a timer of its own.
    connectionInitWaitTimeout: 0,
    async onConnect({ connectionParams, extra: connection }) {
      const isReady = await connection.authenticate(authorizationIn(connectionParams));
      // Operators find the log lines of the connection by this id.
      return isReady && { requestId: connection.peer.id };
    },
    onSubscribe({ extra: { peer, state, closing } }, _id, payload) {
      if (state.phase !== 'ready') throw new Error('graphql-ws requires connection_ack before subscribe.');
      const { viewer } = state;
      const observation = observe({ requestId: peer.id, headers: peer.headers });
      let operation: OperationDefinitionNode | null = null;
      const observeStart = (errors: readonly unknown[]) =>
        observation.ended({
          operationName: operation?.name?.value ?? null,
          operationType: operation?.operation ?? null,
          codes: errors.map(codeOf),
          caller: viewer.name,
          httpStatus: 101,
          aborted: false,
        });
      const ending = endingWith(closing);
      try {
        const error = admission.countOperation(viewer, peer);
        if (error) throw requestError(error);
        operation = readDocument(payload);
        const contextValue = { ...contextOf(peer.id, viewer, ending.signal), ending, observeStart };
        const request = { operation, variables: payload.variables ?? {} };
        const { analysis, variables: variableValues } = admitOperation(request, contextValue, rules);
        return { schema, document: analysis.executable, variableValues, contextValue };
      } catch (error) {
        ending.abort();
        observeStart([error]);
        return [asGraphQLError(error)];
      }
    },
    subscribe: (args) => subscribe(args as SubscriptionArgs),
    onNext({ extra: { peer } }, _id, _payload, _args, result) {
      // A result without errors is sent as it is.
      if (!result.errors) return undefined;
      const errors = result.errors.map((error) => described(error, peer.id));
      return { ...result, errors } as FormattedExecutionResult;
    },
    onError: ({ extra: { peer } }, _id, _payload, errors) => errors.map((error) => described(error, peer.id)),
  });

  function contextOf(requestId: string, viewer: Viewer, signal: AbortSignal): GatewayContext {
    // Many events can wait for one upstream call, and continue together when it ends.
    const turn = () => schedule(viewer.callerId, () => undefined);
    return createContext({ requestId, viewer, signal, report, priority: 'polling', turn });
  }

  /** As graphql-js, but each event is an operation of its own, with its own deadline and its own loaders. */
  async function subscribe(args: SubscriptionArgs) {
    const { ending, observeStart, requestId, viewer } = args.contextValue;
    const stream = await createSourceEventStream(args);
    if (!(Symbol.asyncIterator in stream)) {
      ending.abort();
      observeStart(stream.errors ?? []);
      return stream;
    }
    observeStart([]);
    return mapEvents(stream[Symbol.asyncIterator](), ending, (event) =>
      schedule(viewer.callerId, () => executeFor(event, args, contextOf(requestId, viewer, ending.signal))),
    );
  }

  function executeFor(event: unknown, args: SubscriptionArgs, contextValue: GatewayContext) {
    const bounded = (result: ExecutionResult): ExecutionResult => {
      const error = responseLimitError(result, contextValue.output, limits);
      if (error) return { data: null, errors: [error] };
      const extensions = staleExtensions(contextValue.staleParts, result.data);
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
}

function authorizationIn(params: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const given = params?.['authorization'] ?? params?.['Authorization'];
  return typeof given === 'string' ? given : undefined;
}

function asGraphQLError(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return error;
  return new GraphQLError('', { originalError: asError(error) });
}

function codeOf(error: unknown): string {
  const { message } = asGraphQLError(error);
  return String(describeError({ message }, error).extensions?.['code']);
}
