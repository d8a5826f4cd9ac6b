/** What a code of an error means to a caller. The rows of docs/errors.md. */
export interface ErrorCodeInfo {
  /** HTTP status if the whole request fails with it; 200 for errors of single fields. */
  status: number | string;
  /** Whether `extensions.retryAfterMs` can be present. */
  retryAfter?: boolean;
  meaning: string;
  action: string;
}

/** Every value of `extensions.code`. */
export const errorCodes = {
  BAD_USER_INPUT: {
    status: '200 (argument), 400 (variable)',
    meaning: 'An argument or variable is invalid; the message says why.',
    action: 'Correct it.',
  },
  UNAUTHENTICATED: {
    status: 401,
    meaning: 'The token is missing, invalid or expired.',
    action: 'Send `authorization: Bearer <token>`.',
  },
  FORBIDDEN: {
    status: '200 (field), 403 (request)',
    meaning: 'The token does not include this project or capability.',
    action: 'Request a token that does.',
  },
  QUERY_TOO_EXPENSIVE: {
    status: '400, 413 (body)',
    meaning: 'The operation exceeds a limit. The message names the limit and its setting.',
    action: 'Request less at once.',
  },
  RATE_LIMITED: {
    status: 429,
    retryAfter: true,
    meaning: 'The caller sends too many requests.',
    action: 'Wait for `retryAfterMs`.',
  },
  REQUEST_TIMEOUT: {
    status: '408 (arrival), 504 (operation)',
    meaning: 'The request arrived too slowly, or the operation exceeded its deadline.',
    action: 'Request less at once.',
  },
  TOO_MANY_SUBSCRIPTIONS: {
    status: '503 (upgrade)',
    retryAfter: true,
    meaning: 'A limit of sockets, subscriptions or their objects is reached.',
    action: 'End a subscription, or poll with a query.',
  },
  OVERLOADED: {
    status: 503,
    retryAfter: true,
    meaning: 'This replica has more requests than it can answer in time.',
    action: 'Retry after `retryAfterMs`, or run more replicas.',
  },
  SHUTTING_DOWN: {
    status: 503,
    retryAfter: true,
    meaning: 'This replica is shutting down.',
    action: 'Retry; another replica answers.',
  },
  UPSTREAM_FORBIDDEN: {
    status: 200,
    meaning: 'DataWorks rejects the credentials or denies access, or no such project exists.',
    action: 'Check credentials, policy and membership.',
  },
  UPSTREAM_REJECTED: {
    status: 200,
    meaning: 'DataWorks rejected the request.',
    action: 'Change the request; a retry fails again.',
  },
  UPSTREAM_THROTTLED: {
    status: 200,
    retryAfter: true,
    meaning: 'The calls per second of the account are used up, and no cached data exists.',
    action: 'Wait for `retryAfterMs`.',
  },
  UPSTREAM_QUOTA_EXHAUSTED: {
    status: 200,
    retryAfter: true,
    meaning: 'The calls of the day or month are used up, and no cached data exists.',
    action: 'Wait for the reset, or upgrade the edition.',
  },
  UPSTREAM_TIMEOUT: {
    status: 200,
    retryAfter: true,
    meaning: 'DataWorks did not answer in time.',
    action: 'Retry.',
  },
  UPSTREAM_UNAVAILABLE: {
    status: 200,
    retryAfter: true,
    meaning: 'DataWorks is unreachable or fails, or a list changed during each read.',
    action: 'Retry later, or request fewer rows.',
  },
  UPSTREAM_INVALID_RESPONSE: {
    status: 200,
    meaning: 'The response of DataWorks violates its protocol or contradicts itself.',
    action: 'Retry once, then report `upstream.requestId`.',
  },
  INTERNAL_SERVER_ERROR: {
    status: '200 (field), 500, 503 (issuer keys)',
    meaning: 'A bug, or the keys of the token issuer are unavailable.',
    action: 'Report the request id.',
  },
} as const satisfies Readonly<Record<string, ErrorCodeInfo>>;

export type ErrorCode = keyof typeof errorCodes;

/** Codes of the GraphQL specification's request errors and of Apollo Server. */
export const requestErrorCodes = {
  GRAPHQL_PARSE_FAILED: 'The document is not valid GraphQL syntax.',
  GRAPHQL_VALIDATION_FAILED: 'The document does not match the schema.',
  OPERATION_RESOLUTION_FAILURE: 'The document does not contain the requested operation.',
  PERSISTED_QUERY_NOT_FOUND: 'The hash is unknown. Send the document once.',
  PERSISTED_QUERY_NOT_SUPPORTED: 'Automatic persisted queries are off.',
  BAD_REQUEST: 'The HTTP request is invalid.',
} as const;

/** The tables of docs/errors.md. */
export function renderErrorsDoc(): string {
  const rows = Object.entries<ErrorCodeInfo>(errorCodes).map(
    ([code, { status, retryAfter, meaning, action }]) =>
      `| \`${code}\`${retryAfter ? ' ⏱' : ''} | ${status} | ${meaning} | ${action} |`,
  );
  const requestRows = Object.entries(requestErrorCodes).map(
    ([code, meaning]) => `| \`${code}\` | ${meaning} |`,
  );
  return [
    'Codes marked ⏱ can have `extensions.retryAfterMs`.',
    '',
    '| code | HTTP status | meaning | what to do |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
    'Errors of the request itself:',
    '',
    '| code | meaning |',
    '| --- | --- |',
    ...requestRows,
    '',
  ].join('\n');
}
