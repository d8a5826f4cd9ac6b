import { type FormattedExecutionResult, type GraphQLError, responsePathAsArray } from 'graphql';
import { tooExpensive } from '../core/errors.ts';
import type { OperationLimits } from '../core/settings.ts';
import type { StaleReason } from '../core/upstream.ts';
import type { OutputSize, StalePart } from './context.ts';

type Response = Pick<FormattedExecutionResult, 'data'> & { errors?: readonly unknown[] | undefined };

/** The error to send instead of a response that has too many objects or bytes; null for one within the limits. */
export function responseLimitError(
  { data, errors }: Response,
  { objectsLeft }: OutputSize,
  limits: Pick<OperationLimits, 'rows' | 'responseBytes'>,
): GraphQLError | null {
  if (objectsLeft < 0) {
    return tooExpensive({ what: 'output objects', max: limits.rows, got: null, setting: 'MAX_ROWS' });
  }
  const left = remainingBytes([data, errors], limits.responseBytes);
  return left < 0 ? responseTooLong(limits.responseBytes) : null;
}

export function responseTooLong(maxBytes: number): GraphQLError {
  return tooExpensive({
    what: 'bytes in its response',
    max: maxBytes,
    got: null,
    setting: 'MAX_RESPONSE_BYTES',
  });
}

/** Quotes, and a comma or colon, around a string or a name. */
const PUNCTUATION_BYTES = 3;

/** A number, a boolean or null. */
const SCALAR_BYTES = 5;

/** A string up to this length is counted as ASCII, without a look at its characters. */
const SHORT_STRING = 64;

/**
 * What is left of a number of bytes after a value's JSON text, which is not created: a few long strings that appear many times make
 * a text that would block the event loop. Escapes are not counted. Stops as soon as nothing is left.
 */
function remainingBytes(value: unknown, bytes: number): number {
  if (typeof value === 'string') {
    const length = value.length <= SHORT_STRING ? value.length : Buffer.byteLength(value);
    return bytes - length - PUNCTUATION_BYTES;
  }
  if (typeof value !== 'object' || value === null) return bytes - SCALAR_BYTES;
  let left = bytes;
  if (Array.isArray(value)) {
    for (const item of value) if (left >= 0) left = remainingBytes(item, left);
    return left;
  }
  for (const name in value) {
    if (left < 0) return left;
    left = remainingBytes((value as Record<string, unknown>)[name], left - name.length - PUNCTUATION_BYTES);
  }
  return left;
}

/** A response with more stale parts than this lists these and reports how many more there are. */
const MAX_LISTED = 50;

interface StaleExtensions {
  stale: { path: (string | number)[]; reason: StaleReason }[];
  /** How many more parts are stale than `stale` lists. Absent if it lists all. */
  staleOmitted?: number;
}

/** What `extensions` reports about the stale parts that are in `data`; null if there are none. */
export function staleExtensions(parts: readonly StalePart[], data: unknown): StaleExtensions | null {
  const stale = parts
    .map(({ path, reason }) => ({ path: responsePathAsArray(path), reason }))
    .filter(({ path }) => isIn(data, path));
  if (stale.length === 0) return null;
  const omitted = stale.length - MAX_LISTED;
  return { stale: stale.slice(0, MAX_LISTED), ...(omitted > 0 && { staleOmitted: omitted }) };
}

/** Whether the data contains the path: an error can set an object above it to null. */
function isIn(data: unknown, path: readonly (string | number)[]): boolean {
  let value = data;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return false;
    value = (value as Record<string | number, unknown>)[key];
  }
  return true;
}
