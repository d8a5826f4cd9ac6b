/** Failure responses: error bodies, and transport failures in place of a response. */
import type { ServerResponse } from 'node:http';

import type { FaultEffect } from './faults.ts';
import { dailyLimitError } from './quota.ts';
import { ApiError } from './wire.ts';

export type FailureFault =
  | {
      kind: 'throttle';
      /** 429 `Throttling.User` (default), 400 `Throttling` as most products say, or the number that DataWorks sends. */
      guise?: keyof typeof throttles;
      /** Sent as `x-acs-retry-after`, which newer SDKs read; whether DataWorks sends it is not documented. */
      retryAfterMs?: number;
    }
  | { kind: 'dailyLimit' }
  /** Default `InternalError.System`. */
  | { kind: 'http5xx'; code?: keyof typeof serverErrors }
  | { kind: 'error'; httpStatus: number; code: string | number; message?: string }
  | { kind: keyof typeof transports };

/** An error body like any other, or something written to the socket in place of the response. */
export type FailureResponse = ApiError | { kind: string; send: Send };

/** @param text the response that would have been sent. */
type Send = (response: ServerResponse, text: string) => void;

/** HTTP status, code, message. */
type ErrorForm = readonly [number, string | number, string];

const throttles = {
  'Throttling.User': [429, 'Throttling.User', 'Your request is too frequent. Try again later.'],
  'Throttling.Api': [429, 'Throttling.Api', 'Your request is too frequent. Try again later.'],
  Throttling: [400, 'Throttling', 'Request was denied due to request throttling.'],
  // The HTTP status that goes with the number is not documented: here are the two likely ones.
  '9990020002': [429, 9990020002, 'Throttling.User'],
  '9990020002 as 400': [400, 9990020002, 'Throttling.User'],
} satisfies Record<string, ErrorForm>;

const serverErrors = {
  'InternalError.System': [
    500,
    'InternalError.System',
    'An internal system error occurred. Try again later.',
  ],
  ServiceUnavailable: [
    503,
    'ServiceUnavailable',
    'The request has failed due to a temporary failure of the server.',
  ],
  // Two that are 500 although a retry changes nothing.
  'Invalid.Wkbench.Parameter': [500, 'Invalid.Wkbench.Parameter', 'The parameter is invalid.'],
  'Forbidden.Not.Server': [500, 'Forbidden.Not.Server', 'The service is not available in this region.'],
} satisfies Record<string, ErrorForm>;

const JSON_TYPE = 'application/json;charset=utf-8';
const HTML = '<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>';
const XML =
  '<?xml version="1.0" encoding="UTF-8"?><Error><RequestId>7C352CB7-CD88-50CF-9D0D-E81BDF02A1B2</RequestId>' +
  '<HostId>dataworks</HostId><Code>ServiceUnavailable</Code><Message>Unavailable.</Message></Error>';

const transports = {
  html502: answer(502, 'text/html', () => HTML),
  empty500: answer(500, JSON_TYPE, () => ''),
  xmlError: answer(503, 'text/xml', () => XML),
  redirect: answer(302, 'text/html', () => '', { location: '/maintenance' }),
  truncatedJson: answer(200, JSON_TYPE, half),
  html200: answer(200, 'text/html', () => HTML),
  empty200: answer(200, JSON_TYPE, () => ''),
  dropBeforeHeaders: (response) => {
    response.socket?.destroy();
  },
  dropMidBody: (response, text) => {
    beginBody(response, text, () => response.socket?.destroy());
  },
  hangBeforeHeaders: () => undefined,
  hangMidBody: (response, text) => {
    beginBody(response, text);
  },
} satisfies Record<string, Send>;

/** Null for a fault that does not replace the response. */
export function failureResponseOf(fault: FaultEffect): FailureResponse | null {
  if (fault.kind === 'throttle') return throttled(fault.guise ?? 'Throttling.User', fault.retryAfterMs);
  if (fault.kind === 'dailyLimit') return dailyLimitError();
  if (fault.kind === 'http5xx') return new ApiError(...serverErrors[fault.code ?? 'InternalError.System']);
  if (fault.kind === 'error') {
    return new ApiError(fault.httpStatus, fault.code, fault.message ?? 'Simulated error.');
  }
  return isTransport(fault.kind) ? { kind: fault.kind, send: transports[fault.kind] } : null;
}

function throttled(guise: keyof typeof throttles, retryAfterMs: number | undefined): ApiError {
  const headers = retryAfterMs === undefined ? {} : { 'x-acs-retry-after': String(retryAfterMs) };
  const [httpStatus, code, message] = throttles[guise];
  return new ApiError(httpStatus, code, message, {}, headers);
}

function isTransport(kind: string): kind is keyof typeof transports {
  return Object.hasOwn(transports, kind);
}

function answer(
  status: number,
  contentType: string,
  body: (text: string) => string,
  headers: Record<string, string> = {},
): Send {
  return (response, text) => {
    response.writeHead(status, { 'content-type': contentType, ...headers }).end(body(text));
  };
}

/** Announces the length of the whole text and sends half of it. */
function beginBody(response: ServerResponse, text: string, then?: () => void): void {
  response.writeHead(200, { 'content-type': JSON_TYPE, 'content-length': Buffer.byteLength(text) });
  response.write(half(text), then);
}

function half(text: string): string {
  return text.slice(0, text.length / 2);
}
