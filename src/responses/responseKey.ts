import type { IncomingHttpHeaders } from 'node:http';
import type { HTTPGraphQLRequest } from '@apollo/server';
import { LRUCache } from 'lru-cache';
import type { Viewer } from '../core/viewer.ts';

/** Headers one of which makes a request one that no page of another site can send unasked. */
export type PreflightedHeaders = readonly string[];

/**
 * What an answer depends on, besides the data: the caller's scope, the operation to the letter, its variables, and the form that
 * is asked for. Null for requests whose answers are not kept, or that Apollo Server might refuse: it is for Apollo Server to say
 * so, and an answer that is there already must not keep it from that.
 */
export function answerKeyOf(
  request: HTTPGraphQLRequest,
  viewer: Viewer,
  preflighted: PreflightedHeaders,
): string | null {
  const { headers } = request;
  // The cost of an operation is another each time.
  if (headers.has('gateway-cost')) return null;
  const operation = isSafe(request, preflighted) ? operationIn(request) : null;
  return operation && keyOf(textOf(operation), headers.get('accept'), viewer);
}

/** As `answerKeyOf`, for the POST of a body that is known. */
export function answerKeyOfKnown(
  operation: string,
  headers: IncomingHttpHeaders,
  viewer: Viewer,
): string | null {
  const isPlain = isJson(headers['content-type']) && headers['gateway-cost'] === undefined;
  return isPlain ? keyOf(operation, headers.accept, viewer) : null;
}

/** Neither a scope nor a header has a line's end in it. */
function keyOf(operation: string, form: string | undefined, { scope }: Viewer): string {
  return `${scope}\n${form ?? ''}\n${operation}`;
}

/**
 * Remembers of the bodies of POSTs which operation they ask for: to read one, and to bring its variables into order, takes longer
 * than to find the answer that is there.
 */
export interface KnownBodies {
  /** The operation that a body asks for, as `answerKeyOfKnown` takes it; null for a body that is not known. */
  find(body: string): string | null;
  /** The body asks for the operation that the key names. */
  learn(body: string, key: string): void;
}

/** @param maxBytes what all that is remembered may weigh; with 0, nothing is */
export function createKnownBodies(maxBytes: number): KnownBodies {
  if (maxBytes === 0) return { find: () => null, learn: () => undefined };
  const operations = new LRUCache<string, string>({ maxSize: maxBytes });
  return {
    find: (body) => operations.get(body) ?? null,
    learn(body, key) {
      const [, , operation = ''] = key.split('\n', 3);
      operations.set(body, operation, { size: 200 + 2 * (body.length + operation.length) });
    },
  };
}

interface Operation {
  query: string;
  operationName: string | null;
  variables: unknown;
}

/** The CSRF check, in a form that lets nothing through which Apollo Server's own would not. */
function isSafe({ method, headers }: HTTPGraphQLRequest, preflighted: PreflightedHeaders): boolean {
  const contentType = headers.get('content-type');
  const sendsJson = isJson(contentType);
  if (method === 'POST') return sendsJson;
  if (method !== 'GET' || !(sendsJson || contentType === undefined)) return false;
  return sendsJson || preflighted.some((name) => (headers.get(name) ?? '') !== '');
}

function isJson(contentType: string | undefined): boolean {
  return contentType !== undefined && /^application\/json(?:$|[ ;])/.test(contentType);
}

function operationIn({ method, search, body }: HTTPGraphQLRequest): Operation | null {
  return method === 'GET' ? operationInSearch(new URLSearchParams(search)) : operationInBody(body);
}

function operationInBody(body: unknown): Operation | null {
  if (typeof body !== 'object' || body === null) return null;
  const {
    query,
    operationName = null,
    variables = null,
    extensions = null,
  } = body as Record<string, unknown>;
  if (typeof query !== 'string' || extensions !== null) return null;
  if (operationName !== null && typeof operationName !== 'string') return null;
  return typeof variables === 'object' && !Array.isArray(variables)
    ? { query, operationName, variables }
    : null;
}

function operationInSearch(parameters: URLSearchParams): Operation | null {
  const [query, ...queries] = parameters.getAll('query');
  const [operationName = null, ...names] = parameters.getAll('operationName');
  const [text = 'null', ...texts] = parameters.getAll('variables');
  if (query === undefined || queries.length + names.length + texts.length > 0) return null;
  return parameters.has('extensions')
    ? null
    : operationInBody({ query, operationName, variables: parsed(text) });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return 'not JSON';
  }
}

/** As one line. */
function textOf({ query, operationName, variables }: Operation): string {
  return JSON.stringify([operationName, canonical(variables), query]);
}

/** Equal variables as equal text, in whatever order their fields come. None are as good as an empty object. */
function canonical(variables: unknown): string {
  return JSON.stringify(variables ?? {}, (_, value: unknown) => (isRecord(value) ? sorted(value) : value));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sorted(record: Record<string, unknown>): Record<string, unknown> {
  const names = Object.keys(record);
  if (names.length < 2) return record;
  return Object.fromEntries(names.sort().map((name) => [name, record[name]]));
}
