import type { IncomingMessage } from 'node:http';
import { randomUUID } from 'node:crypto';
/** The caller's own id where it is one that can stand in a log line as it is. */
export function requestIdOf({ headers }: IncomingMessage): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && /^[\w.-]{1,128}$/.test(given) ? given : randomUUID();
}
