/**
 * ACS3-HMAC-SHA256, the request signature V3 of Alibaba Cloud, seen from the server's side. Pure: strings in, strings
 * out. Source: "V3 request structure and signature" in the product overview of the Alibaba Cloud SDK.
 */
import { createHash, createHmac } from 'node:crypto';

export const ALGORITHM = 'ACS3-HMAC-SHA256';

export interface SignedRequest {
  method: string;
  /** `/` for every RPC-style action. */
  path: string;
  /** The query as it came, with or without the leading `?`. */
  query: string;
  /** By lower-case name; a header sent twice has two values. */
  headers: Readonly<Record<string, readonly string[] | undefined>>;
  signedHeaders: readonly string[];
  body: Uint8Array;
}

export interface Authorization {
  accessKeyId: string;
  signedHeaders: string[];
  signature: string;
}

/** Null where the header is not of the form `ACS3-HMAC-SHA256 Credential=…,SignedHeaders=a;b,Signature=…`. */
export function parseAuthorization(header: string): Authorization | null {
  const match = /^ACS3-HMAC-SHA256 +Credential=([^,]+), *SignedHeaders=([^,]+), *Signature=([^,]+)$/.exec(
    header,
  );
  if (!match) return null;
  const [, accessKeyId = '', names = '', signature = ''] = match;
  return { accessKeyId, signedHeaders: names.split(';'), signature };
}

/** Every header whose name is one of these must be signed, apart from all `x-acs-*`. */
export function mustBeSigned(headerName: string): boolean {
  return headerName.startsWith('x-acs-') || headerName === 'host' || headerName === 'content-type';
}

export function canonicalRequest(request: SignedRequest): string {
  const names = [...request.signedHeaders].sort();
  return [
    request.method.toUpperCase(),
    request.path,
    canonicalQuery(request.query),
    // Each line ends in a newline of its own, so joining leaves the blank line that the specification asks for.
    names.map((name) => `${name}:${canonicalHeader(request.headers[name] ?? [])}\n`).join(''),
    names.join(';'),
    sha256(request.body),
  ].join('\n');
}

export function stringToSign(canonical: string): string {
  return `${ALGORITHM}\n${sha256(canonical)}`;
}

/** The signature in lower-case hex. The secret is the key as it is: V3 derives none. */
export function sign(canonical: string, accessKeySecret: string): string {
  return createHmac('sha256', accessKeySecret).update(stringToSign(canonical)).digest('hex');
}

export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** Clients leave `! ( ) *` raw on the wire but sign them encoded, so the query is decoded and encoded anew. */
function canonicalQuery(query: string): string {
  return [...new URLSearchParams(query)]
    .sort(([a, x], [b, y]) => compareCodeUnits(a, b) || compareCodeUnits(x, y))
    .map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`)
    .join('&');
}

function canonicalHeader(values: readonly string[]): string {
  return values
    .map((value) => value.trim())
    .sort()
    .join(',');
}

/** RFC 3986: encodeURIComponent, and the five characters that it spares. */
function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function compareCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
