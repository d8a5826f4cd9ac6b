/** A problem that only an operator can correct, such as an invalid setting. Printed without a stack. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/** The longest value of a setting that a message repeats, in characters. */
const MAX_SHOWN = 100;

/**
 * The value of a setting for a message: cut, and without everything that can be a credential, which is the text before an `@` and
 * the query. Of a value with a query only the scheme is left, since an `@` in it can be part of a password.
 */
export function withoutCredentials(value: string): string {
  const [scheme = ''] = /^[a-z][a-z0-9+.-]{0,20}:\/\//i.exec(value) ?? [];
  if (/\?|%3f/i.test(value)) return `${scheme}[redacted]`;
  const safe = value
    .replace(/^.*(?:@|%40)/is, `${scheme}[redacted]@`)
    // A URL that was cut before its `@`: a password follows the colon, not a port.
    .replace(/^([a-z][a-z0-9+.-]*:\/\/[^/:[]*):(?!\d{1,5}(?:\/|$)).*$/is, '$1:[redacted]')
    .replace(/\b(?:LTAI|STS\.)[\w.]+/g, '[redacted]');
  return safe.length <= MAX_SHOWN ? safe : `${safe.slice(0, MAX_SHOWN)}…`;
}
