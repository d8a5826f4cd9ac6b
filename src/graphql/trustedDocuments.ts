import type { TrustedDocumentSettings } from '../core/settings.ts';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { HttpError } from '../core/errors.ts';
import { OperatorError, withoutCredentials } from '../core/operatorError.ts';

/** A request's document, by its text or by its id in the manifest. */
export interface DocumentRequest {
  query?: unknown;
  /** As trusted-document clients send it. */
  documentId?: unknown;
  /** As Apollo's clients send it: `{ persistedQuery: { sha256Hash } }`. */
  extensions?: unknown;
}

/**
 * Returns the text of the trusted document that a request names; null if the request has a document of its own, which may be executed;
 * or the error for the caller.
 */
export type TrustedDocuments = (request: DocumentRequest) => string | null | HttpError;

/** @throws OperatorError for an invalid manifest */
export async function readTrustedDocuments({
  file,
  only,
}: TrustedDocumentSettings): Promise<TrustedDocuments> {
  const byId = file === null ? new Map<string, string>() : await readManifest(file);
  const texts = new Set(byId.values());
  return ({ query, documentId, extensions }) => {
    const apollo = extensions as { persistedQuery?: { sha256Hash?: unknown } | null } | null | undefined;
    const id = typeof documentId === 'string' ? documentId : apollo?.persistedQuery?.sha256Hash;
    const named = typeof id === 'string' ? byId.get(id) : undefined;
    if (named !== undefined) return named;
    if (!only) return typeof documentId === 'string' ? notFound : null;
    if (typeof query === 'string') return texts.has(query) ? query : notTrusted;
    return typeof id === 'string' ? notFound : notTrusted;
  };
}

const notTrusted: HttpError = {
  code: 'FORBIDDEN',
  message: 'This gateway executes only the operations of its manifest. Send the id of one of them.',
  status: 403,
};

const notFound: HttpError = {
  code: 'PERSISTED_QUERY_NOT_FOUND',
  message: "There is no operation of this id in the gateway's manifest.",
  status: 404,
};

const manifest = z.union([
  z
    .object({
      format: z.literal('apollo-persisted-query-manifest'),
      version: z.literal(1),
      operations: z.array(z.object({ id: z.string().min(1), body: z.string().min(1) })),
    })
    .transform(({ operations }) => operations.map(({ id, body }) => [id, body] as const)),
  z.record(z.string().min(1), z.string().min(1)).transform((documents) => Object.entries(documents)),
]);

async function readManifest(path: string): Promise<Map<string, string>> {
  try {
    return new Map(manifest.parse(JSON.parse(await readFile(path, 'utf8'))));
  } catch {
    throw new OperatorError([
      `PERSISTED_OPERATIONS_FILE ${withoutCredentials(path)} can't be read, or is neither an Apollo persisted query manifest nor a JSON object of documents by id.`,
    ]);
  }
}
