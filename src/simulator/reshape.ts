import type { FaultEffect } from './faults.ts';
import type { WireObject, WireValue } from './wire.ts';
import { isUnquoted, quoted } from './wire.ts';

/** Whole answers, in words or types that a client may not expect. */
export type ReshapingFault =
  /** Statuses and types that no document lists, or every number as text. */
  | { kind: 'unknownEnums' | 'numbersAsStrings' }
  /** Another value at a place in the body: keys and indexes from the top. Where the place does not exist, nothing changes. */
  | { kind: 'replace'; at: readonly (string | number)[]; value: WireValue };

const unknownWords: Readonly<Record<string, string>> = { Status: 'Suspended', Type: 'Audit' };

/** Leaves the body as it is for any other kind of fault. */
export function reshape(body: WireObject, fault: FaultEffect): WireObject {
  if (fault.kind === 'unknownEnums') {
    return mapLeaves(body, (value, key) => unknownWords[key] ?? value) as WireObject;
  }
  if (fault.kind === 'numbersAsStrings') return mapLeaves(body, numberAsString) as WireObject;
  if (fault.kind === 'replace') return replaceAt(body, fault.at, fault.value) as WireObject;
  return body;
}

function replaceAt(
  body: WireValue | undefined,
  [key, ...rest]: readonly (string | number)[],
  value: WireValue,
): WireValue | undefined {
  if (key === undefined) return value;
  if (Array.isArray(body)) {
    return body.map((entry, index) => (index === key ? (replaceAt(entry, rest, value) ?? null) : entry));
  }
  if (body === null || typeof body !== 'object') return body;
  return { ...body, [key]: replaceAt(body[key], rest, value) };
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
