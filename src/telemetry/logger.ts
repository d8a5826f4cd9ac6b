import { type DestinationStream, type LogFn, type Logger, pino } from 'pino';
import { bounded, cut } from './bounds.ts';

export type { Logger } from 'pino';

/** JSON lines. Times are ISO 8601; levels are words. */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: { service: 'dataworks-graphql-gateway' },
    timestamp: createTimestamp(),
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: describeBug },
    hooks: { logMethod: logBounded },
  };
  return pino(options, destination ?? (standardOutput ??= createStandardOutput()));
}

/** Cuts every text of a line, whoever it comes from: a line is as long as its fields are many. */
function logBounded(this: Logger, args: Parameters<LogFn>, log: LogFn): void {
  log.apply(this, args.map((argument) => bounded(argument)) as Parameters<LogFn>);
}

/** Most lines under load are of a millisecond that another was of. */
function createTimestamp(): () => string {
  let ofMs = NaN;
  let text = '';
  return () => {
    const now = Date.now();
    if (now !== ofMs) {
      ofMs = now;
      text = pino.stdTimeFunctions.isoTime();
    }
    return text;
  };
}

/** A turn that writes more than this writes in parts. Characters. */
const LONGEST_PART = 64 * 1024;

/** One for the process, whose lines end with it. */
let standardOutput: DestinationStream | null = null;

/** Writes all lines of one turn of the event loop at once: to write costs as much as to put a line together. */
function createStandardOutput(): DestinationStream {
  const output = pino.destination({ dest: 1, sync: true });
  let lines = '';
  const flush = () => {
    if (lines === '') return;
    const part = lines;
    lines = '';
    output.write(part);
  };
  process.on('exit', flush);
  return {
    write(line) {
      if (lines === '') setImmediate(flush);
      lines += line;
      if (lines.length > LONGEST_PART) flush();
    },
  };
}

/**
 * An error that was not foreseen, for whoever must mend it: its place in the code, and its words without what could be secret in
 * them. Other fields are left out: the SDK's errors hold the signed request.
 */
export function describeBug(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error))
    return { type: typeof error, message: 'Something was thrown that is no error.' };
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return {
    type: cut(error.name),
    message: cut(withoutSecrets(cut(error.message, MAX_BUG_MESSAGE))),
    stack: cut(frames.join('\n'), MAX_STACK),
  };
}

/** Characters of a bug's message that are searched for secrets, and of its stack. */
const MAX_BUG_MESSAGE = 2000;
const MAX_STACK = 4000;

/** Addresses, credentials and signatures, wherever in a text they stand. */
export function withoutSecrets(text: string): string {
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
