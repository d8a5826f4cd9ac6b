import type { SignedRequest } from './signature.ts';
import {
  canonicalRequest,
  mustBeSigned,
  parseAuthorization,
  sha256,
  sign,
  stringToSign,
} from './signature.ts';
import { ApiError } from './wire.ts';

export interface SignatureVerifierOptions {
  accessKeyId: string;
  accessKeySecret: string;
  /** Where set, requests must carry it as `x-acs-security-token`: the key is then a temporary one. */
  securityToken: string | null;
  /** Epoch milliseconds of the clock that `x-acs-date` is held against. */
  now: () => number;
}

export type IncomingCall = Omit<SignedRequest, 'signedHeaders'>;

export interface SignatureVerifier {
  /** Throws the ApiError with which Alibaba Cloud rejects a request that is not signed correctly. */
  verify(call: IncomingCall): void;
}

/** How far `x-acs-date` may be from the server's clock, in milliseconds. */
const MAX_SKEW_MS = 15 * 60_000;
const MAX_NONCES = 50_000;
const EXPECTED_HEADERS = ['x-acs-action', 'x-acs-version', 'x-acs-date', 'x-acs-signature-nonce'];

/** Checks that precede the choice of an action. */
export function createSignatureVerifier(options: SignatureVerifierOptions): SignatureVerifier {
  const isNewNonce = createNonceMemory(options.now);

  return {
    verify(call) {
      const authorization = parseAuthorization(header(call, 'authorization'));
      if (!authorization) {
        throw incomplete('The Authorization header is missing or malformed.');
      }
      for (const name of EXPECTED_HEADERS) {
        if (header(call, name) === '') throw incomplete(`The header ${name} is missing.`);
      }
      for (const name of Object.keys(call.headers)) {
        if (mustBeSigned(name) && !authorization.signedHeaders.includes(name)) {
          throw incomplete(`The header ${name} is not signed.`);
        }
      }
      checkDate(header(call, 'x-acs-date'), options.now());
      checkKey(authorization.accessKeyId, header(call, 'x-acs-security-token'), options);
      checkSignature(
        { ...call, signedHeaders: authorization.signedHeaders },
        authorization.signature,
        options,
      );
      if (!isNewNonce(header(call, 'x-acs-signature-nonce'))) {
        throw new ApiError(400, 'SignatureNonceUsed', 'Specified signature nonce was used already.');
      }
    },
  };
}

function checkDate(date: string, now: number): void {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(date)) {
    throw new ApiError(
      400,
      'InvalidTimeStamp.Format',
      'Specified time stamp or date value is not well formatted.',
    );
  }
  if (Math.abs(Date.parse(date) - now) > MAX_SKEW_MS) {
    throw new ApiError(400, 'InvalidTimeStamp.Expired', 'Specified time stamp or date value is expired.');
  }
}

function checkKey(accessKeyId: string, token: string, options: SignatureVerifierOptions): void {
  const isTokenLacking = options.securityToken !== null && token === '';
  if (accessKeyId !== options.accessKeyId || isTokenLacking) {
    throw new ApiError(404, 'InvalidAccessKeyId.NotFound', 'Specified access key is not found.');
  }
  if (token !== (options.securityToken ?? '')) {
    throw new ApiError(
      400,
      'InvalidSecurityToken.MismatchWithAccessKey',
      'Specified SecurityToken mismatch with the AccessKey.',
    );
  }
}

function checkSignature(request: SignedRequest, signature: string, options: SignatureVerifierOptions): void {
  const canonical = canonicalRequest(request);
  const isBodyAsDeclared = header(request, 'x-acs-content-sha256') === sha256(request.body);
  if (isBodyAsDeclared && sign(canonical, options.accessKeySecret) === signature) return;
  throw new ApiError(
    403,
    'SignatureDoesNotMatch',
    'Specified signature does not match our calculation. ' +
      `server StringToSign is [${stringToSign(canonical)}], server CanonicalRequest is [${canonical}]`,
  );
}

function incomplete(because: string): ApiError {
  return new ApiError(
    400,
    'IncompleteSignature',
    `The request signature does not conform to Aliyun standards. ${because}`,
  );
}

function header(call: IncomingCall, name: string): string {
  return call.headers[name]?.[0] ?? '';
}

/**
 * Recognizes used nonces in bounded memory: two generations, the older of which is dropped when the newer
 * one is full or as old as the accepted span of dates. Only then could a request be replayed.
 */
function createNonceMemory(now: () => number): (nonce: string) => boolean {
  let current = new Set<string>();
  let previous = new Set<string>();
  let since = now();

  return (nonce) => {
    if (now() - since > 2 * MAX_SKEW_MS || current.size >= MAX_NONCES) {
      previous = current;
      current = new Set();
      since = now();
    }
    if (current.has(nonce) || previous.has(nonce)) return false;
    current.add(nonce);
    return true;
  };
}
