import { readFileSync, statSync } from 'node:fs';
import type { Clock } from '../core/clock.ts';
import { OperatorError, withoutCredentials } from '../core/operatorError.ts';

export interface WatchedFileOptions<Content> {
  /** The setting that names the file, for messages. */
  setting: string;
  path: string;
  /**
   * Called with the text, and with the setting and the path as messages show them.
   *
   * @throws OperatorError for invalid text.
   */
  parse: (text: string, name: string) => Content;
  clock: Clock;
  /** Called once a change that makes the file unusable. The content before the change stays in use. */
  onUnusable: (error: OperatorError) => void;
}

/** The longest time until a change takes effect. */
const CHECK_INTERVAL_MS = 5000;

/**
 * Reads a small local file, and again when it changes. Compares times, inode and size on use, because a secret that is mounted into
 * a container is replaced, not written. Synchronous, which costs some microseconds per check and keeps authentication synchronous.
 *
 * @returns a function that returns the current content
 * @throws OperatorError if the file cannot be read or parsed at first.
 */
export function watchFile<Content>(options: WatchedFileOptions<Content>): () => Content {
  const { clock, onUnusable } = options;
  let version = versionOf(options.path);
  let content = read(options);
  let checkedAt = clock.monotonic();

  return () => {
    const now = clock.monotonic();
    if (now - checkedAt < CHECK_INTERVAL_MS) return content;
    checkedAt = now;
    const found = versionOf(options.path);
    if (found === version) return content;
    version = found;
    try {
      content = read(options);
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      onUnusable(error);
    }
    return content;
  };
}

/** Returns an empty string for a file that does not exist. */
function versionOf(path: string): string {
  try {
    const { mtimeMs, ctimeMs, ino, size } = statSync(path);
    return [mtimeMs, ctimeMs, ino, size].join();
  } catch {
    return '';
  }
}

function read<Content>({ setting, path, parse }: WatchedFileOptions<Content>): Content {
  const name = `${setting} ${withoutCredentials(path)}`;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    throw new OperatorError([`${name} can't be read.`]);
  }
  return parse(text, name);
}
