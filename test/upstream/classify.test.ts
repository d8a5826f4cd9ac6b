import { describe, expect, test } from '@jest/globals';
import type { UpstreamErrorKind } from '../../src/core/upstreamError.ts';
import { classify, isNotFound, isUnknownAction, upstreamError } from '../../src/upstream/classify.ts';
import { failureIn, failureThrown, readResponse } from '../../src/upstream/response.ts';

const action = 'ListPipelineRuns';

/** An error as the SDK builds it from an error answer. */
function answered(code: string | undefined, statusCode: number, text = 'words of the upstream') {
  const message = `${String(code)}: code: ${statusCode}, ${text} request id: R-1`;
  const data = { Code: code, Message: text, RequestId: 'R-1', HostId: 'dataworks.example', statusCode };
  return Object.assign(new Error(message), {
    code: String(code),
    statusCode,
    data,
    description: 'undefined',
  });
}

const classified = (thrown: unknown) => classify(failureThrown(thrown), action);

describe('an error response', () => {
  test.each<[UpstreamErrorKind, number, string, string]>([
    ['throttled', 429, 'Throttling.Api', ''],
    ['throttled', 429, 'Throttling.User', ''],
    ['throttled', 429, 'Throttling.System', ''],
    ['throttled', 400, 'Throttling', ''],
    ['throttled', 503, 'Rejected.Throttling', ''],
    ['throttled', 400, '9990020002', 'Throttling.User'],
    ['throttled', 400, '9990040003', ''],
    ['throttled', 400, '9990040001', ''],
    ['throttled', 500, '1', 'Your request is too frequent. Try again later'],
    ['quotaExhausted', 429, 'Throttling.Api.Risk', ''],
    ['quotaExhausted', 429, 'Throttling.Resource', ''],
    ['quotaExhausted', 400, '9990020002', 'Throttling.Api.Risk'],
    [
      'quotaExhausted',
      429,
      'Throttling.Api',
      'The request for this resource has exceeded your daily available limit',
    ],
    ['credentials', 404, 'InvalidAccessKeyId.NotFound', ''],
    ['credentials', 403, 'InvalidAccessKeyId.Inactive', ''],
    ['credentials', 403, 'SignatureDoesNotMatch', ''],
    ['credentials', 400, 'IncompleteSignature', ''],
    ['credentials', 400, 'IllegalTimestamp', ''],
    ['credentials', 400, 'InvalidTimeStamp.Expired', ''],
    ['credentials', 403, 'InvalidSecurityToken.Expired', ''],
    ['credentials', 401, 'Anything', ''],
    ['forbidden', 403, 'Forbidden.Access', ''],
    ['forbidden', 403, 'Forbidden.RAM', ''],
    ['forbidden', 403, 'Forbidden.NoTenant', ''],
    ['forbidden', 403, 'NoPermission', ''],
    ['forbidden', 403, 'ResourceNotAuthorized.Api', ''],
    ['forbidden', 403, '403030', ''],
    ['forbidden', 403, 'Anything', ''],
    ['forbidden', 400, 'Invalid.Tenant.ProjectNotExists', ''],
    ['forbidden', 400, 'Invalid.Tenant.UserNotInProject', ''],
    ['forbidden', 400, '1101080008', ''],
    ['rejected', 500, 'Forbidden.Not.Server', ''],
    ['rejected', 500, 'Invalid.Wkbench.Parameter', ''],
    ['rejected', 400, 'InvalidParameter', ''],
    ['rejected', 400, 'MissingParameter', ''],
    ['rejected', 400, 'MissingProjectId', ''],
    ['rejected', 400, 'NoSuchVersion', ''],
    ['rejected', 400, '9990030003', ''],
    ['rejected', 404, 'InvalidAction.NotFound', ''],
    ['rejected', 404, 'PipelineRun.NotFound', ''],
    ['rejected', 400, 'Anything', ''],
    ['unavailable', 400, 'SignatureNonceUsed', ''],
    ['unavailable', 503, 'ServiceUnavailable', ''],
    ['unavailable', 500, 'InternalError.System', ''],
    ['unavailable', 500, 'InternalFailure', ''],
    ['unavailable', 500, 'Anything', ''],
    ['throttled', 429, 'Anything', ''],
    ['timeout', 408, 'Anything', ''],
  ])('is %s: HTTP %i with %s %s', (kind, status, code, text) => {
    expect(classified(answered(code, status, text))).toMatchObject({ kind, action, code, requestId: 'R-1' });
  });

  test('has the status of the response, whatever status its body names', () => {
    const error = answered(undefined, 429);
    Object.assign(error.data, { HttpStatusCode: 200 });
    expect(classified(error).kind).toBe('throttled');
  });

  test('without a code is classified by its status', () => {
    expect(classified(answered(undefined, 429))).toMatchObject({ kind: 'throttled', code: null });
  });
});

describe('a network error', () => {
  const refused = 'connect ECONNREFUSED 10.1.2.3:443GET https://10.1.2.3/?ProjectId=10000 failed.';

  test.each<[string, UpstreamErrorKind, Error]>([
    ['refused', 'unavailable', Object.assign(new Error(refused), { code: 'ECONNREFUSED' })],
    ['reset', 'unavailable', Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })],
    ['unknown host', 'unavailable', Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' })],
    [
      'bad certificate',
      'unavailable',
      Object.assign(new Error('x'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }),
    ],
    ['no whole body', 'unavailable', new Error('aborted')],
    ['an error body that is not JSON', 'unavailable', new SyntaxError('Unexpected token <')],
    ['an error body that is an array', 'unavailable', new Error('The value is not a object')],
    ['timeout', 'timeout', Object.assign(new Error('ReadTimeout(3000)'), { name: 'RequestTimeoutError' })],
    ['no credential', 'credentials', Object.assign(new Error('x'), { code: 'InvalidCredentials' })],
  ])('%s is %s', (_what, kind, thrown) => {
    expect(classified(thrown)).toMatchObject({ kind, requestId: null });
  });

  test('has no code, because the code is not from the upstream', () => {
    expect(classified(Object.assign(new Error(refused), { code: 'ECONNREFUSED' })).code).toBeNull();
  });

  test.each([null, undefined, 'text', 42])('%j, thrown, is unavailable', (thrown) => {
    expect(classified(thrown).kind).toBe('unavailable');
  });
});

describe('a body of HTTP 200', () => {
  test.each<[string, Parameters<typeof failureIn>[0], UpstreamErrorKind | null]>([
    ['a payload', { RequestId: 'R', PagingInfo: {} }, null],
    ['a payload with a code beside it', { Code: '200', Success: true, Pipeline: {} }, null],
    [
      'Success: false and a code',
      { Success: false, ErrorCode: '9990020002', ErrorMessage: 'x' },
      'throttled',
    ],
    ['Success: "false" and a status', { Success: 'false', HttpStatusCode: '403' }, 'forbidden'],
    ['Success: false alone', { Success: false, PagingInfo: {} }, 'unavailable'],
    ['a code and no payload', { Code: 'InvalidParameter', Message: 'x', RequestId: 'R' }, 'rejected'],
  ])('with %s', (_what, body, kind) => {
    const failure = failureIn(body);
    expect(failure === null ? null : classify(failure, action).kind).toBe(kind);
  });
});

describe('a bug while a body is decoded', () => {
  test.each([new RangeError('a bug'), new SyntaxError('a bug')])(
    'is not reported as its fault: %p',
    (bug) => {
      const params = {
        runId: '1',
        get projectId(): string {
          throw bug;
        },
      };
      const body = JSON.stringify({ Pipeline: { Id: '1', ProjectId: '1', Status: 'Success' } });
      const context = { deadline: 0, priority: 'interactive' as const, report: () => undefined };
      expect(() => readResponse('GetPipelineRun', params, { body }, context)).toThrow(bug);
    },
  );
});

describe('the error', () => {
  test('states what happened, what to do, and the code and request id for support', () => {
    expect(classified(answered('Throttling.User', 429)).message).toBe(
      'DataWorks limits the calls of this account. Try again later and less often. ' +
        '(ListPipelineRuns, code Throttling.User, request R-1)',
    );
  });

  test('contains nothing of the request, the upstream’s text or the original error', () => {
    const url = 'http://10.1.2.3/?ProjectId=10000 failed.';
    const thrown = [
      answered('Forbidden.RAM', 403, `no ${url}`),
      Object.assign(new Error(`ReadTimeout(3000). GET ${url}`), { name: 'RequestTimeoutError' }),
      answered(`<a href="${url}">`, 400),
    ];
    for (const error of thrown.map(classified)) {
      expect(error.cause).toBeUndefined();
      expect(JSON.stringify([error, error.message])).not.toMatch(/10\.1\.2\.3|ProjectId|upstream/);
    }
  });

  test('omits a code or request id that is not a plain token', () => {
    const error = upstreamError({ kind: 'rejected', action, code: 'a b', requestId: '<script>' });
    expect(error).toMatchObject({ code: null, requestId: null });
  });
});

describe('a code', () => {
  test.each<[string, boolean]>([
    ['PipelineRun.NotFound', true],
    ['EntityNotExist', true],
    ['InvalidAction.NotFound', false],
    ['InvalidAccessKeyId.NotFound', false],
    ['Invalid.Tenant.ProjectNotExists', false],
    ['InvalidParameter', false],
  ])('%s means that the object does not exist: %j', (code, is) => {
    expect(isNotFound(classified(answered(code, 404)))).toBe(is);
  });

  test('alone identifies an unknown action', () => {
    expect(isUnknownAction(classified(answered('InvalidAction.NotFound', 404)))).toBe(true);
    expect(isUnknownAction(classified(answered('InvalidParameter', 404)))).toBe(false);
  });
});
