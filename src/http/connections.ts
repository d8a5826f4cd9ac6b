import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HttpError } from '../core/errors.ts';
import { sendHttpError } from './httpErrors.ts';

/*
 * Node parses all requests of a chunk in one turn of the event loop, a thousand of them in 64 kB. HTTP lets a server close a
 * connection after any response: the client sends the unanswered requests again.
 */

/** Unanswered requests of one connection. The response to the last of them closes the connection. */
export const MAX_PIPELINED = 100;

interface ConnectionState {
  /** Responses that were open when the newest request arrived. They close in order. */
  open: ServerResponse[];
  /** Whether the response to an accepted request closes the connection. */
  isClosing: boolean;
  /** The response to the newest request. */
  newest: ServerResponse | null;
}

const states = new WeakMap<Socket, ConnectionState>();

/** Passes requests on, except those behind a response that closes their connection: these cut it without any work. */
export function withBoundedPipelining(listener: RequestListener): RequestListener {
  return (request: IncomingMessage, response: ServerResponse) => {
    const state = states.get(request.socket) ?? newState(request.socket);
    if (state.isClosing) {
      // Otherwise Node reads up to 32 more chunks in this turn. Responses that are sent already still arrive.
      request.socket.destroy();
      return;
    }
    while (state.open[0]?.closed) state.open.shift();
    state.open.push(response);
    state.newest = response;
    if (state.open.length >= MAX_PIPELINED) {
      state.isClosing = true;
      response.shouldKeepAlive = false;
    }
    listener(request, response);
  };
}

/** Responds with an error of admission. Unless the caller is authenticated, drops all later requests of its connection. */
export function rejectRequest(request: FastifyRequest, reply: FastifyReply, error: HttpError): FastifyReply {
  if (error.keepsConnection) return sendHttpError(request, reply, error);
  (states.get(request.raw.socket) ?? newState(request.raw.socket)).isClosing = true;
  return sendHttpError(request, reply.header('connection', 'close'), error);
}

/** Whether the client would take a response to its unfinished request as the response to that request and no other. */
export function canRespondOutOfOrder(socket: Socket): boolean {
  const { newest = null, open = [] } = states.get(socket) ?? {};
  if (newest === null) return true;
  if (newest.req.complete) return newest.writableFinished;
  return !newest.headersSent && open.every((response) => response === newest || response.closed);
}

function newState(socket: Socket): ConnectionState {
  const state = { open: [], isClosing: false, newest: null };
  states.set(socket, state);
  return state;
}
