import { hash } from 'node:crypto';
import { z } from 'zod';
import { CAPABILITIES, type Viewer } from '../core/viewer.ts';
import { OperatorError } from '../core/operatorError.ts';
import { viewerOf } from './scopes.ts';

/** Returns the viewer of a token, or null for an unknown token. */
export type StaticTokens = (token: string) => Viewer | null;

/**
 * Parses a file of tokens: names, SHA-256 digests and scopes, never the tokens themselves.
 *
 * @param file the setting and the path, for messages
 * @throws OperatorError with every problem of the file, without quoting it.
 */
export function staticTokensIn(text: string, file: string): StaticTokens {
  const parsed = entries.safeParse(parseJson(text));
  if (!parsed.success) {
    throw new OperatorError(
      parsed.error.issues.map(({ path, message }) => `${file}: ${path.join('.')} ${message}`),
    );
  }
  const viewers = new Map(
    parsed.data.map(({ sha256, ...scope }) => [
      sha256,
      viewerOf({ ...scope, callerId: `token:${scope.name}` }),
    ]),
  );
  // The lookup's time can reveal part of a digest at most, and nobody can derive a token from a digest.
  return (token) => viewers.get(hash('sha256', token)) ?? null;
}

/** An element of the file's array. */
export const staticTokenEntry = z.strictObject({
  name: z.string().regex(/^[\w.@:-]{1,64}$/, 'must be 1 to 64 letters, digits or any of _.@:-.'),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 digest in 64 lower-case hexadecimal digits.'),
  projects: z.union([z.literal('*'), z.array(z.string().regex(/^[1-9]\d{0,18}$/))], {
    error: () => 'must be "*" or an array of project numbers, each a string.',
  }),
  may: z
    .array(z.enum(CAPABILITIES), { error: () => `must be an array of ${CAPABILITIES.join(', ')}.` })
    .default([]),
  maxOperationCalls: z.int().min(1).optional(),
  maxCallsPerSecond: z.int().min(1).max(10_000).optional(),
  maxCallsPerDay: z.int().min(1).optional(),
});

const entries = z
  .array(staticTokenEntry, { error: () => 'must hold a JSON array of tokens.' })
  .superRefine((all, context) => {
    for (const field of ['name', 'sha256'] as const) {
      if (new Set(all.map((one) => one[field])).size < all.length) {
        context.addIssue({ code: 'custom', message: `must not have the same ${field} twice.` });
      }
    }
  });

/** Returns null for invalid JSON, which the schema rejects: it is not an array. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
