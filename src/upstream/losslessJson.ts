import { isSafeNumber, parse } from 'lossless-json';
import type { JsonValue } from '../core/domain.ts';

/**
 * Parses JSON without losing a digit: a number that a double cannot hold exactly becomes a string with every digit of its
 * token, all else is what `JSON.parse` gives. DataWorks ids have up to 19 digits, and some arrive unquoted.
 *
 * @throws SyntaxError on what is not JSON; RangeError on text nested thousands of levels deep.
 */
export function parseLossless(text: string): JsonValue {
  if (!MAY_HOLD_UNSAFE_NUMBER.test(text)) return JSON.parse(text) as JsonValue;
  return parse(text, null, {
    parseNumber: (token) => (isSafeNumber(token) ? Number(token) : copyOf(token)),
    // The last of equal keys wins, as with JSON.parse.
    onDuplicateKey: ({ newValue }) => newValue,
  }) as JsonValue;
}

/**
 * Sees every number token that could lose digits, and some harmless text besides. Up to 15 characters without an exponent
 * always fit a double; an exponent can overflow or underflow at any length. A token stands at the start of the text or
 * after one of `:[,`, which is all that this relies on.
 */
const MAY_HOLD_UNSAFE_NUMBER = /(?:^|[:[,])\s*-?\d(?:[\d.]{15}|[\d.]*[eE])/;

/** The token is a slice of the text, of which V8 keeps the whole for as long as there is the slice. */
function copyOf(token: string): string {
  return Buffer.from(token, 'latin1').toString('latin1');
}
