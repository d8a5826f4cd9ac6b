import { z } from 'zod';
import { withoutCredentials } from '../core/operatorError.ts';

/** How a setting is written: its schema, and the same in words for the documentation. */
export interface Kind<Schema extends z.ZodType = z.ZodType> {
  schema: Schema;
  type: string;
}

/** A setting: its schema, and its row in docs/configuration.md. */
export interface Setting<Schema extends z.ZodType = z.ZodType> {
  schema: Schema;
  type: string;
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

export function whole(min: number, max: number) {
  const schema = z
    .string()
    .refine((text) => /^\d{1,15}$/.test(text) && Number(text) >= min && Number(text) <= max, {
      error: (issue) => `must be a whole number from ${min} to ${max}; got ${quote(issue.input)}.`,
    })
    .transform(Number);
  return { schema, type: `${min} to ${max}` };
}

export const flag = {
  schema: z
    .enum(['on', 'off'], { error: (issue) => `must be on or off; got ${quote(issue.input)}.` })
    .transform((value) => value === 'on'),
  type: '`on`, `off`',
};

export const text = { schema: z.string(), type: 'text' };

export const file = { schema: z.string(), type: 'path of a file' };

export function oneOf<const Values extends readonly string[]>(values: Values) {
  const schema = z.enum(values, {
    error: (issue) => `must be one of ${values.join(', ')}; got ${quote(issue.input)}.`,
  });
  return { schema, type: values.map((value) => `\`${value}\``).join(', ') };
}

/** `expected` completes "must be …". The value is not repeated if it can hold a credential, as in URLs of databases. */
export function matching(pattern: RegExp, expected: string, type: string, showsValue = true) {
  const got = (value: unknown) => (showsValue ? `; got ${quote(value)}` : '');
  const schema = z.string().regex(pattern, { error: (issue) => `must be ${expected}${got(issue.input)}.` });
  return { schema, type };
}

/** Comma-separated. The pattern matches a whole element. */
export function list(element: RegExp, expected: string) {
  const schema = z
    .string()
    .transform((value) => value.split(',').map((word) => word.trim()))
    .refine((words) => words.every((word) => element.test(word)), {
      error: (issue) => `must be a comma-separated list of ${expected}; got ${quote(issue.input)}.`,
    });
  return { schema, type: 'list, comma-separated' };
}

export const endpoint = {
  schema: z.string().superRefine((value, context) => {
    const problem = endpointProblem(value);
    if (problem) context.addIssue({ code: 'custom', message: problem });
  }),
  type: 'URL',
};

export const keySetUrl = {
  schema: z.string().refine(isKeySetUrl, {
    error: (issue) =>
      `must be an https URL, or http on a loopback address, with no user or password in it; got ${quote(issue.input)}.`,
  }),
  type: 'URL',
};

/** A value as a message repeats it, without credentials. */
export function quote(value: unknown): string {
  return JSON.stringify(withoutCredentials(String(value)));
}

/** Whether only this machine can reach a server that listens on the host. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

function endpointProblem(value: string): string | null {
  const expected = 'must be a URL such as https://dataworks.cn-shanghai.aliyuncs.com';
  if (!URL.canParse(value)) return `${expected}; got ${quote(value)}.`;
  const { protocol, pathname, search, username, password } = new URL(value);
  if (username || password) return `${expected}, with no user or password in it.`;
  if (protocol !== 'https:' && protocol !== 'http:') return `${expected}; got ${quote(value)}.`;
  if (pathname !== '/' || search) return `${expected}, with no path or query; got ${quote(value)}.`;
  if (!isEncryptedOrLocal(new URL(value))) {
    return `must be https, except for a loopback address; got ${quote(value)}.`;
  }
  return null;
}

function isKeySetUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const url = new URL(value);
  return !url.username && !url.password && isEncryptedOrLocal(url);
}

function isEncryptedOrLocal({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname.replace(/^\[|\]$/g, '')));
}

function defaultText(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  return String(value);
}
