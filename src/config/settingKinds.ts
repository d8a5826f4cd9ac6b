import { z } from 'zod';
import { withoutCredentials } from '../core/operatorError.ts';

/** How a setting is written: its schema, and the same in words for the documentation. */
export interface Kind<Schema extends z.ZodType = z.ZodType> {
  schema: Schema;
  type: string;
}

/** A setting, with its row in docs/configuration.md. */
export interface Setting<Schema extends z.ZodType = z.ZodType> extends Kind<Schema> {
  default: string;
  description: string;
}

export function setting<Schema extends z.ZodType>(
  { schema, type }: Kind<Schema>,
  value: z.core.util.NoUndefined<z.output<Schema>>,
  description: string,
): Setting<z.ZodDefault<Schema>> {
  return { schema: z._default(schema, value), type, default: `\`${defaultText(value)}\``, description };
}

/** @param defaultWords what applies while the setting is absent, in words; empty for nothing */
export function optional<Schema extends z.ZodType>(
  { schema, type }: Kind<Schema>,
  defaultWords: string,
  description: string,
): Setting<z.ZodOptional<Schema>> {
  return { schema: z.optional(schema), type, default: defaultWords, description };
}

export function schemasOf<Table extends Record<string, Setting>>(table: Table) {
  const entries = Object.entries(table).map(([name, { schema }]) => [name, schema]);
  return Object.fromEntries(entries) as { [Name in keyof Table]: Table[Name]['schema'] };
}

export const text = { schema: z.string(), type: 'text' };

export const file = { schema: z.string(), type: 'path of a file' };

export function whole(min: number, max: number) {
  const isWhole = (value: string) => /^\d{1,15}$/.test(value) && Number(value) >= min && Number(value) <= max;
  const schema = checked(isWhole, `a whole number from ${min} to ${max}`).transform(Number);
  return { schema, type: `${min} to ${max}` };
}

export function oneOf<const Values extends readonly string[]>(values: Values) {
  const schema = z.enum(values, {
    error: (issue) => `must be one of ${values.join(', ')}; got ${quote(issue.input)}.`,
  });
  return { schema, type: values.map((value) => `\`${value}\``).join(', ') };
}

const onOrOff = oneOf(['on', 'off']);

export const flag = { ...onOrOff, schema: onOrOff.schema.transform((value) => value === 'on') };

/** `expected` completes "must be …". The value is not repeated if it can hold a credential, as in URLs of databases. */
export function matching(pattern: RegExp, expected: string, type: string, showsValue = true) {
  return { schema: checked((value) => pattern.test(value), expected, showsValue), type };
}

/** Comma-separated. The pattern matches a whole element. */
export function list(element: RegExp, expected: string) {
  const elementsOf = (value: string) => value.split(',').map((word) => word.trim());
  const schema = checked(
    (value) => elementsOf(value).every((word) => element.test(word)),
    `a comma-separated list of ${expected}`,
  ).transform(elementsOf);
  return { schema, type: 'list, comma-separated' };
}

export const endpoint = {
  schema: checked(
    (value) => isSafeUrl(value) && new URL(value).pathname === '/' && new URL(value).search === '',
    'an https URL such as https://dataworks.cn-shanghai.aliyuncs.com, or http on a loopback address, with no user, password, path or query in it',
  ),
  type: 'URL',
};

export const keySetUrl = {
  schema: checked(isSafeUrl, 'an https URL, or http on a loopback address, with no user or password in it'),
  type: 'URL',
};

/** `expected` completes "must be …". */
function checked(isValid: (value: string) => boolean, expected: string, showsValue = true) {
  const got = (value: unknown) => (showsValue ? `; got ${quote(value)}` : '');
  return z.string().refine(isValid, { error: (issue) => `must be ${expected}${got(issue.input)}.` });
}

/** A value as a message repeats it, without credentials. */
export function quote(value: unknown): string {
  return JSON.stringify(withoutCredentials(String(value)));
}

/** Whether only this machine can reach a server that listens on the host. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Whether it is encrypted or stays on this machine, and holds no credentials. */
function isSafeUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname, username, password } = new URL(value);
  if (username || password) return false;
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname.replace(/^\[|\]$/g, '')));
}

function defaultText(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  return String(value);
}
