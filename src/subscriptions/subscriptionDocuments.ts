import {
  type DocumentNode,
  getOperationAST,
  GraphQLError,
  type GraphQLSchema,
  OperationTypeNode,
  type OperationDefinitionNode,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import type { SubscribePayload } from 'graphql-ws';
import { LRUCache } from 'lru-cache';
import { requestError } from '../core/errors.ts';
import type { OperationLimits } from '../core/settings.ts';
import { limitsRule } from '../graphql/operation.ts';
import { nestingError } from '../graphql/nesting.ts';
import type { TrustedDocuments } from '../graphql/trustedDocuments.ts';

export interface DocumentReaderOptions {
  schema: GraphQLSchema;
  /** Whether errors may suggest names from the schema. */
  introspection: boolean;
  limits: OperationLimits;
  trustedDocuments: TrustedDocuments;
}

/** Valid documents that are cached: many clients that reconnect at once send the same few. */
const MAX_DOCUMENTS = 500;

/**
 * Reads subscriptions as Apollo Server reads queries, with the same limits and codes. The reader throws coded errors for documents
 * that are not valid.
 */
export function createDocumentReader(options: DocumentReaderOptions) {
  const { schema, introspection, limits, trustedDocuments } = options;
  const rules = [...specifiedRules, limitsRule(limits)];
  const validDocuments = new LRUCache<string, DocumentNode>({ max: MAX_DOCUMENTS });

  return (payload: SubscribePayload): OperationDefinitionNode => {
    const document = validDocument(textOf(payload, trustedDocuments));
    const operation = getOperationAST(document, payload.operationName);
    if (!operation) {
      throw codedError(
        'OPERATION_RESOLUTION_FAILURE',
        'The message must name one operation of its document.',
      );
    }
    if (operation.operation !== OperationTypeNode.SUBSCRIPTION) {
      throw invalid(`Sockets are for subscriptions only: send the ${operation.operation} with HTTP POST.`);
    }
    return operation;
  };

  function validDocument(text: string): DocumentNode {
    const cached = validDocuments.get(text);
    if (cached) return cached;
    const document = parsed(text);
    const [error] = validate(schema, document, rules, { hideSuggestions: !introspection });
    // Errors of `limitsRule` already have a code.
    if (error) throw error.extensions['code'] === undefined ? invalid(error.message) : error;
    validDocuments.set(text, document);
    return document;
  }

  function parsed(text: string): DocumentNode {
    const error = nestingError(text, 'document');
    if (error) throw requestError(error);
    try {
      return parse(text, { maxTokens: limits.tokens });
    } catch (error) {
      throw codedError('GRAPHQL_PARSE_FAILED', (error as GraphQLError).message);
    }
  }
}

function textOf(
  { query, extensions, ...more }: SubscribePayload,
  trustedDocuments: TrustedDocuments,
): string {
  const { documentId } = more as { documentId?: unknown };
  // graphql-ws requires a document: a client that sends an id sends an empty one.
  const trusted = trustedDocuments({ query: query === '' ? undefined : query, documentId, extensions });
  if (typeof trusted === 'object' && trusted !== null) throw requestError(trusted);
  return trusted ?? query;
}

function invalid(message: string): GraphQLError {
  return codedError('GRAPHQL_VALIDATION_FAILED', message);
}

function codedError(code: string, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code } });
}
