import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Simulator } from '../../simulator/server.ts';
import { startSimulator } from '../../simulator/server.ts';
import { canonicalRequest, sha256, sign } from '../../simulator/signature.ts';

const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

describe('the signature function', () => {
  // Both vectors are in Alibaba Cloud's "V3 request structure and signature".
  const vector = (date: string, nonce: string) => {
    const headers = {
      host: ['ecs.cn-shanghai.aliyuncs.com'],
      'x-acs-action': ['RunInstances'],
      'x-acs-content-sha256': [EMPTY_SHA256],
      'x-acs-date': [date],
      'x-acs-signature-nonce': [nonce],
      'x-acs-version': ['2014-05-26'],
    };
    return canonicalRequest({
      method: 'POST',
      path: '/',
      query: 'RegionId=cn-shanghai&ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd',
      headers,
      signedHeaders: Object.keys(headers),
      body: Buffer.alloc(0),
    });
  };

  test('matches the first official vector, including the canonical request', () => {
    const canonical = vector('2023-10-26T10:22:32Z', '3156853299f313e23d1673dc12e1703d');
    expect(sha256(canonical)).toBe('7ea06492da5221eba5297e897ce16e55f964061054b7695beedaac1145b1e259');
    expect(sign(canonical, 'YourAccessKeySecret')).toBe(
      '06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0',
    );
  });

  test('matches the second official vector', () => {
    const canonical = vector('2023-10-26T09:01:01Z', 'd410180a5abf7fe235dd9b74aca91fc0');
    expect(sign(canonical, 'YourAccessKeySecret')).toBe(
      'e521358f7776c97df52e6b2891a8bc73026794a071b50c3323388c4e0df64804',
    );
  });

  test('is independent of the encoding of the query on the wire', () => {
    const queryOf = (query: string) =>
      canonicalRequest({
        method: 'GET',
        path: '/',
        query,
        headers: {},
        signedHeaders: [],
        body: Buffer.alloc(0),
      }).split('\n')[2];
    expect(queryOf("b=~!*()'&a=&c=x%20y")).toBe('a=&b=~%21%2A%28%29%27&c=x%20y');
    expect(queryOf('c=x+y&b=%7E%21%2a%28%29%27&a')).toBe('a=&b=~%21%2A%28%29%27&c=x%20y');
  });
});

describe('a signed request', () => {
  const wallTime = Date.parse('2026-03-30T08:00:00Z');
  let simulator: Simulator;
  let nonces = 0;

  beforeEach(async () => {
    simulator = await startSimulator({ signatureNow: () => wallTime, qps: null });
  });

  afterEach(() => simulator.close());

  const outcomes = () => simulator.calls.map((call) => call.outcome);

  test('is accepted', async () => {
    const { status, body } = await send({});
    expect(status).toBe(200);
    expect(body.Project.Id).toBe(10_000);
    expect(outcomes()).toEqual(['OK']);
  });

  test('with a body of several chunks is accepted', async () => {
    const { status, body } = await send({ action: 'ListProjects', chunks: ['Ids=%5B100', '01%5D'] });
    expect(status).toBe(200);
    expect(body.PagingInfo.TotalCount).toBe(1);
  });

  test.each([
    ['a wrong secret', { secret: 'wrong' }, 403, 'SignatureDoesNotMatch'],
    ['a query other than the signed one', { sentQuery: 'Id=10001' }, 403, 'SignatureDoesNotMatch'],
    [
      'a body other than the declared one',
      { chunks: ['a=b'], declared: 'a=c' },
      403,
      'SignatureDoesNotMatch',
    ],
    ['an unknown key', { accessKeyId: 'Somebody' }, 404, 'InvalidAccessKeyId.NotFound'],
    ['a date 16 minutes old', { date: '2026-03-30T07:44:00Z' }, 400, 'InvalidTimeStamp.Expired'],
    ['a date 16 minutes ahead', { date: '2026-03-30T08:16:00Z' }, 400, 'InvalidTimeStamp.Expired'],
    ['a date of another form', { date: '2026-03-30 08:00:00' }, 400, 'InvalidTimeStamp.Format'],
    ['an Authorization of another scheme', { authorization: 'Bearer abc' }, 400, 'IncompleteSignature'],
    ['no Authorization', { authorization: '' }, 400, 'IncompleteSignature'],
    ['an x-acs-* header left unsigned', { unsigned: 'x-acs-version' }, 400, 'IncompleteSignature'],
    ['another version', { version: '2020-05-18' }, 400, 'NoSuchVersion'],
  ])('with %s is refused', async (_, request, status, code) => {
    const answer = await send(request);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ Code: code, HostId: simulator.host, RequestId: expect.any(String) });
    expect(outcomes()).toEqual([code]);
  });

  test('is rejected if its nonce is repeated', async () => {
    expect((await send({ nonce: 'once' })).status).toBe(200);
    expect((await send({ nonce: 'once' })).body.Code).toBe('SignatureNonceUsed');
  });

  test('does not consume its nonce if it is rejected', async () => {
    await send({ nonce: 'again', secret: 'wrong' });
    expect((await send({ nonce: 'again' })).status).toBe(200);
  });

  test('needs the security token of a temporary key, and no other', async () => {
    await using withToken = await startSimulator({ signatureNow: () => wallTime, securityToken: 'token' });
    const { url } = withToken;
    expect((await send({ url })).body.Code).toBe('InvalidAccessKeyId.NotFound');
    expect((await send({ url, token: 'other' })).body.Code).toBe(
      'InvalidSecurityToken.MismatchWithAccessKey',
    );
    expect((await send({ url, token: 'token' })).status).toBe(200);
  });

  interface Sending {
    url?: string;
    action?: string;
    version?: string;
    secret?: string;
    accessKeyId?: string;
    date?: string;
    nonce?: string;
    token?: string;
    sentQuery?: string;
    chunks?: string[];
    declared?: string;
    authorization?: string;
    unsigned?: string;
  }

  /** A correctly signed GetProject of 10000, except for the given overrides. */
  async function send(request: Sending) {
    const url = request.url ?? simulator.url;
    const body = Buffer.from(request.chunks?.join('') ?? '');
    const method = request.chunks ? 'POST' : 'GET';
    const query = request.chunks ? '' : 'Id=10000';
    const headers: Record<string, string> = {
      host: new URL(url).host,
      'x-acs-action': request.action ?? 'GetProject',
      'x-acs-version': request.version ?? '2024-05-18',
      'x-acs-date': request.date ?? '2026-03-30T08:00:00Z',
      'x-acs-signature-nonce': request.nonce ?? `nonce ${nonces++}`,
      'x-acs-content-sha256': sha256(request.declared ?? body),
      ...(request.token && { 'x-acs-security-token': request.token }),
      ...(request.chunks && { 'content-type': 'application/x-www-form-urlencoded' }),
    };
    const signedHeaders = Object.keys(headers)
      .filter((name) => name !== request.unsigned)
      .sort();
    const canonical = canonicalRequest({
      method,
      path: '/',
      query,
      headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
      signedHeaders,
      body,
    });
    const { accessKeyId = simulator.accessKeyId, secret = simulator.accessKeySecret } = request;
    const authorization =
      request.authorization ??
      `ACS3-HMAC-SHA256 Credential=${accessKeyId},SignedHeaders=${signedHeaders.join(';')},Signature=${sign(canonical, secret)}`;
    const answer = await fetch(`${url}/?${request.sentQuery ?? query}`, {
      method,
      headers: { ...headers, authorization },
      ...(request.chunks && { body: streamOf(request.chunks), duplex: 'half' }),
    });
    return { status: answer.status, body: (await answer.json()) as Body };
  }
});

interface Body {
  Code: string;
  PagingInfo: { TotalCount: number };
  Project: { Id: number };
}

function streamOf(chunks: string[]): ReadableStream {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(Buffer.from(chunk));
      controller.close();
    },
  });
}
