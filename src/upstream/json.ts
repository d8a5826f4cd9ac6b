import { isSafeNumber } from 'lossless-json';
import type { JsonValue } from '../core/domain.ts';

export type JsonObject = Record<string, JsonValue>;

/** DataWorks sent something that does not match its protocol. The message is ours and quotes nothing of what was sent. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
}

/**
 * Parses JSON without losing a digit: a number that a double cannot hold exactly becomes a string with every digit of its
 * token, all else is what `JSON.parse` gives. DataWorks ids have up to 19 digits, and some arrive unquoted.
 *
 * @throws SyntaxError on what is not JSON.
 */
export function parseLossless(text: string): JsonValue {
  return JSON.parse(MAY_HOLD_UNSAFE_NUMBER.test(text) ? quoteUnsafeNumbers(text) : text) as JsonValue;
}

/** The text with quotes around the numbers that a double cannot hold. `JSON.parse` then takes half of the time of a parser that reads them. */
function quoteUnsafeNumbers(text: string): string {
  let quoted = '';
  let copied = 0;
  for (let start = 0; start < text.length;) {
    const string = text.indexOf('"', start);
    const end = string === -1 ? text.length : string;
    if (end - start >= SHORTEST_UNSAFE) {
      const between = text.slice(start, end);
      const safe = between.replace(NUMBER, (token) => (isSafeNumber(token) ? token : `"${token}"`));
      if (safe !== between) {
        quoted += text.slice(copied, start) + safe;
        copied = end;
      }
    }
    if (string === -1) break;
    const close = closingQuote(text, string);
    if (close === -1) break;
    start = close + 1;
  }
  return copied === 0 ? text : quoted + text.slice(copied);
}

/** The end of the string that begins at `open`; -1 if it has none. */
function closingQuote(text: string, open: number): number {
  let close = text.indexOf('"', open + 1);
  while (close !== -1) {
    let at = close;
    while (text[at - 1] === '\\') at -= 1;
    if ((close - at) % 2 === 0) return close;
    close = text.indexOf('"', close + 1);
  }
  return -1;
}

/**
 * Replaces text that holds a JSON object or array by what it holds, at any place inside the value, and keeps every digit.
 * Stage details and FlowSpec documents arrive as such text. Text that is nearly JSON stays text.
 *
 * @throws DecodeError when the value itself, not text inside it, is nested more than 100 levels deep.
 */
export function decodeEmbedded(value: JsonValue, wrappings = MAX_WRAPPINGS, nesting = 0): JsonValue {
  if (typeof value === 'string') {
    if (wrappings === 0 || !LOOKS_LIKE_JSON.test(value)) return value;
    try {
      return decodeEmbedded(parseLossless(value), wrappings - 1, nesting);
    } catch {
      return value;
    }
  }
  if (typeof value !== 'object' || value === null) return value;
  if (nesting >= MAX_NESTING) throw new DecodeError('a value is nested too deeply');
  if (!isObject(value)) {
    const items: JsonValue[] = [];
    for (const item of value) items.push(decodeEmbedded(item, wrappings, nesting + 1));
    return items;
  }
  const entries = Object.entries(value);
  for (const entry of entries) entry[1] = decodeEmbedded(entry[1], wrappings, nesting + 1);
  // fromEntries defines a key named __proto__, where an assignment would set the prototype.
  return Object.fromEntries(entries);
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

/** @throws DecodeError unless the value is a whole number from 0. */
export function countOf(value: JsonValue | undefined, what: string): number {
  const count = numberOf(value);
  if (count === null || !Number.isSafeInteger(count) || count < 0) {
    throw new DecodeError(`${what} is not a count`);
  }
  return count;
}

const LOOKS_LIKE_JSON = /^\s*(?:\{[^]*\}|\[[^]*\])\s*$/;

/**
 * Sees every number token that could lose digits, and some harmless text besides. Up to 15 characters without an exponent
 * always fit a double; an exponent can overflow or underflow at any length. A token stands at the start of the text or
 * after one of `:[,`, which is all that this relies on.
 */
const MAY_HOLD_UNSAFE_NUMBER = /(?:^|[:[,])\s*-?\d(?:[\d.]{15}|[\d.]*[eE])/;

/** A number of JSON (RFC 8259, section 6) that is not in the place of a key. */
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?!\s*:)/g;

/** Of a number that a double cannot hold, such as 1e400. */
const SHORTEST_UNSAFE = 5;

/** How many times JSON text may be wrapped in JSON text; what is inside the innermost wrapping stays text. */
const MAX_WRAPPINGS = 5;

/** Deeper than any real document, and shallow enough for every recursive reader behind us. */
const MAX_NESTING = 100;
