/*
 * Bounds on what telemetry repeats of texts that come from callers and from the upstream.
 */

/** Characters of one text. */
export const MAX_TEXT = 200;
/** Elements of one array. */
const MAX_ELEMENTS = 20;
/** Levels of objects and arrays below a line's own fields. */
const MAX_LEVELS = 3;

/** The text, or its beginning and an ellipsis. */
export function cut(text: string, max = MAX_TEXT): string {
  return text.length <= max ? text : `${text.slice(0, max)}…`;
}

/** The value with every text in it cut. Errors are left as they are, for their serializer. */
export function bounded(value: unknown, levels = MAX_LEVELS): unknown {
  if (typeof value === 'string') return cut(value);
  if (typeof value !== 'object' || value === null || value instanceof Error) return value;
  if (levels < 0) return '…';
  if (Array.isArray(value))
    return value.slice(0, MAX_ELEMENTS).map((element) => bounded(element, levels - 1));
  const copy: Record<string, unknown> = {};
  for (const name in value) copy[name] = bounded((value as Record<string, unknown>)[name], levels - 1);
  return copy;
}
