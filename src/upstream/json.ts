import { isSafeNumber, parse } from 'lossless-json';
import type { JsonValue } from '../core/domain.ts';
import { DecodeError, isObject } from './fields.ts';
import type { UndecodableCounts } from './fields.ts';

/**
 * Parses JSON without losing a digit: a number that a double cannot hold exactly becomes a string with every digit of its
 * token, all else is what `JSON.parse` gives. DataWorks ids have up to 19 digits, and some arrive unquoted.
 *
 * @throws SyntaxError on what is not JSON; RangeError on text nested thousands of levels deep.
 */
export function parseLossless(text: string): JsonValue {
  if (!MAY_HOLD_UNSAFE_NUMBER.test(text)) return JSON.parse(text) as JsonValue;
  return parse(text, null, {
    // A token is a slice, which keeps the whole text in memory for as long as it exists; so it is copied.
    parseNumber: (token) =>
      isSafeNumber(token) ? Number(token) : Buffer.from(token, 'latin1').toString('latin1'),
    // The last of equal keys wins, as with JSON.parse.
    onDuplicateKey: ({ newValue }) => newValue,
  }) as JsonValue;
}

/** A document. One that is nested too deeply becomes its JSON text, or null if it has none, and counts as undecodable. */
export function documentOf(value: JsonValue | undefined, counts: UndecodableCounts): JsonValue {
  if (value === undefined || (typeof value === 'string' && value.trim() === '')) return null;
  try {
    return decodeEmbedded(value);
  } catch {
    const text = jsonTextOf(value);
    // A null counts where the field is read.
    if (text !== null) counts.field += 1;
    return text;
  }
}

/** Null for a value that is nested too deeply even for `JSON.stringify`. */
function jsonTextOf(value: JsonValue): string | null {
  try {
    return JSON.stringify(value);
  } catch {
    return null;
  }
}

/**
 * Replaces text that holds a JSON object or array by what it holds, at any place inside the value, and keeps every digit.
 * Stage details and FlowSpec documents arrive as such text. Text that is nearly JSON stays text.
 *
 * @throws DecodeError when the value itself, not text inside it, is nested more than 100 levels deep.
 */
export function decodeEmbedded(value: JsonValue, wrappings = MAX_WRAPPINGS, nesting = 0): JsonValue {
  if (typeof value === 'string') return unwrapped(value, wrappings, nesting);
  if (typeof value !== 'object' || value === null) return value;
  if (nesting >= MAX_NESTING) throw new DecodeError('a value is nested too deeply');
  if (isObject(value)) {
    // fromEntries defines a key named __proto__, where an assignment would set the prototype.
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, decodeEmbedded(inner, wrappings, nesting + 1)]),
    );
  }
  return value.map((inner) => decodeEmbedded(inner, wrappings, nesting + 1));
}

function unwrapped(text: string, wrappings: number, nesting: number): JsonValue {
  if (wrappings === 0 || !LOOKS_LIKE_JSON.test(text)) return text;
  try {
    return decodeEmbedded(parseLossless(text), wrappings - 1, nesting);
  } catch {
    return text;
  }
}

const LOOKS_LIKE_JSON = /^\s*(?:\{[^]*\}|\[[^]*\])\s*$/;

/**
 * Sees every number token that could lose digits, and some harmless text besides. Up to 15 characters without an exponent
 * always fit a double; an exponent can overflow or underflow at any length. A token stands at the start of the text or
 * after one of `:[,`, which is all that this relies on.
 */
const MAY_HOLD_UNSAFE_NUMBER = /(?:^|[:[,])\s*-?\d(?:[\d.]{15}|[\d.]*[eE])/;

/** How many times JSON text may be wrapped in JSON text; what is inside the innermost wrapping stays text. */
const MAX_WRAPPINGS = 5;

/** Deeper than any real document, and shallow enough for every recursive reader behind us. */
const MAX_NESTING = 100;
