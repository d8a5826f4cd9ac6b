/** Of quotes and commas or colons around a string, a name or a value. */
const PUNCTUATION_BYTES = 3;

/** A number, a boolean or null. */
const SCALAR_BYTES = 5;

/** A string this short is not worth a look at each of its characters. */
const SHORT_STRING = 64;

/**
 * Whether a value's JSON text is longer than a limit, found without making that text: a few strings shown many times make a text
 * that takes longer to write than the event loop may stand still. Escapes are not counted, and short strings as ASCII.
 */
export function isLongerThan(value: unknown, maxBytes: number): boolean {
  let left = maxBytes;
  spend(value);
  return left < 0;

  function spend(value: unknown): void {
    if (typeof value === 'string') left -= bytesOf(value) + PUNCTUATION_BYTES;
    else if (typeof value !== 'object' || value === null) left -= SCALAR_BYTES;
    else if (Array.isArray(value)) spendEach(value);
    else spendFields(value as Record<string, unknown>);
  }

  function spendEach(values: readonly unknown[]): void {
    for (const one of values) {
      if (left < 0) return;
      spend(one);
    }
  }

  function spendFields(record: Record<string, unknown>): void {
    for (const name in record) {
      if (left < 0) return;
      left -= name.length + PUNCTUATION_BYTES;
      spend(record[name]);
    }
  }
}

function bytesOf(text: string): number {
  return text.length <= SHORT_STRING ? text.length : Buffer.byteLength(text);
}
