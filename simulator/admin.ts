import type { IncomingMessage, ServerResponse } from 'node:http';

import type { CallLog } from './calls.ts';
import { maxCallsInAnyWindow } from './calls.ts';
import { validateFault } from './faultKinds.ts';
import type { Fault, Faults } from './faults.ts';

export const ADMIN_PATH = '/__simulator/';

export type Admin = (request: IncomingMessage, path: string, body: string, response: ServerResponse) => void;

type Route = (body: string) => { status: number; body?: unknown };

/**
 * The simulator's controls over HTTP, without a signature:
 *
 *     POST   /__simulator/faults   a `Fault` as JSON, e.g. {"kind":"latency","delayMs":800,"times":3}
 *     GET    /__simulator/faults   the active faults
 *     DELETE /__simulator/faults   removes all faults and releases held calls
 *     GET    /__simulator/calls    { maxCallsInAnySecond, calls }
 *     DELETE /__simulator/calls    clears the log
 *
 * A POST must have `content-type: application/json`, which web pages of other origins cannot send without a preflight.
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

/** The fault, or a text that says what is wrong with it. */
function readFault(body: string): Fault | string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return 'Expected JSON.';
  }
  return validateFault(parsed);
}
