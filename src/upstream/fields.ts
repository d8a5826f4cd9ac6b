/** The fields of an object that DataWorks sent. A field that is present and cannot be decoded counts, and is as if it were missing. */

import { isIdText, type JsonValue } from '../core/domain.ts';
import { documentOf, type JsonDocument } from '../core/jsonDocument.ts';
import type { Undecodable } from '../core/upstream.ts';
import { decodeEmbedded, numberOf, textOf } from './json.ts';
import { copyOf, memoized } from '../core/texts.ts';

/** How many parts of a response could not be decoded. */
export type UndecodableCounts = Record<Undecodable, number>;

type Sent = JsonValue | undefined;

export type FieldReader = ReturnType<typeof createFieldReader>;

/** Functions that decode fields, by what they hold. */
export function createFieldReader(counts: UndecodableCounts) {
  return {
    /** A text that is the same in many rows. */
    text: (sent: Sent): string | null => counted(sent, sharedTextOf(sent)),
    /** A text of one row. */
    ownText: (sent: Sent): string | null => counted(sent, ownTextOf(sent)),
    /** A text that is empty where none was sent. */
    raw: (sent: Sent): string => counted(sent, sharedTextOf(sent)) ?? '',
    id(sent: Sent): string | null {
      const text = sharedTextOf(sent);
      return counted(sent, text !== null && isIdText(text) ? text : null);
    },
    number: (sent: Sent): number | null => counted(sent, numberOf(sent)),
    /** Epoch milliseconds. */
    time(sent: Sent): number | null {
      const time = numberOf(sent);
      return counted(sent, time === null || Math.abs(time) > MAX_TIME ? null : Math.trunc(time));
    },
    /** A document. One that is nested too deeply becomes its JSON text, or null if it has none. */
    document(sent: Sent): JsonDocument | null {
      if (isMissing(sent)) return null;
      let value: JsonValue;
      try {
        value = decodeEmbedded(sent);
      } catch {
        counts.field += 1;
        value = jsonTextOf(sent);
      }
      return value === null ? null : sharedDocumentOf(value);
    },
  };

  function counted<Value>(sent: Sent, decoded: Value | null): Value | null {
    if (decoded === null && !isMissing(sent)) counts.field += 1;
    return decoded;
  }
}

/** The furthest time from the epoch that a `Date` can hold (ECMA-262, "Time Values and Time Range"). */
const MAX_TIME = 8.64e15;

function isMissing(sent: Sent): sent is null | undefined {
  return sent === undefined || sent === null || (typeof sent === 'string' && sent.trim() === '');
}

/** Empty for a text that has nothing but white space. */
const trimmed = memoized((text) => {
  const result = text.trim();
  return result.length === text.length ? text : copyOf(result);
});

function sharedTextOf(sent: Sent): string | null {
  return typeof sent === 'string' ? trimmed(sent) || null : textOf(sent);
}

export function ownTextOf(sent: Sent): string | null {
  const text = textOf(sent);
  return text === null ? null : copyOf(text);
}

const documentOfText = memoized((text): JsonDocument => ({ text, digits: '' }));

function sharedDocumentOf(value: JsonValue): JsonDocument {
  const { text, digits } = documentOf(value);
  const shared = documentOfText(text);
  return digits === '' ? shared : { text: shared.text, digits: copyOf(digits) };
}

/** Null for a value that is nested too deeply even for `JSON.stringify`. */
function jsonTextOf(value: JsonValue): string | null {
  try {
    return JSON.stringify(value);
  } catch {
    return null;
  }
}
