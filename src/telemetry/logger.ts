import { type DestinationStream, type LogFn, type Logger, pino } from 'pino';
import { withSourcePosition } from './sourcePositions.ts';

export type { Logger } from 'pino';

/** JSON lines. Times are ISO 8601, levels are words. Texts in fields and messages are cut. Default destination: standard output. */
export function createLogger(level: string, destination: DestinationStream = standardOutput()): Logger {
  const options = {
    level,
    base: { service: 'dataworks-graphql-gateway' },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: describeBug },
    hooks: {
      // Texts can come from callers and from the upstream.
      logMethod(args: Parameters<LogFn>, log: LogFn) {
        for (let i = 0; i < args.length; i++) args[i] = bounded(args[i], MAX_LEVELS);
        log.apply(this, args);
      },
    },
  };
  return pino(options, destination);
}

let sharedOutput: DestinationStream | null = null;

/** One per process. Writes asynchronously, several lines at once under load, and the rest when the process exits. */
function standardOutput(): DestinationStream {
  return (sharedOutput ??= pino.destination({ dest: 1, sync: false }));
}

const MAX_TEXT = 200;
const MAX_ELEMENTS = 20;
/** Levels of objects and arrays below the fields of a line. */
const MAX_LEVELS = 3;

/** The value with every text in it cut. Errors are left to their serializer. */
function bounded(value: unknown, levels: number): unknown {
  if (typeof value === 'string') return value.length <= MAX_TEXT ? value : cut(value);
  if (typeof value !== 'object' || value === null || value instanceof Error) return value;
  if (levels < 0) return '…';
  if (Array.isArray(value))
    return value.slice(0, MAX_ELEMENTS).map((element) => bounded(element, levels - 1));
  const copy: Record<string, unknown> = {};
  for (const name in value) copy[name] = bounded((value as Record<string, unknown>)[name], levels - 1);
  return copy;
}

/** The text, or its beginning and an ellipsis. */
export function cut(text: string, max = MAX_TEXT): string {
  return text.length <= max ? text : `${text.slice(0, max)}…`;
}

/** Characters of the message of a bug that are searched for secrets, and of its stack. */
const MAX_BUG_MESSAGE = 2000;
const MAX_STACK = 4000;

/** An unexpected error without secrets. Other fields are omitted: errors of the SDK contain the signed request. */
export function describeBug(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error))
    return { type: typeof error, message: 'A value that is no Error was thrown.' };
  const frames = framesOf(error);
  return {
    type: cut(error.name),
    message: cut(withoutSecrets(cut(error.message, MAX_BUG_MESSAGE))),
    stack: cut(frames.map(withSourcePosition).join('\n'), MAX_STACK),
  };
}

/** None if the stack does not begin with the message: then nothing tells lines of the message, which can hold secrets, from frames. */
function framesOf({ stack = '', message }: Error): string[] {
  const at = stack.indexOf(message);
  if (at < 0) return [];
  return stack
    .slice(at + message.length)
    .split('\n')
    .filter((line) => /^\s+at /.test(line));
}

/** Redacts URLs, credentials and signatures anywhere in a text. */
function withoutSecrets(text: string): string {
  return secretPatterns.reduce((safe, pattern) => safe.replace(pattern, '[redacted]'), text);
}

const secretPatterns = [
  /\b[a-z][a-z+.-]*:\/\/\S+/gi,
  /\b(?:bearer|basic) +\S+/gi,
  /\beyJ[\w-]+\.[\w-]+\.[\w-]*/g,
  /\b(?:LTAI|STS\.)[\w.]+/g,
  /\b\w*(?:signature|secret|token|password|access_?key_?\w*)["']?\s*[=:]\s*\S+/gi,
  /\bACS3-HMAC-SHA256\b.*/g,
];
