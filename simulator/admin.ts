import type { IncomingMessage, ServerResponse } from 'node:http';

import type { CallLog } from './calls.ts';
import { maxCallsInAnyWindow } from './calls.ts';
import type { Fault, FaultKind, Faults } from './faults.ts';

export const ADMIN_PATH = '/__simulator/';

/** The kinds, and the fields that each cannot do without. */
const requiredFields: Readonly<Record<FaultKind, readonly string[]>> = {
  latency: ['delayMs'],
  hold: [],
  throttle: [],
  dailyLimit: [],
  http5xx: [],
  error: ['httpStatus', 'code'],
  html502: [],
  empty500: [],
  xmlError: [],
  redirect: [],
  truncatedJson: [],
  html200: [],
  empty200: [],
  dropBeforeHeaders: [],
  dropMidBody: [],
  hangBeforeHeaders: [],
  hangMidBody: [],
  reorder: [],
  capPageSize: [],
  inflateTotal: [],
  emptyPage: [],
  replace: ['at', 'value'],
  unknownEnums: [],
  numbersAsStrings: [],
  manyStages: ['stages'],
  largeDetail: ['detailBytes'],
};

export type Admin = (request: IncomingMessage, path: string, body: string, response: ServerResponse) => void;

type Route = (body: string) => { status: number; body?: unknown };

/**
 * The simulator's controls, by hand and without a signature:
 *
 *     POST   /__simulator/faults   a `Fault` as JSON, e.g. {"kind":"latency","delayMs":800,"times":3}
 *     GET    /__simulator/faults   those that are not spent
 *     DELETE /__simulator/faults   none any more; what hangs in a `hold` goes on
 *     GET    /__simulator/calls    { maxCallsInAnySecond, calls }
 *     DELETE /__simulator/calls    forgets them
 *
 * A POST must say `content-type: application/json`, which no foreign web page can do without asking first.
 */
export function createAdmin(faults: Faults, calls: CallLog): Admin {
  const routes: Readonly<Record<string, Route>> = {
    'POST faults': (body) => {
      const fault = readFault(body);
      if (typeof fault === 'string') return { status: 400, body: { error: fault } };
      faults.add(fault);
      return { status: 201, body: fault };
    },
    'GET faults': () => ({ status: 200, body: faults.list() }),
    'DELETE faults': () => {
      faults.clear();
      return { status: 204 };
    },
    'GET calls': () => ({
      status: 200,
      body: { maxCallsInAnySecond: maxCallsInAnyWindow(calls, 1000), calls },
    }),
    'DELETE calls': () => {
      calls.clear();
      return { status: 204 };
    },
  };

  return (request, path, body, response) => {
    const method = request.method ?? '';
    const route = routes[`${method} ${path.slice(ADMIN_PATH.length)}`];
    const isJson = request.headers['content-type']?.startsWith('application/json') ?? false;
    const answer =
      method === 'POST' && !isJson
        ? { status: 415, body: { error: 'Expected content-type: application/json.' } }
        : (route?.(body) ?? { status: 404, body: { error: `Known: ${Object.keys(routes).join(', ')}.` } });
    response
      .writeHead(answer.status, { 'content-type': 'application/json;charset=utf-8' })
      .end(answer.body === undefined ? undefined : JSON.stringify(answer.body));
  };
}

/** The fault, or what is wrong with it. */
function readFault(body: string): Fault | string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return 'Expected JSON.';
  }
  const fault = (parsed ?? {}) as Partial<Record<string, unknown>>;
  const kind = String(fault['kind']);
  if (!Object.hasOwn(requiredFields, kind)) {
    return `Expected a kind, one of ${Object.keys(requiredFields).join(', ')}.`;
  }
  const missing = requiredFields[kind as FaultKind].filter((field) => fault[field] === undefined);
  return missing.length > 0 ? `${kind} needs ${missing.join(', ')}.` : (parsed as Fault);
}
