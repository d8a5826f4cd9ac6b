import { isOneByte } from '../core/texts.ts';

/*
 * What values take on the heap of V8, where a pointer, a number and the header of an object have multiples of 8 bytes
 * (`bench/hot/memory.ts` compares this with the heap).
 */

const WORD = 8;
const OBJECT_HEADER = 3 * WORD;
const ARRAY_HEADER = 6 * WORD;
const STRING_HEADER = 2 * WORD;
const NUMBER = 2 * WORD;

/** A slot of a `Map`, which has up to twice as many as entries. */
export const MAP_SLOT = 5 * WORD;

/** The longest integer that has no memory of its own. */
const MAX_SMALL = 2 ** 31;

/**
 * The size of a value like JSON.
 *
 * @param counted what is counted already, equal texts included: it counts once
 */
export function bytesOf(value: unknown, counted = new Set<unknown>()): number {
  if (typeof value === 'number') {
    return Number.isInteger(value) && Math.abs(value) < MAX_SMALL ? 0 : NUMBER;
  }
  if (typeof value === 'string') return isNew(value, counted) ? bytesOfText(value) : 0;
  if (typeof value !== 'object' || value === null || !isNew(value, counted)) return 0;
  let bytes = Array.isArray(value) ? ARRAY_HEADER : OBJECT_HEADER;
  for (const key in value) bytes += WORD + bytesOf(value[key as keyof typeof value], counted);
  return bytes;
}

function isNew(value: unknown, counted: Set<unknown>): boolean {
  const before = counted.size;
  return counted.add(value).size > before;
}

export function bytesOfText(text: string): number {
  const characters = isOneByte(text) ? text.length : 2 * text.length;
  return STRING_HEADER + WORD * Math.ceil(characters / WORD);
}
