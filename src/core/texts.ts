import { LRUCache } from 'lru-cache';

/*
 * Texts that outlive the response they came in. The parsers and `trim` return slices of the response and ropes of single characters,
 * which keep the whole response in memory; and most texts are the same in every run.
 */

/** Results that each memoized function keeps. */
const MAX_RESULTS = 4000;

/** Longer texts seldom repeat. */
const MAX_LENGTH = 1000;

const ONE_BYTE = /^[\0-\xff]*$/;

/** Whether V8 stores the text with one byte for each character instead of two. */
export function isOneByte(text: string): boolean {
  return ONE_BYTE.test(text);
}

/** The same text in memory of its own. */
export function copyOf(text: string): string {
  const encoding = isOneByte(text) ? 'latin1' : 'utf16le';
  return Buffer.from(text, encoding).toString(encoding);
}

/** The function, memoized: the results of equal texts are one object. It is passed copies of its texts. */
export function memoized<Result extends object | string>(
  compute: (text: string) => Result,
): (text: string) => Result {
  const results = new LRUCache<string, Result>({ max: MAX_RESULTS });
  return (text) => {
    const known = results.get(text);
    if (known !== undefined) return known;
    const copy = copyOf(text);
    const result = compute(copy);
    if (copy.length <= MAX_LENGTH) results.set(copy, result);
    return result;
  };
}
