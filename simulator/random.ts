/**
 * Stateless random values: every draw depends only on a seed and on the name of what is drawn. So any run
 * of any project can be made on its own, in any order, and is always the same.
 */

/** A 32-bit hash of `seed` and `facet`, itself fit to be a seed. */
export function roll(seed: number, facet: string | number): number {
  const value = typeof facet === 'number' ? facet : textHash(facet);
  let hash = (seed + Math.imul(value, 0x9e3779b1)) | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

export function oneIn(seed: number, facet: string, times: number): boolean {
  return roll(seed, facet) % times === 0;
}

/** A whole number from `min` to `max`, both included. */
export function between(seed: number, facet: string, min: number, max: number): number {
  return min + (roll(seed, facet) % (max - min + 1));
}

export function pick<Choice>(seed: number, facet: string, choices: readonly [Choice, ...Choice[]]): Choice {
  return choices[roll(seed, facet) % choices.length] as Choice;
}

export function digits(seed: number, facet: string, count: number): string {
  const first = String(roll(seed, facet)).padStart(10, '7');
  const second = String(roll(seed, `${facet} too`)).padStart(10, '3');
  return (first + second).slice(0, count);
}

/** `count` hexadecimal digits, at most 8. */
export function hexDigits(seed: number, facet: string, count: number): string {
  return roll(seed, facet).toString(16).padStart(8, '0').slice(0, count);
}

/** A stream of numbers in [0, 1), for draws that have an order and no name. */
export function createStream(seed: number): () => number {
  let drawn = 0;
  return () => roll(seed, drawn++) / 2 ** 32;
}

/** Of the names of facets, which are few and drawn for every run again. */
const textHashes = new Map<string, number>();

function textHash(text: string): number {
  let hash = textHashes.get(text);
  if (hash === undefined) {
    hash = fnv1a(text);
    textHashes.set(text, hash);
  }
  return hash;
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash;
}
