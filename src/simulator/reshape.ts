import type { WireObject, WireValue } from './wire.ts';
import { isUnquoted, quoted } from './wire.ts';

/** Whole answers, in words or types that a client may not expect. */
export interface ReshapingFault {
  /** Statuses and types that no document lists, or every number as text. */
  kind: 'unknownEnums' | 'numbersAsStrings';
}

const unknownWords: Readonly<Record<string, string>> = { Status: 'Suspended', Type: 'Audit' };

/** Leaves the body as it is for any other kind of fault. */
export function reshape(body: WireObject, kind: string): WireObject {
  switch (kind) {
    case 'unknownEnums':
      return mapLeaves(body, (value, key) => unknownWords[key] ?? value) as WireObject;
    case 'numbersAsStrings':
      return mapLeaves(body, numberAsString) as WireObject;
    default:
      return body;
  }
}

function numberAsString(value: WireValue): WireValue {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && isUnquoted(value) ? quoted(value) : value;
}

function mapLeaves(
  value: WireValue | undefined,
  change: (leaf: WireValue, key: string) => WireValue,
  key = '',
): WireValue | undefined {
  if (value === undefined) return undefined;
  if (Array.isArray(value)) return value.map((entry) => mapLeaves(entry, change, key) ?? null);
  if (value === null || typeof value !== 'object') return change(value, key);
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [name, mapLeaves(entry, change, name)]),
  );
}
