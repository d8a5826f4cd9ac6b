import { readFileSync } from 'node:fs';
import { buildSubgraphSchema } from '@apollo/subgraph';
import type { GraphQLResolverMap } from '@apollo/subgraph/dist/schema-helper/resolverMap.js';
import { type GraphQLSchema, isObjectType, parse } from 'graphql';
import { resolvers } from './resolvers.ts';

/**
 * The schema of `schema.graphql` with its resolvers, and with what federation adds: `_service` and `_entities`.
 *
 * @param toWall converts the steady time of `asOf` to the wall clock's time that callers see
 */
export function createSchema(toWall = (time: number) => time): GraphQLSchema {
  const typeDefs = parse(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8'));
  // The map's type has no word for the resolver of a type, which `buildSubgraphSchema` takes all the same.
  const schema = buildSubgraphSchema({
    typeDefs,
    resolvers: resolvers as object as GraphQLResolverMap<unknown>,
  });
  for (const type of Object.values(schema.getTypeMap())) {
    const field = isObjectType(type) ? type.getFields()['asOf'] : undefined;
    if (field) field.resolve = ({ asOf }: { asOf: number }) => toWall(asOf);
  }
  return schema;
}
