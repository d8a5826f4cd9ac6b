import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { JsonValue } from '../../src/core/domain.ts';
import { documentOf, valueOf } from '../../src/core/jsonDocument.ts';

test('a stored document has the value that it was made of', () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      expect(JSON.stringify(valueOf(documentOf(value as JsonValue)))).toBe(JSON.stringify(value));
    }),
    { numRuns: 1000 },
  );
});

test('documents that differ only in digits have the same text', () => {
  const one = documentOf({ packageId: '8604388726201134567', count: 2 });
  const other = documentOf({ packageId: '1', count: 31 });
  expect(one.text).toBe(other.text);
  expect([valueOf(one), valueOf(other)]).toEqual([
    { packageId: '8604388726201134567', count: 2 },
    { packageId: '1', count: 31 },
  ]);
});
