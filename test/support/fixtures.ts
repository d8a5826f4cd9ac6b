import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RequestObservation } from '../../src/core/observation.ts';
import { createLogger, type Logger } from '../../src/telemetry/logger.ts';

export interface CapturedLog {
  logger: Logger;
  /** All lines so far, parsed. */
  lines(): Record<string, any>[]; // eslint-disable-line @typescript-eslint/no-explicit-any -- read at any depth
  text(): string;
  /** Resolves with the log line of an operation, by its request id. */
  operation(requestId: string): Promise<Record<string, unknown>>;
}

export function captureLog(level = 'info'): CapturedLog {
  const written: string[] = [];
  const waiting = new Set<() => void>();
  const lines = () => written.map((line) => JSON.parse(line) as Record<string, unknown>);
  return {
    logger: createLogger(level, {
      write(line: string) {
        written.push(line);
        for (const wake of waiting) wake();
      },
    }),
    lines,
    text: () => written.join(''),
    operation: (requestId) =>
      new Promise((resolve) => {
        function look(): void {
          const line = lines().find((one) => one['requestId'] === requestId && one['msg'] === 'operation');
          if (line === undefined) return;
          waiting.delete(look);
          resolve(line);
        }
        waiting.add(look);
        look();
      }),
  };
}

/** A directory that is removed on disposal. */
export interface TemporaryFiles {
  /** Writes a file and returns its path. */
  write(name: string, content: unknown): Promise<string>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function temporaryFiles(): Promise<TemporaryFiles> {
  const directory = await mkdtemp(join(tmpdir(), 'gateway-'));
  return {
    async write(name, content) {
      const path = join(directory, name);
      await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
      return path;
    },
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}

export function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

export function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

/** An observation that nobody reads. */
export function unreadObservation(): RequestObservation {
  return {
    traceparent: null,
    counts: { upstreamCalls: 0, retries: 0, cache: { hit: 0, miss: 0, shared: 0, stale: 0 } },
    report: () => undefined,
    ended: () => undefined,
  };
}
