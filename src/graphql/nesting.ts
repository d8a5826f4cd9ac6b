import type { HttpError } from '../core/errors.ts';

/** Strings, which may end at the end of the text, and brackets. Matches without backtracking. */
const JSON_TOKEN = /"(?:[^"\\]|\\[^])*"?|[{}[\]()]/g;

/** The same of a GraphQL document, with block strings and comments. */
const DOCUMENT_TOKEN = /"""(?:[^"\\]|\\"""|\\|"(?!""))*(?:"""|$)|"(?:[^"\\\n\r]|\\.)*"?|#[^\n\r]*|[{}[\]()]/g;

const LIMITS = {
  /** Far more than any variable of the schema has. */
  JSON: { token: JSON_TOKEN, max: 64 },
  /** Far more than MAX_DEPTH can allow. */
  document: { token: DOCUMENT_TOKEN, max: 400 },
};

/** The error for a text with too many levels of brackets; null for others. Takes time in proportion to the text. */
export function nestingError(text: string, kind: keyof typeof LIMITS): HttpError | null {
  const { token, max } = LIMITS[kind];
  let level = 0;
  for (const [match] of text.matchAll(token)) {
    if (match === '{' || match === '[' || match === '(') level += 1;
    else if (match === '}' || match === ']' || match === ')') level -= 1;
    if (level > max) {
      return {
        code: 'BAD_REQUEST',
        message: `The ${kind} is nested more than ${max} levels deep.`,
        status: 400,
      };
    }
  }
  return null;
}
