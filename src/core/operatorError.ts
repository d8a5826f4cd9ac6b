/** What only the operator can mend, such as a setting or a file that it names: told in lines without a stack. */
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
 * A value of a setting as a message may repeat it: cut, and without what can hold a credential, which is everything before an `@`
 * and a query. Of a value with both only the scheme is left, since either can be part of a password.
 */
export function withoutCredentials(value: string): string {
  const [scheme = ''] = /^[a-z][a-z0-9+.-]{0,20}:\/\//i.exec(value) ?? [];
  if (/\?|%3f/i.test(value)) return `${scheme}[redacted]`;
  const safe = value
    .replace(/^.*(?:@|%40)/is, `${scheme}[redacted]@`)
    // A URL that was cut before its `@`: what follows the colon is no port.
    .replace(/^([a-z][a-z0-9+.-]*:\/\/[^/:[]*):(?!\d{1,5}(?:\/|$)).*$/is, '$1:[redacted]')
    .replace(/\b(?:LTAI|STS\.)[\w.]+/g, '[redacted]');
  return safe.length <= MAX_SHOWN ? safe : `${safe.slice(0, MAX_SHOWN)}…`;
}
