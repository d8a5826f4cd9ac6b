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
import { refusedRequest } from '../core/errors.ts';
import type { OperationLimits } from '../core/settings.ts';
import { limitsRule } from '../graphql/documentLimits.ts';
import { documentNestingRefusal } from '../graphql/nesting.ts';
import type { TrustedDocuments } from '../graphql/trustedDocuments.ts';

export interface DocumentReaderOptions {
  schema: GraphQLSchema;
  /** Whether errors may suggest names from the schema. */
  introspection: boolean;
  limits: OperationLimits;
  trustedDocuments: TrustedDocuments;
}

/** The subscription that a message asks for, in a document that is valid and within the limits. */
export interface ValidOperation {
  document: DocumentNode;
  operation: OperationDefinitionNode;
}

/** Documents that are known to be valid: when many come back at once, it is with the same few. */
const MAX_KNOWN = 500;

/** Reads documents as Apollo Server does for queries, with the same limits and codes. What it returns throws coded errors. */
export function createDocumentReader(
  options: DocumentReaderOptions,
): (payload: SubscribePayload) => ValidOperation {
  const { schema, limits } = options;
  const rules = [...specifiedRules, limitsRule(limits)];
  const known = new LRUCache<string, DocumentNode>({ max: MAX_KNOWN });

  return (payload) => {
    const document = validDocument(textOf(payload, options.trustedDocuments));
    const operation = getOperationAST(document, payload.operationName);
    if (!operation) {
      const message = 'The message must name one operation of its document.';
      throw withCode('OPERATION_RESOLUTION_FAILURE', message);
    }
    if (operation.operation !== OperationTypeNode.SUBSCRIPTION) {
      const message = `Over a socket this gateway runs subscriptions only: send the ${operation.operation} by HTTP POST.`;
      throw refusedRequest({ code: 'GRAPHQL_VALIDATION_FAILED', message, status: 400 });
    }
    return { document, operation };
  };

  function validDocument(text: string): DocumentNode {
    const valid = known.get(text);
    if (valid) return valid;
    const document = parsed(text);
    const [error] = validate(schema, document, rules);
    if (error) throw asOfValidation(error);
    known.set(text, document);
    return document;
  }

  function parsed(text: string): DocumentNode {
    const refusal = documentNestingRefusal(text);
    if (refusal) throw refusedRequest(refusal);
    try {
      return parse(text, { maxTokens: limits.tokens });
    } catch (error) {
      throw withCode('GRAPHQL_PARSE_FAILED', (error as GraphQLError).message);
    }
  }

  function asOfValidation(error: GraphQLError): GraphQLError {
    // The limits' own have one.
    if (error.extensions['code'] !== undefined) return error;
    const message = options.introspection
      ? error.message
      : error.message.replace(/ ?Did you mean(.+?)\?$/, '');
    return withCode('GRAPHQL_VALIDATION_FAILED', message);
  }
}

function textOf(
  { query, extensions, ...more }: SubscribePayload,
  trustedDocuments: TrustedDocuments,
): string {
  const { documentId } = more as { documentId?: unknown };
  // graphql-ws has no message without a document: who sends an id sends an empty one.
  const trusted = trustedDocuments({ query: query === '' ? undefined : query, documentId, extensions });
  if (typeof trusted === 'object' && trusted !== null) throw refusedRequest(trusted);
  return trusted ?? query;
}

function withCode(code: string, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code } });
}
