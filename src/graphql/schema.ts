import { readFileSync } from 'node:fs';
import { buildSubgraphSchema } from '@apollo/subgraph';
import type { GraphQLResolverMap } from '@apollo/subgraph/dist/schema-helper/resolverMap.js';
import { GraphQLScalarType, type GraphQLSchema, isObjectType, parse } from 'graphql';
import { LRUCache } from 'lru-cache';
import type { JsonValue } from '../core/domain.ts';
import { badUserInput } from '../core/errors.ts';
import { type JsonDocument, valueOf } from '../core/jsonDocument.ts';
import { resolvers } from './resolvers.ts';

/**
 * The schema of `schema.graphql` with its resolvers, and with what federation adds: `_service` and `_entities`.
 *
 * @param toWall converts the steady time of `asOf` to the wall clock's time that callers see
 */
export function createSchema(toWall = (time: number) => time): GraphQLSchema {
  const typeDefs = parse(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8'));
  const all = { ...resolvers, DateTime: dateTimeScalar, JSON: jsonScalar };
  // The map's type has no word for the resolver of a type, which `buildSubgraphSchema` takes all the same.
  const schema = buildSubgraphSchema({ typeDefs, resolvers: all as object as GraphQLResolverMap<unknown> });
  for (const type of Object.values(schema.getTypeMap())) {
    const field = isObjectType(type) ? type.getFields()['asOf'] : undefined;
    if (field) field.resolve = ({ asOf }: { asOf: number }) => toWall(asOf);
  }
  return schema;
}

/*
 * `@apollo/subgraph` replaces the whole scalar of the schema by a resolver's, so their descriptions come from `schema.graphql` only
 * because these have none.
 */

const RFC_3339 =
  /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/i;

/** The times of cached rows are requested again and again. */
const isoTexts = new LRUCache<number, string>({
  max: 10_000,
  memoMethod: (epochMs) => new Date(epochMs).toISOString(),
});

/** Epoch milliseconds inside, ISO 8601 in UTC outside. */
const dateTimeScalar = new GraphQLScalarType<number, string>({
  name: 'DateTime',
  serialize: (epochMs) => isoTexts.memo(epochMs as number),
  parseValue(value) {
    const epochMs = typeof value === 'string' && RFC_3339.test(value) ? Date.parse(value) : NaN;
    if (Number.isNaN(epochMs)) throw badUserInput('A DateTime must be an RFC 3339 date and time.');
    return epochMs;
  },
});

/** A stored document inside, its value outside: it is parsed only if it is selected. */
const jsonScalar = new GraphQLScalarType<never, JsonValue>({
  name: 'JSON',
  serialize: (document) => valueOf(document as JsonDocument),
});
