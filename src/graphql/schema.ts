import { readFileSync } from 'node:fs';
import { buildSubgraphSchema } from '@apollo/subgraph';
import type { GraphQLResolverMap } from '@apollo/subgraph/dist/schema-helper/resolverMap.js';
import { type GraphQLSchema, parse } from 'graphql';
import { resolvers } from './resolvers.ts';

/** The schema of `schema.graphql` with its resolvers, and with what federation adds: `_service` and `_entities`. */
export function createSchema(): GraphQLSchema {
  const typeDefs = parse(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8'));
  // The map's type has no word for the resolver of a type, which `buildSubgraphSchema` takes all the same.
  return buildSubgraphSchema({ typeDefs, resolvers: resolvers as object as GraphQLResolverMap<unknown> });
}
