import type { HttpError } from '../core/errors.ts';

/** Levels of objects and arrays in a body, far more than any variable of the schema has. */
const MAX_JSON_LEVELS = 64;
/** Levels of braces, brackets and parentheses in a document, far more than MAX_DEPTH can allow. */
const MAX_DOCUMENT_LEVELS = 400;

/** Why a JSON text is refused before anything recursive looks at it; null where it is not. Takes time in proportion to the text. */
export function jsonNestingRefusal(text: string): HttpError | null {
  return isNestedDeeper(text, MAX_JSON_LEVELS, false) ? refusalOf('JSON', MAX_JSON_LEVELS) : null;
}

/** The same of a GraphQL document. */
export function documentNestingRefusal(text: string): HttpError | null {
  return isNestedDeeper(text, MAX_DOCUMENT_LEVELS, true) ? refusalOf('document', MAX_DOCUMENT_LEVELS) : null;
}

function refusalOf(what: string, max: number): HttpError {
  return { code: 'BAD_REQUEST', message: `The ${what} is nested more than ${max} levels deep.`, status: 400 };
}

function isNestedDeeper(text: string, max: number, isDocument: boolean): boolean {
  let level = 0;
  for (let index = 0; index < text.length;) {
    const character = text[index];
    if (character === '"') {
      index = endOfString(text, index, isDocument);
      continue;
    }
    if (character === '#' && isDocument) {
      index = endOfLine(text, index);
      continue;
    }
    if (character === '{' || character === '[' || character === '(') level += 1;
    else if (character === '}' || character === ']' || character === ')') level -= 1;
    if (level > max) return true;
    index += 1;
  }
  return false;
}

/** Behind the string that begins at the index; one that does not end reaches to the end of its line or of the text. */
function endOfString(text: string, start: number, isDocument: boolean): number {
  if (isDocument && text.startsWith('"""', start)) {
    let end = text.indexOf('"""', start + 3);
    while (end > 0 && text[end - 1] === '\\') end = text.indexOf('"""', end + 3);
    return end < 0 ? text.length : end + 3;
  }
  for (let index = start + 1; index < text.length; index += 1) {
    const character = text[index];
    if (character === '\\') index += 1;
    else if (character === '"') return index + 1;
    else if (isDocument && (character === '\n' || character === '\r')) return index;
  }
  return text.length;
}

function endOfLine(text: string, start: number): number {
  let index = start;
  while (index < text.length && text[index] !== '\n' && text[index] !== '\r') index += 1;
  return index;
}
