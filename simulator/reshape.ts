import type { FaultEffect } from './faults.ts';
import type { WireObject, WireValue } from './wire.ts';
import { isUnquoted, quoted } from './wire.ts';

/** Valid responses with values or types that a client may not expect. */
export type ReshapingFault =
  /** Undocumented statuses and types, or every number as a string. */
  | { kind: 'unknownEnums' | 'numbersAsStrings' }
  /** Replaces the value at a path in the body: keys and indexes from the root. An unknown path changes nothing. */
  | { kind: 'replace'; at: readonly (string | number)[]; value: WireValue }
  /** Every run has so many stages, which are copies of its first. */
  | { kind: 'manyStages'; stages: number }
  /** The detail of every stage is a text of this length. */
  | { kind: 'largeDetail'; detailBytes: number };

const unknownWords: Readonly<Record<string, string>> = { Status: 'Suspended', Type: 'Audit' };

/** Does not change the body for any other kind of fault. */
export function reshape(body: WireObject, fault: FaultEffect): WireObject {
  if (fault.kind === 'manyStages') {
    return mapFields(body, 'Stages', (stages) => copies(stages, fault.stages)) as WireObject;
  }
  if (fault.kind === 'largeDetail') {
    return mapFields(body, 'Detail', () => 'x'.repeat(fault.detailBytes)) as WireObject;
  }
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

/** Copies of the first, each in a step of its own. */
function copies(stages: WireValue, count: number): WireValue {
  const [first] = Array.isArray(stages) ? stages : [];
  if (typeof first !== 'object' || first === null || Array.isArray(first)) return stages;
  return Array.from({ length: count }, (_, index) => ({ ...first, Step: index + 1 }));
}

/** Changes the value of every field of a name, at any depth. */
function mapFields(value: WireValue, name: string, change: (value: WireValue) => WireValue): WireValue {
  if (Array.isArray(value)) return value.map((entry) => mapFields(entry, name, change));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry = null]) => [
      key,
      key === name ? change(entry) : mapFields(entry, name, change),
    ]),
  );
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
