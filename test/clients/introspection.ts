import { getIntrospectionQuery, type IntrospectionQuery } from 'graphql';
import type { TestGateway } from '../support/gateway.ts';

/** The schema as a frontend team downloads it: by introspection of the server. */
export async function introspect(gateway: TestGateway): Promise<IntrospectionQuery> {
  const { data } = await gateway.query(getIntrospectionQuery());
  return data as IntrospectionQuery;
}
