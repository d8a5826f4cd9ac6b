import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { JsonValue } from '../../src/core/domain.ts';
import { parseLossless } from '../../src/upstream/json.ts';

/** A document whose integers are written down as text, beside the text of the document. */
interface Written {
  text: string;
  integers: string[];
}

const space = fc.constantFrom('', ' ', '\n  ', '\t', '\r\n');
const integer = fc.tuple(fc.boolean(), fc.stringMatching(/^[1-9]\d{0,24}$/)).map(([isNegative, digits]) => {
  const token = isNegative ? `-${digits}` : digits;
  return { text: token, integers: [token] };
});
const harmless = fc
  .constantFrom('null', 'true', '"a: 12345678901234567890, b"', '"\\"[1"', '1.5')
  .map((text) => ({ text, integers: [] }));

const written = fc.letrec<{ value: Written; array: Written; object: Written }>((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, integer, harmless, tie('array'), tie('object')),
  array: fc.tuple(fc.array(tie('value'), { maxLength: 4 }), space).map(([items, gap]) => ({
    text: `[${gap}${items.map(({ text }) => text + gap).join(`,${gap}`)}]`,
    integers: items.flatMap(({ integers }) => integers),
  })),
  object: fc.tuple(fc.array(tie('value'), { maxLength: 4 }), space).map(([items, gap]) => ({
    text: `{${items.map(({ text }, index) => `"k${index}"${gap}:${gap}${text}`).join(`,${gap}`)}}`,
    integers: items.flatMap(({ integers }) => integers),
  })),
})).value;

/** The integers of a parsed document, in order, each as the text that it would be shown as. */
function integersIn(value: JsonValue): string[] {
  if (typeof value === 'number') return Number.isInteger(value) ? [String(value)] : [];
  if (typeof value === 'string') return /^-?\d+$/.test(value) ? [value] : [];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(integersIn) : [];
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** In bytes, once all that can be collected is. */
function heapInUse(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

describe('parseLossless', () => {
  test('keeps no reference to the text that it parsed', () => {
    const before = heapInUse();
    const ids = Array.from({ length: 30 }, (_, index) => {
      const text = JSON.stringify({ pad: 'x'.repeat(300_000 + index), id: 'ID' });
      return (parseLossless(text.replace('"ID"', '1234567890123456789')) as { id: string }).id;
    });
    expect(heapInUse() - before).toBeLessThan(3_000_000);
    expect(new Set(ids)).toEqual(new Set(['1234567890123456789']));
  });

  test('keeps every digit of every integer at any position', () => {
    fc.assert(
      fc.property(written, space, ({ text, integers }, gap) => {
        expect(integersIn(parseLossless(gap + text + gap))).toEqual(integers);
      }),
      { numRuns: 1000 },
    );
  });

  test('agrees with JSON.parse on every document whose numbers are safe', () => {
    const safe = fc
      .jsonValue({ noUnicodeString: false })
      .filter((value) => !hasUnsafeNumber(value as JsonValue));
    fc.assert(
      fc.property(safe, fc.constantFrom(undefined, 2), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(parseLossless(text)).toEqual(JSON.parse(text));
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    ['9007199254740991', 9007199254740991],
    ['9007199254740993', '9007199254740993'],
    ['-9007199254740993', '-9007199254740993'],
    [' 8604388726201134567 ', '8604388726201134567'],
    ['0.1234567890123456789', '0.1234567890123456789'],
    ['0.1', 0.1],
    ['1.50', 1.5],
    ['1e3', 1000],
    ['1e400', '1e400'],
    ['1e-400', '1e-400'],
    ['[1E400]', ['1E400']],
  ])('reads %s as %j', (text, value) => {
    expect(parseLossless(text)).toEqual(value);
  });

  test.each([
    ['{"a":1,"a":2}', 2],
    ['{"a":1,"a":8604388726201134567}', '8604388726201134567'],
  ])('takes the last of equal keys, as JSON.parse does: %s', (text, a) => {
    expect(parseLossless(text)).toEqual({ a });
  });

  test.each(['{"__proto__":{"polluted":1}}', '{"__proto__":{"polluted":8604388726201134567}}'])(
    'keeps a key named __proto__ as a plain key: %s',
    (text) => {
      const parsed = parseLossless(text) as Record<string, JsonValue>;
      expect(Object.keys(parsed)).toEqual(['__proto__']);
      expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype);
      expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    },
  );

  test.each([
    '',
    '<html>',
    '{"a":',
    '{"a":8604388726201134567',
    '[8604388726201134567,]',
    '\uFEFF{}',
    '{8604388726201134567 : 1}',
    '[08604388726201134567]',
    '{"a":"8604388726201134567',
  ])('throws a SyntaxError on %j', (text) => {
    expect(() => parseLossless(text)).toThrow(SyntaxError);
  });
});

function hasUnsafeNumber(value: JsonValue): boolean {
  if (typeof value === 'number') return Number.isInteger(value) && !Number.isSafeInteger(value);
  return typeof value === 'object' && value !== null && Object.values(value).some(hasUnsafeNumber);
}
