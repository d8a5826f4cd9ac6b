import { readFileSync } from 'node:fs';
import { parseArgs, parseEnv } from 'node:util';
import { OperatorError, withoutCredentials } from '../core/operatorError.ts';
import { settings } from '../config/settings.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Returns the file of settings, and whether only to validate the settings.
 *
 * @throws OperatorError for unknown arguments, and for an access key among them
 */
export function readCommandLine(args: readonly string[]): { config?: string; check: boolean } {
  if (args.some((argument) => LOOKS_LIKE_KEY.test(argument))) {
    throw new OperatorError([
      'The command line contains a key, which every process of the machine can read. Revoke it, create a new one, and pass it in the environment or in the file of --config.',
    ]);
  }
  try {
    const options = { config: { type: 'string' }, check: { type: 'boolean', default: false } } as const;
    return parseArgs({ args: [...args], options }).values;
  } catch {
    throw new OperatorError(['The arguments must be [--config <file>] [--check].']);
  }
}

/**
 * Settings from a file of `NAME=value` lines or of one JSON object.
 *
 * @throws OperatorError for an unreadable file, and for names that are not settings
 */
export function readConfigFile(path: string): Environment {
  const values = parse(path);
  const unknown = Object.keys(values).filter((name) => !(name in settings.shape) && !FOREIGN_NAME.test(name));
  if (unknown.length > 0) {
    const file = withoutCredentials(path);
    throw new OperatorError(
      unknown.map((name) => `${shownName(name)} in ${file} is not a setting of this gateway.`),
    );
  }
  return values;
}

function parse(path: string): Environment {
  try {
    const text = readFileSync(path, 'utf8');
    if (!text.trimStart().startsWith('{')) return parseEnv(text);
    const entries = Object.entries(JSON.parse(text) as Record<string, unknown>);
    return Object.fromEntries(entries.map(([name, value]) => [name, textOf(value)]));
  } catch {
    throw new OperatorError([
      `The file ${withoutCredentials(path)} of --config cannot be read. It must contain NAME=value lines or one JSON object.`,
    ]);
  }
}

/** A continued line of a secret can look like a name with a value. */
function shownName(name: string): string {
  return /^[A-Z][A-Z0-9_]{0,63}$/.test(name) ? name : 'A name that is not upper-case letters, digits and _';
}

function textOf(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw new TypeError('A setting must be a string, number or boolean.');
}

/** An access key's id, or an option or variable whose value would be a secret. */
const LOOKS_LIKE_KEY = /\bLTAI\w{8,}|access-?_?key|secret|security-?_?token/i;

/** Settings of `@alicloud/credentials`, OpenTelemetry and Node. */
const FOREIGN_NAME = /^(?:ALIBABA_CLOUD|OTEL|NODE)_[A-Z0-9_]+$/;
