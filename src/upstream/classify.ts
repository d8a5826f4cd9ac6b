import { UpstreamError } from '../core/upstreamError.ts';
import type { Action } from '../core/upstream.ts';
import type { UpstreamErrorDetails, UpstreamErrorKind } from '../core/upstreamError.ts';
import { tokenOf } from './json.ts';

/** A failure as it arrived, whichever way it came. For classification only: `text` is the upstream's and never leaves this folder. */
export interface Failure {
  /** The upstream's error code; null where it sent none, as when the network failed. */
  code: string | null;
  /** The upstream's message. */
  text: string;
  /** The HTTP status of the error answer, if the SDK reports it. */
  httpStatus: number | null;
  requestId: string | null;
  /** The SDK gave up waiting. */
  timedOut: boolean;
}

/** The error for a failure. It keeps only the code and request id of what the upstream sent. */
export function classify(failure: Failure, action: Action): UpstreamError {
  const { code, requestId } = failure;
  return upstreamError({ kind: kindOf(failure), action, code, requestId });
}

/**
 * An error with a message of ours. A code or request id that is not a plain token is omitted, because a proxy can put any text
 * there. `detail` says what was wrong in particular.
 */
export function upstreamError(details: UpstreamErrorDetails & { detail?: string }): UpstreamError {
  const code = tokenOf(details.code);
  const requestId = tokenOf(details.requestId);
  const { what, advice } = messages[details.kind];
  const detail = details.detail === undefined ? '' : `: ${details.detail}`;
  const marks = [details.action, code && `code ${code}`, requestId && `request ${requestId}`].filter(Boolean);
  return new UpstreamError(`${what}${detail}. ${advice} (${marks.join(', ')})`, {
    ...details,
    code,
    requestId,
  });
}

/** Whether the upstream says that it has no such action, as it does of names that a region does not serve (yet). */
export function isUnknownAction(error: unknown): boolean {
  return error instanceof UpstreamError && error.code === 'InvalidAction.NotFound';
}

/** Whether the upstream says that the object asked for does not exist, as opposed to its project, action or version. */
export function isNotFound(error: UpstreamError): boolean {
  const code = error.code ?? '';
  return (
    error.kind === 'rejected' && NOT_FOUND.test(code) && !/^Invalid(?:Action|Version|Endpoint)/i.test(code)
  );
}

function kindOf(failure: Failure): UpstreamErrorKind {
  if (failure.timedOut) return 'timeout';
  const code = failure.code ?? '';
  const rule = rules.find(({ codes, texts }) => codes.test(code) || (texts?.test(failure.text) ?? false));
  return rule?.kind ?? kindOfStatus(failure.httpStatus);
}

/** Only where no code decides: DataWorks answers bad parameters with 500 and throttling with 400 as well as 429. */
function kindOfStatus(status: number | null): UpstreamErrorKind {
  if (status === 401) return 'credentials';
  if (status === 403) return 'forbidden';
  if (status === 408) return 'timeout';
  if (status === 429) return 'throttled';
  return status !== null && status >= 400 && status < 500 ? 'rejected' : 'unavailable';
}

interface Rule {
  kind: UpstreamErrorKind;
  codes: RegExp;
  /** Also when the upstream's message says so: throttling arrives with numeric codes and a telling text. */
  texts?: RegExp;
}

const NOT_FOUND = /Not\.?(?:Exist|Found)/i;

/**
 * The first that fits decides. Sources: DataWorks' common error codes of 2020-05-18, Alibaba Cloud's gateway codes, the
 * numeric codes that 2024-05-18 was seen to answer with, and what Alibaba's Terraform provider retries.
 */
const rules: readonly Rule[] = [
  {
    kind: 'quotaExhausted',
    codes: /^Throttling\.(?:Api\.Risk|Resource)$/i,
    texts: /daily available limit|Throttling\.Api\.Risk|Throttling\.Resource/i,
  },
  {
    kind: 'throttled',
    codes: /Throttling|^99900(?:20002|40001|40003)$/i,
    texts: /Throttling|request is too frequent/i,
  },
  {
    kind: 'credentials',
    codes:
      /AccessKey|^(?:SignatureDoesNotMatch|IncompleteSignature|IllegalTimestamp|InvalidTimeStamp|InvalidCredentials)|SecurityToken/i,
  },
  // A retry makes a new nonce.
  { kind: 'unavailable', codes: /^SignatureNonceUsed$/i },
  // The service is not offered in this region: a 500 that no retry mends.
  { kind: 'rejected', codes: /^Forbidden\.Not\.Server$/i },
  {
    kind: 'forbidden',
    codes:
      /^(?:Forbidden|NoPermission|ResourceNotAuthorized|403030$|1101080008$|Invalid\.Tenant\.User)|Project\w*\.?Not\.?(?:Exist|Found)/i,
  },
  { kind: 'unavailable', codes: /^(?:ServiceUnavailable|InternalError|InternalFailure)/i },
  // Invalid.Wkbench.Parameter and its like come as 500.
  {
    kind: 'rejected',
    codes: /^(?:Invalid|Missing|NoSuchVersion|UnsupportedOperation|9990030003$)|Not\.?(?:Exist|Found)/i,
  },
];

const messages: Record<UpstreamErrorKind, { what: string; advice: string }> = {
  credentials: {
    what: 'The gateway has no credentials that DataWorks accepts',
    advice: "The gateway's operator must check the access key, its expiry and the gateway's clock.",
  },
  forbidden: {
    what: "DataWorks does not permit this for the gateway's account",
    advice: 'Check that the project exists and that the account is a member with a role that may read it.',
  },
  rejected: {
    what: 'DataWorks rejected the request',
    advice: 'Change the request: a retry fails again.',
  },
  throttled: {
    what: 'DataWorks limits the calls of this account',
    advice: 'Try again later and less often.',
  },
  quotaExhausted: {
    what: "The account's quota of DataWorks calls is used up",
    advice: 'Wait until it is renewed, or raise the DataWorks edition.',
  },
  timeout: {
    what: 'DataWorks did not answer in time',
    advice: 'Try again in a moment.',
  },
  unavailable: {
    what: 'DataWorks could not be reached or failed to answer',
    advice: 'Try again in a moment.',
  },
  invalidResponse: {
    what: 'DataWorks sent an invalid response',
    advice: 'Retry once, then report the request id to Alibaba Cloud.',
  },
};
