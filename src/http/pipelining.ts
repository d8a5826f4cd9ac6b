import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HttpError } from '../core/errors.ts';
import { refuse } from './refusals.ts';

/*
 * Node parses every request of a chunk in one turn of the event loop, a thousand of them in 64 kB. HTTP lets a server close a
 * connection after any answer: the client then sends again what was not answered.
 */

/** Requests of one connection that may wait for their answers. One more cuts it off. */
export const MAX_PIPELINED = 100;

interface ConnectionState {
  unanswered: number;
  /** Whether a request has been taken on whose answer is the connection's last. */
  isClosing: boolean;
  /** Of the newest request. */
  newest: ServerResponse | null;
}

const states = new WeakMap<Socket, ConnectionState>();

/** Passes requests on, except those behind an answer that closes their connection: these cut it off without any work. */
export function withBoundedPipelining(listener: RequestListener): RequestListener {
  return (request: IncomingMessage, response: ServerResponse) => {
    const state = stateOf(request.socket);
    if (state.isClosing) {
      // Else Node goes on to read up to 32 chunks in this turn. An answer that was sent is on its way already.
      request.socket.destroy();
      return;
    }
    state.unanswered += 1;
    state.newest = response;
    response.once('close', () => {
      state.unanswered -= 1;
    });
    if (state.unanswered >= MAX_PIPELINED) {
      state.isClosing = true;
      response.shouldKeepAlive = false;
    }
    listener(request, response);
  };
}

/** Refuses a request and, unless its caller is known, everything that comes behind it on its connection. */
export function refuseConnection(
  request: FastifyRequest,
  reply: FastifyReply,
  refusal: HttpError,
): FastifyReply {
  if (refusal.isOfKnownCaller) return refuse(request, reply, refusal);
  stateOf(request.raw.socket).isClosing = true;
  void reply.header('connection', 'close');
  return refuse(request, reply, refusal);
}

/** Whether an answer to a request that fails to arrive would be read as the answer to it and to no other. */
export function canAnswerOutOfOrder(socket: Socket): boolean {
  const { newest, unanswered } = stateOf(socket);
  if (newest === null) return true;
  return newest.req.complete ? newest.writableFinished : !newest.headersSent && unanswered === 1;
}

function stateOf(socket: Socket): ConnectionState {
  let state = states.get(socket);
  if (state === undefined) {
    state = { unanswered: 0, isClosing: false, newest: null };
    states.set(socket, state);
  }
  return state;
}
