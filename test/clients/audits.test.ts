import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { auditServer } from 'graphql-http';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

/** A 400 where the draft says SHOULD 200 for clients that accept only application/json. */
const TELLS_BY_STATUS =
  'Caches, proxies and clients that check only the status must not treat an error as a success; the newer media type agrees.';

/** Deviations from SHOULD or MAY rules of the draft, by audit id, with the reason. A new one fails the test. */
const accepted: Readonly<Record<string, string>> = {
  '572B': `A document that can't be parsed: ${TELLS_BY_STATUS}`,
  FDE2: `A document that is not valid: ${TELLS_BY_STATUS}`,
  '7B9B': `Variables that can't be coerced: ${TELLS_BY_STATUS}`,
};

test('the GraphQL-over-HTTP audit reports no errors and only the known warnings', async () => {
  const results = await auditServer({
    url: `${gateway.url}/graphql`,
    fetchFn(url: string, init: RequestInit = {}) {
      const headers = new Headers(init.headers);
      headers.set('apollo-require-preflight', 'audit');
      return fetch(url, { ...init, headers });
    },
  });
  expect(results.length).toBeGreaterThan(50);
  expect(results.filter(({ status }) => status === 'error')).toEqual([]);
  const warnings = results.filter(({ status }) => status !== 'ok').map(({ id }) => id);
  expect(warnings.sort()).toEqual(Object.keys(accepted).sort());
});
