import type { JsonValue } from './domain.ts';

/**
 * A JSON document as it is stored: its text, without its digits. Documents that differ only in ids, times and counts share their text.
 * A parsed document takes several times as much memory, and few queries ask for it.
 */
export interface JsonDocument {
  /** The text with a U+0000, which no JSON text contains, in place of each run of digits. */
  readonly text: string;
  /** The runs of digits, joined by U+0000. */
  readonly digits: string;
}

const PLACE = '\0';
const PLACES = /\0/g;
const DIGITS = /\d+/g;

/** @throws RangeError for a value that is nested too deeply for `JSON.stringify` */
export function documentOf(value: JsonValue): JsonDocument {
  const json = JSON.stringify(value);
  const text = json.replace(DIGITS, PLACE);
  return { text, digits: text === json ? '' : (json.match(DIGITS) ?? []).join(PLACE) };
}

export function valueOf({ text, digits }: JsonDocument): JsonValue {
  if (digits === '') return JSON.parse(text) as JsonValue;
  const runs = digits.split(PLACE);
  let at = 0;
  return JSON.parse(text.replace(PLACES, () => runs[at++] ?? '')) as JsonValue;
}

export function isDocument(value: unknown): value is JsonDocument {
  return typeof value === 'object' && value !== null && 'text' in value && 'digits' in value;
}
