import { describe, expect, test } from '@jest/globals';
import { type Cached, decide, type Failure, type Known } from '../../src/cache/freshness.ts';
import type { StaleReason } from '../../src/core/upstream.ts';

const rules = { usualFreshMs: 5_000, freshMs: 20_000, staleMs: 60_000 };
const readAt = 1_000_000;
const current: Cached<string> = {
  value: 'current',
  asOf: readAt,
  isShortLived: true,
  trustedUntil: Infinity,
  version: 1,
};
const snapshot = { value: 'snapshot', asOf: readAt + 1 };
const onHold: Failure = { because: 'UPSTREAM_ERROR', until: Infinity };
const nothing: Known<string> = {
  current: null,
  snapshot: null,
  failure: null,
  confirmation: 'impossible',
};
const serve = (staleBecause: StaleReason | null) => ({
  do: 'serve',
  answer: { value: 'current', asOf: readAt, staleBecause },
});
const fetch = { do: 'fetch' };

describe('the decision about a request', () => {
  test.each<[string, Partial<Known<string>>, object, number, object]>([
    ['nothing is cached', {}, {}, 0, fetch],
    ['a fresh answer', { current }, {}, 4_999, { ...serve(null), refresh: false }],
    ['freshness stretched by the quota', { current }, {}, 5_000, serve('BUDGET')],
    ['a stale answer', { current }, {}, 20_000, { ...serve('REFRESHING'), refresh: true }],
    [
      'a stale answer on hold',
      { current, failure: onHold },
      {},
      20_000,
      { ...serve('UPSTREAM_ERROR'), refresh: false },
    ],
    ['an answer beyond its bound', { current }, {}, 80_000, fetch],
    ['a stale answer where only a fresh one will do', { current }, { freshOnly: true }, 20_000, fetch],
    ['an answer older than demanded', { current }, { notBefore: readAt + 1 }, 0, fetch],
    ['an answer older than the last page', { current, snapshot }, {}, 2, fetch],
    [
      'a page that the head can confirm',
      { current, snapshot, confirmation: 'possible' },
      {},
      2,
      { do: 'confirmByHead' },
    ],
    ['a stale page that the head has just confirmed', { current, confirmation: 'done' }, {}, 20_000, fetch],
    [
      'a last page while nothing newer is available',
      { current, snapshot, failure: onHold },
      {},
      2,
      { do: 'serve', answer: { ...snapshot, staleBecause: 'UPSTREAM_ERROR' }, refresh: false },
    ],
    [
      'a last page that is older than demanded',
      { snapshot, failure: onHold },
      { notBefore: readAt + 2 },
      2,
      fetch,
    ],
    ['a last page beyond its bound', { snapshot, failure: onHold }, {}, 60_001, fetch],
  ])('%s', (_, known, request, laterMs, expected) => {
    expect(decide({ ...nothing, ...known }, request, rules, readAt + laterMs)).toMatchObject(expected);
  });
});
