import { readFileSync } from 'node:fs';
import { parseArgs, parseEnv } from 'node:util';
import { OperatorError, withoutCredentials } from '../core/operatorError.ts';
import { settings } from '../config/settings.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface CommandLine {
  /** A file of settings, or null. */
  configFile: string | null;
  /** Whether to check the settings and end. */
  check: boolean;
}

/** @throws OperatorError for arguments that are none, and for a key among them. */
export function readCommandLine(args: readonly string[]): CommandLine {
  if (args.some((argument) => LOOKS_LIKE_KEY.test(argument))) {
    throw new OperatorError([
      'A key on the command line can be read by every process of the machine: count it as lost, make a new one, and hand it over in the environment or in the file of --config.',
    ]);
  }
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { config: { type: 'string' }, check: { type: 'boolean', default: false } },
    });
    return { configFile: values.config ?? null, check: values.check };
  } catch {
    throw new OperatorError(['The arguments must be [--config <file>] [--check].']);
  }
}

/**
 * Settings by their environment names, from a file of `NAME=value` lines or of one JSON object.
 *
 * @throws OperatorError for a file that is neither, and for names that are no settings.
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
      `The file ${withoutCredentials(path)} of --config can't be read, or is not what it should be.`,
    ]);
  }
}

/** A line that continues a secret can look like a name with a value. */
function shownName(name: string): string {
  return /^[A-Z][A-Z0-9_]{0,63}$/.test(name) ? name : 'A name that is not upper-case letters, digits and _';
}

function textOf(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw new TypeError('A setting is a text, a number or true or false.');
}

/** An access key's id, or an option or variable whose value would be a secret. */
const LOOKS_LIKE_KEY = /\bLTAI\w{8,}|access-?_?key|secret|security-?_?token/i;

/** Read by others: `@alicloud/credentials`, OpenTelemetry and Node. */
const FOREIGN_NAME = /^(?:ALIBABA_CLOUD|OTEL|NODE)_[A-Z0-9_]+$/;
