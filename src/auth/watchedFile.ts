import { readFile, stat } from 'node:fs/promises';
import { OperatorError, withoutCredentials } from '../core/operatorError.ts';
import type { Clock } from '../core/clock.ts';
import type { MaybePromise } from '../core/maybePromise.ts';

export interface WatchedFileOptions<Content> {
  /** The setting that names the file, for messages. */
  setting: string;
  path: string;
  /** What the file's text means. Throws an OperatorError for a text that means nothing. */
  parse: (text: string) => Content;
  clock: Clock;
  /** Told, once a change, that the file can't be used any more and that what it held before still counts. */
  onUnusable: (error: OperatorError) => void;
}

/** Changes count at most this long after they were made. Milliseconds. */
const CHECK_EVERY_MS = 5000;

/**
 * What a file holds: read at once, and again when it has changed. It is looked at while somebody asks, and by its times and size,
 * for a secret that is mounted into a container is swapped and not written.
 *
 * @returns the content as it is now
 * @throws OperatorError for a file that can't be read, or what `parse` throws, the first time.
 */
export async function watchFile<Content>(
  options: WatchedFileOptions<Content>,
): Promise<() => MaybePromise<Content>> {
  const { path, parse, clock, onUnusable } = options;
  let version = await versionOf(path).catch(() => '');
  let content = parse(await read());
  let checkedAt = clock.monotonic();
  let checking: Promise<Content> | null = null;

  async function check(): Promise<Content> {
    try {
      const found = await versionOf(path).catch(() => '');
      if (found !== version) {
        version = found;
        content = parse(await read());
      }
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      onUnusable(error);
    } finally {
      checkedAt = clock.monotonic();
      checking = null;
    }
    return content;
  }

  async function read(): Promise<string> {
    try {
      return await readFile(path, 'utf8');
    } catch {
      throw new OperatorError([`${options.setting} ${withoutCredentials(path)} can't be read.`]);
    }
  }

  return () => {
    if (clock.monotonic() - checkedAt < CHECK_EVERY_MS) return content;
    return (checking ??= check());
  };
}

async function versionOf(path: string): Promise<string> {
  const { mtimeMs, ctimeMs, ino, size } = await stat(path);
  return [mtimeMs, ctimeMs, ino, size].join();
}
