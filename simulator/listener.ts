import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

import type { ActionOptions } from './actions.ts';
import { findAction } from './actions.ts';
import type { Admin } from './admin.ts';
import { ADMIN_PATH } from './admin.ts';
import type { Call, CallLog } from './calls.ts';
import { record } from './calls.ts';
import type { AppliedFaults, Faults } from './faults.ts';
import type { SignatureVerifier, IncomingCall } from './signatureVerifier.ts';
import type { Quota } from './quota.ts';
import { hexDigits, roll } from './random.ts';
import type { WireObject } from './wire.ts';
import { ApiError, errorBody, toWireText } from './wire.ts';
import type { Account } from './account.ts';

export interface ListenerParts {
  account: Account;
  calls: CallLog;
  faults: Faults;
  signatureVerifier: SignatureVerifier;
  quota: Quota;
  actions: ActionOptions;
  admin: Admin;
  /** Of the request ids. */
  seed: number;
}

interface Reply {
  text: string;
  /** For the call log. */
  outcome: string;
  send(response: ServerResponse): void;
}

const VERSION = '2024-05-18';
const MAX_BODY_BYTES = 1_000_000;

/** Handles a call: log, verify, charge the quota, apply faults, act, respond. */
export function createListener(parts: ListenerParts): RequestListener {
  let served = 0;

  return (request, response) => {
    handle(request, response).catch(() => {
      // The client disconnected or sent too much, so no one reads a response.
      request.destroy();
    });
  };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const incoming = toIncomingCall(request, await readBody(request));
    if (incoming.path.startsWith(ADMIN_PATH)) {
      parts.admin(request, incoming.path, Buffer.from(incoming.body).toString(), response);
      return;
    }
    const call = record(parts.calls, {
      at: parts.account.now(),
      action: firstHeader(incoming, 'x-acs-action'),
      params: paramsOf(incoming),
      outcome: 'pending',
      faults: [],
      sourcePort: request.socket.remotePort ?? 0,
    });
    const reply = await replyTo(incoming, call, requestIdOf(parts.seed, served++));
    call.outcome = reply.outcome;
    reply.send(response);
  }

  async function replyTo(incoming: IncomingCall, call: Call, requestId: string): Promise<Reply> {
    const host = firstHeader(incoming, 'host');
    const error = errorOf(() => admit(incoming));
    if (error) return failure(error, requestId, host);
    const applied = parts.faults.take(call.action, call.params);
    call.faults.push(...applied.kinds);
    if (applied.beforeAnswer) await applied.beforeAnswer;
    const reply = act(incoming.method, call, applied, requestId, host);
    if (applied.afterAnswer) await applied.afterAnswer;
    return reply;
  }

  function admit(incoming: IncomingCall): void {
    parts.signatureVerifier.verify(incoming);
    if (firstHeader(incoming, 'x-acs-version') !== VERSION) {
      throw new ApiError(400, 'NoSuchVersion', 'Specified version does not exist.');
    }
    parts.quota.spend();
  }

  function act(
    method: string,
    call: Call,
    { failureResponse, view, reshape }: AppliedFaults,
    requestId: string,
    host: string,
  ): Reply {
    let body: WireObject = {};
    const error = errorOf(() => {
      if (failureResponse instanceof ApiError) throw failureResponse;
      body = findAction(call.action, method, parts.actions)(call.params, parts.account, view);
    });
    const reply = error ? failure(error, requestId, host) : success(reshape(body), requestId);
    if (!failureResponse || failureResponse instanceof ApiError) return reply;
    return {
      ...reply,
      outcome: failureResponse.kind,
      send: (response) => failureResponse.send(response, reply.text),
    };
  }
}

function success(body: WireObject, requestId: string): Reply {
  // The reference document's sample id ends in a newline.
  return jsonReply(200, toWireText({ RequestId: `${requestId}\n`, ...body }), 'OK', requestId);
}

function failure(error: ApiError, requestId: string, host: string): Reply {
  const text = toWireText(errorBody(error, requestId, host));
  return jsonReply(error.httpStatus, text, String(error.code), requestId, error.headers);
}

function jsonReply(
  status: number,
  text: string,
  outcome: string,
  requestId: string,
  moreHeaders: Readonly<Record<string, string>> = {},
): Reply {
  const headers = {
    'content-type': 'application/json;charset=utf-8',
    'x-acs-request-id': requestId,
    ...moreHeaders,
  };
  return { text, outcome, send: (response) => response.writeHead(status, headers).end(text) };
}

/** Converts a thrown value to an error response. A bug in the simulator also gets a response, so no client hangs. */
function errorOf(step: () => void): ApiError | null {
  try {
    step();
    return null;
  } catch (error) {
    return error instanceof ApiError ? error : new ApiError(500, 'SimulatorBug', String(error));
  }
}

function toIncomingCall(request: IncomingMessage, body: Buffer): IncomingCall {
  const [path = '/', query = ''] = (request.url ?? '/').split(/\?(.*)/s);
  return { method: request.method ?? '', path, query, headers: request.headersDistinct, body };
}

/** The query's parameters for a GET, the form's for a POST; an action looks at one place only. */
function paramsOf({ method, query, body }: IncomingCall): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(method === 'GET' ? query : Buffer.from(body).toString()));
}

function firstHeader(call: IncomingCall, name: string): string {
  return call.headers[name]?.[0] ?? '';
}

/** An upper-case UUID. */
function requestIdOf(seed: number, serial: number): string {
  const own = roll(roll(seed, 'request'), serial);
  const hex = (part: string, count: number) => hexDigits(own, part, count);
  return `${hex('a', 8)}-${hex('b', 4)}-5${hex('c', 3)}-9${hex('d', 3)}-${hex('e', 8)}${hex('f', 4)}`.toUpperCase();
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new RangeError('The request body is too large.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
