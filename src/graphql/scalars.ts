import { GraphQLScalarType } from 'graphql';
import { badUserInput } from '../core/errors.ts';

/*
 * `@apollo/subgraph` replaces the whole scalar of the schema by a resolver's, so their descriptions come from `schema.graphql` only
 * because these have none.
 */

const RFC_3339 =
  /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/i;

/** Epoch milliseconds inside, ISO 8601 in UTC outside. */
export const dateTimeScalar = new GraphQLScalarType<number, string>({
  name: 'DateTime',
  serialize: (epochMs) => new Date(epochMs as number).toISOString(),
  parseValue(value) {
    const epochMs = typeof value === 'string' && RFC_3339.test(value) ? Date.parse(value) : NaN;
    if (Number.isNaN(epochMs)) throw badUserInput('A DateTime must be an RFC 3339 date and time.');
    return epochMs;
  },
});

export const jsonScalar = new GraphQLScalarType({ name: 'JSON' });
