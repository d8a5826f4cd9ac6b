import { isIdText, isPlaceholderId, type JsonValue } from '../core/domain.ts';
import type { Undecodable } from '../core/upstream.ts';

export type JsonObject = Record<string, JsonValue>;

/** DataWorks sent something that does not match its protocol. The message is ours and quotes nothing of what was sent. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
}

/** How many parts of a response could not be decoded. */
export type UndecodableCounts = Record<Undecodable, number>;

type Decode<Value> = (value: JsonValue | undefined, counts: UndecodableCounts) => Value;

/** For each of our fields: the name of DataWorks, the function that decodes it, and the value for one that is missing (default: null). */
export type FieldTable<Thing> = {
  readonly [Key in keyof Thing]: readonly [
    wireName: string,
    decode: Decode<Thing[Key] | null>,
    ...(null extends Thing[Key] ? [] : [missing: Thing[Key]]),
  ];
};

/** Decodes objects by a table. A field that is present and cannot be decoded counts, and becomes the value for a missing one. */
export function fieldDecoder<Thing>(
  table: FieldTable<Thing>,
): (source: JsonObject, counts: UndecodableCounts) => Thing {
  type Entry = [key: string, field: readonly [string, Decode<unknown>, unknown?]];
  const entries = Object.entries(table) as Entry[];
  return (source, counts) => {
    const thing: Record<string, unknown> = {};
    for (const [key, [wireName, decode, missing = null]] of entries) {
      const value = source[wireName];
      const decoded = decode(value, counts);
      const isMissing =
        value === undefined || value === null || (typeof value === 'string' && value.trim() === '');
      if (decoded === null && !isMissing) counts.field += 1;
      thing[key] = decoded ?? missing;
    }
    return thing as Thing;
  };
}

/** A function that decodes a name. Official material spells names in capitals, in CamelCase and with underscores. */
export function nameIn<Name extends string>(
  names: ReadonlyMap<string, Name>,
): (value: JsonValue | undefined) => Name | 'UNKNOWN' {
  return (value) => names.get((textOf(value) ?? '').toLowerCase().replaceAll('_', '')) ?? 'UNKNOWN';
}

/** @throws DecodeError unless the value is an object. */
export function objectOf(value: JsonValue | undefined, what: string): JsonObject {
  if (isObject(value)) return value;
  throw new DecodeError(`${what} is not an object`);
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The trimmed text; null if it is empty. Numbers, which ids sometimes are, become text. */
export function textOf(value: JsonValue | undefined): string | null {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? value.trim() || null : null;
}

/** The id of a row; null if callers could not send it back. */
export function rowIdOf({ Id }: JsonObject): string | null {
  const id = idTextOf(Id);
  return id === null || isPlaceholderId(id) ? null : id;
}

/** An id that callers can send back; null for anything else. */
export function idTextOf(value: JsonValue | undefined): string | null {
  const text = textOf(value);
  return text !== null && isIdText(text) ? text : null;
}

/** A code or id that is safe to show; null for any other text, which a proxy may have written. */
export function tokenOf(value: JsonValue | undefined): string | null {
  const text = textOf(value);
  return text !== null && /^[\w.:-]{1,100}$/.test(text) ? text : null;
}

/** A number, also one that was sent as text; null for anything else. */
export function numberOf(value: JsonValue | undefined): number | null {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^\s*-?\d+(?:\.\d+)?\s*$/.test(value) ? Number(value) : null;
}

/** Epoch milliseconds; null if none were sent, or if a `Date` could not hold them. */
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
