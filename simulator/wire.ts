/** The wire format: JSON with integers that JavaScript cannot represent, and errors in the format of Alibaba Cloud. */

export type WireValue = string | number | boolean | null | WireValue[] | WireObject;

/** A key whose value is undefined is left out. */
export interface WireObject {
  [key: string]: WireValue | undefined;
}

/** Marks the digits of an `unquoted` integer. No text of the simulator holds this character. */
const MARK = '\u0001';
const MARKED_IN_JSON = /"\\u0001(\d+)"/g;

/** An integer of any length that `toWireText` writes as a number, digit for digit. */
export function unquoted(integer: string): string {
  return MARK + integer;
}

export function isUnquoted(text: string): boolean {
  return text.startsWith(MARK);
}

/** The digits of an `unquoted` integer, now to be written as a string. */
export function quoted(text: string): string {
  return isUnquoted(text) ? text.slice(MARK.length) : text;
}

export function toWireText(value: WireValue): string {
  return JSON.stringify(value).replace(MARKED_IN_JSON, '$1');
}

/** An error, as data for the response body. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    readonly httpStatus: number,
    /** A dotted name, or a number where DataWorks sends one unquoted. */
    readonly code: string | number,
    message: string,
    /** More keys for the body, `AccessDeniedDetail` for one. */
    readonly more: WireObject = {},
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }
}

/** The error body that all Alibaba Cloud products share. */
export function errorBody(error: ApiError, requestId: string, host: string): WireObject {
  return {
    RequestId: requestId,
    HostId: host,
    Code: error.code,
    Message: error.message,
    Recommend: `https://api.alibabacloud.com/troubleshoot?q=${String(error.code)}&product=dataworks-public`,
    ...error.more,
  };
}
