import { expect, test } from '@jest/globals';
import { encodingFor } from '../../src/responses/contentEncoding.ts';

test.each([
  [undefined, null],
  ['', null],
  ['identity', null],
  ['deflate, zstd', null],
  ['gzip', 'gzip'],
  ['br', 'br'],
  ['gzip, deflate', 'gzip'],
  ['gzip, deflate, br, zstd', 'br'],
  ['GZIP;Q=1', 'gzip'],
  ['gzip ; q=0.5 , br ; q=0.4', 'gzip'],
  ['br;q=0.5, gzip;q=0.500', 'br'],
  ['gzip;q=0', null],
  ['br;q=0, gzip;q=0.001', 'gzip'],
  ['gzip;q=0.5, identity', null],
  ['gzip;q=0.5, identity;q=0.5', 'gzip'],
  ['gzip;q=0.5, identity;q=0.2', 'gzip'],
  ['*', 'br'],
  ['*;q=0.1, gzip;q=0.05', 'br'],
  ['br;q=0, *', 'gzip'],
  ['*;q=0', null],
  ['gzip, *;q=0', 'gzip'],
  ['identity;q=0', null],
  ['identity;q=0, gzip;q=0.5', 'gzip'],
  ['identity;q=0, *;q=0.5', 'br'],
  ['gzip;q=high', null],
  ['gzip;q=', null],
  ['gzip;q=-1', null],
  ['gzipped, xbr', null],
  [`gzip, ${'a,'.repeat(200)}`, null],
])('of accept-encoding %j is %j', (header, encoding) => {
  expect(encodingFor(header)).toBe(encoding);
});
