import { isIdText, isPlaceholderId, type JsonValue } from '../core/domain.ts';
import type { Undecodable } from '../core/upstream.ts';

export type JsonObject = Record<string, JsonValue>;

/** What DataWorks sent is not what its protocol says. The message is in our words and quotes nothing of what was sent. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
}

/** How often something of an answer could not be used. */
export type UndecodableCounts = Record<Undecodable, number>;

export function noneUndecodable(): UndecodableCounts {
  return { field: 0, row: 0, foreignProject: 0 };
}

/** The decoded field; null, and counted, if it is there and cannot be decoded. */
export function optionalOf<Value>(
  value: JsonValue | undefined,
  decode: (value: JsonValue | undefined) => Value | null,
  counts: UndecodableCounts,
): Value | null {
  const decoded = decode(value);
  const isEmpty = value === undefined || value === null || (typeof value === 'string' && value.trim() === '');
  if (decoded === null && !isEmpty) counts.field += 1;
  return decoded;
}

/** @throws DecodeError unless the value is an object. */
export function objectOf(value: JsonValue | undefined, what: string): JsonObject {
  if (isObject(value)) return value;
  throw new DecodeError(`${what} is not an object`);
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The text without the white space around it; null when nothing is left. Numbers, which ids sometimes are, become text. */
export function textOf(value: JsonValue | undefined): string | null {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? value.trim() || null : null;
}

/** @throws DecodeError when there is no such text. */
export function idOf(value: JsonValue | undefined, what: string): string {
  const id = idTextOf(value);
  if (id === null || isPlaceholderId(id)) throw new DecodeError(`${what} is missing or not an id`);
  return id;
}

/** An id that callers can send back; null for anything else. */
export function idTextOf(value: JsonValue | undefined): string | null {
  const text = textOf(value);
  return text !== null && isIdText(text) ? text : null;
}

/** A code or id that is safe to show: null for any other text, which a proxy on the way may have written. */
export function tokenOf(value: JsonValue | undefined): string | null {
  const text = textOf(value);
  return text !== null && /^[\w.:-]{1,100}$/.test(text) ? text : null;
}

/** A number, also one that was sent as text; null for anything else. */
export function numberOf(value: JsonValue | undefined): number | null {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^\s*-?\d+(?:\.\d+)?\s*$/.test(value) ? Number(value) : null;
}

/** Epoch milliseconds; null where none were sent, or where a `Date` could not hold them. */
export function timeOf(value: JsonValue | undefined): number | null {
  const time = numberOf(value);
  return time === null || Math.abs(time) > MAX_TIME ? null : Math.trunc(time);
}

/** @throws DecodeError unless the value is a whole number from 0. */
export function countOf(value: JsonValue | undefined, what: string): number {
  const count = numberOf(value);
  if (count === null || !Number.isSafeInteger(count) || count < 0) {
    throw new DecodeError(`${what} is not a count`);
  }
  return count;
}

/** The furthest time from the epoch that a `Date` can hold (ECMA-262, "Time Values and Time Range"). */
const MAX_TIME = 8.64e15;
