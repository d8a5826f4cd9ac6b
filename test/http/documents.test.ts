import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { readTrustedDocuments } from '../../src/graphql/trustedDocuments.ts';
import { digestOf, type TemporaryFiles, temporaryFiles } from '../support/fixtures.ts';
import { postOperation, startTestGateway, type TestGateway } from '../support/gateway.ts';

const COUNT = 'query Count($p: ID!) { pipelineRuns(projectId: $p) { totalCount } }';
const ID = digestOf(COUNT);

let files: TemporaryFiles;
let gateway: TestGateway;
beforeAll(async () => {
  files = await temporaryFiles();
  gateway = await startTestGateway({
    settings: {
      PERSISTED_OPERATIONS_ONLY: 'on',
      PERSISTED_OPERATIONS_FILE: await files.write('manifest.json', {
        format: 'apollo-persisted-query-manifest',
        version: 1,
        operations: [{ id: ID, name: 'Count', type: 'query', body: COUNT }],
      }),
    },
  });
});
beforeEach(() => void gateway.newCalls());
afterAll(async () => {
  await gateway.close();
  await files[Symbol.asyncDispose]();
});

const variables = { p: '10001' };
const persistedQuery = (sha256Hash: string) => ({ persistedQuery: { version: 1, sha256Hash } });

async function get(parameters: Record<string, string>): Promise<{ status: number; body: unknown }> {
  const search = new URLSearchParams({ variables: JSON.stringify(variables), ...parameters });
  const response = await fetch(`${gateway.url}/graphql?${search.toString()}`, {
    headers: { 'apollo-require-preflight': 'yes' },
  });
  return { status: response.status, body: await response.json() };
}

describe('a gateway with trusted documents only', () => {
  test.each([
    ["by Apollo's hash", { extensions: persistedQuery(ID) }],
    ['by a document id', { documentId: ID }],
    ['by its whole text', { query: COUNT }],
    ['by both', { query: COUNT, extensions: persistedQuery(ID) }],
  ])('executes a document by %s', async (_, body) => {
    const { data, errors } = await postOperation(gateway.url, { ...body, variables });
    expect(errors).toBeUndefined();
    expect(data.pipelineRuns.totalCount).toBeGreaterThan(0);
  });

  test.each([
    ['its hash', { extensions: JSON.stringify(persistedQuery(ID)) }],
    ['its document id', { documentId: ID }],
  ])('executes a document that a GET identifies by %s', async (_, parameters) => {
    expect(await get(parameters as Record<string, string>)).toMatchObject({
      status: 200,
      body: { data: { pipelineRuns: {} } },
    });
  });

  test.each([
    ['another text', { query: `${COUNT} ` }, 403, 'FORBIDDEN'],
    ['introspection', { query: '{ __schema { queryType { name } } }' }, 403, 'FORBIDDEN'],
    ['nothing', { variables }, 403, 'FORBIDDEN'],
    ['an unknown hash', { extensions: persistedQuery('0'.repeat(64)) }, 404, 'PERSISTED_QUERY_NOT_FOUND'],
    ['an unknown id', { documentId: '__proto__' }, 404, 'PERSISTED_QUERY_NOT_FOUND'],
    [
      'an unknown hash with a text to store',
      { query: '{ __typename }', extensions: persistedQuery(digestOf('{ __typename }')) },
      403,
      'FORBIDDEN',
    ],
  ])('rejects %s before parsing it', async (_, body, status, code) => {
    const answer = await postOperation(gateway.url, body);
    expect([answer.status, answer.errors![0]!.extensions['code']]).toEqual([status, code]);
    expect(gateway.newCalls()).toEqual([]);
  });

  test('rejects a GET with another document', async () => {
    expect((await get({ query: '{ __typename }' })).status).toBe(403);
  });
});

describe('a manifest', () => {
  const read = async (content: unknown, only = true) =>
    readTrustedDocuments({ file: await files.write('other.json', content), only });

  test('can be an object of documents by id', async () => {
    const trusted = await read({ count: COUNT });
    expect(trusted({ documentId: 'count' })).toBe(COUNT);
  });

  test('does not affect other documents if they are allowed', async () => {
    const trusted = await read({ count: COUNT }, false);
    expect(trusted({ query: '{ __typename }' })).toBeNull();
    expect(trusted({ documentId: 'count' })).toBe(COUNT);
  });

  test.each([
    ['{'],
    [[]],
    [{ count: 1 }],
    [{ format: 'apollo-persisted-query-manifest', version: 2, operations: [] }],
  ])('with the content %j is rejected at startup', async (content) => {
    await expect(read(content)).rejects.toThrow(/^PERSISTED_OPERATIONS_FILE .* can't be read/);
  });
});

describe('automatic persisted queries', () => {
  test('are registered when they are sent, and a hash of another document is rejected', async () => {
    await using automatic = await startTestGateway({ settings: { AUTOMATIC_PERSISTED_QUERIES: 'on' } });
    const send = async (body: unknown) => {
      const { errors } = await postOperation(automatic.url, body);
      return errors?.[0]?.extensions['code'];
    };
    const extensions = persistedQuery(digestOf('{ __typename }'));
    expect(await send({ extensions })).toBe('PERSISTED_QUERY_NOT_FOUND');
    expect(await send({ query: '{ __typename }', extensions })).toBeUndefined();
    expect(await send({ extensions })).toBeUndefined();
    expect(await send({ query: '{ a: __typename }', extensions })).toBe('BAD_REQUEST');
  });
});
