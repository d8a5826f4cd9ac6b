import type { ResponsePath, StaleParts } from './context.ts';
import type { StaleReason } from '../core/upstream.ts';

/** An answer with more stale parts than this lists these and says how many more there are. */
const MAX_LISTED = 50;

export function createStaleParts(): StaleParts {
  const parts: { path: ResponsePath; reason: StaleReason }[] = [];
  return {
    add: (path, reason) => void parts.push({ path, reason }),
    extensions(data) {
      if (parts.length === 0) return null;
      const stale = parts
        .map(({ path, reason }) => ({ path: keysOf(path), reason }))
        .filter(({ path }) => isIn(data, path));
      if (stale.length === 0) return null;
      const omitted = stale.length - MAX_LISTED;
      return { stale: stale.slice(0, MAX_LISTED), ...(omitted > 0 && { staleOmitted: omitted }) };
    },
  };
}

function keysOf(path: ResponsePath): (string | number)[] {
  const keys: (string | number)[] = [];
  for (let part: ResponsePath | undefined = path; part; part = part.prev) keys.push(part.key);
  return keys.reverse();
}

/** Whether the data has the place. An error can have made null of an object above it. */
function isIn(data: unknown, path: readonly (string | number)[]): boolean {
  let value = data;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return false;
    value = (value as Record<string | number, unknown>)[key];
  }
  return true;
}
