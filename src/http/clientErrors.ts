import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { HttpError } from '../core/errors.ts';
import { canRespondOutOfOrder } from './connections.ts';
import { errorBody } from './httpErrors.ts';

/** Responds in GraphQL's format to a request that Node's HTTP parser rejects, and closes the connection. */
export function sendClientError(error: NodeJS.ErrnoException, socket: Socket, deadlineMs: number): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  if (!socket.writable || !canRespondOutOfOrder(socket)) {
    socket.destroy();
    return;
  }
  const httpError = parserErrorOf(error, deadlineMs);
  const { status } = httpError;
  const body = errorBody(httpError);
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
      'connection: close',
      'content-type: application/json; charset=utf-8',
      `content-length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n'),
    () => socket.destroy(),
  );
}

function parserErrorOf({ code }: NodeJS.ErrnoException, deadlineMs: number): HttpError {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    const message = `The request did not arrive within ${deadlineMs} ms (REQUEST_DEADLINE_MS).`;
    return { code: 'REQUEST_TIMEOUT', message, status: 408 };
  }
  return code === 'HPE_HEADER_OVERFLOW' ? headersTooLong : invalidHttp;
}

const headersTooLong: HttpError = { code: 'BAD_REQUEST', message: 'The headers are too long.', status: 431 };

const invalidHttp: HttpError = {
  code: 'BAD_REQUEST',
  message: 'The request is not valid HTTP.',
  status: 400,
};
