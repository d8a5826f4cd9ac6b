import type { Capability, Viewer } from '../core/viewer.ts';
import { requestError } from '../core/errors.ts';

/** Root fields that require a capability. By name, so that this also covers fields that a schema does not have yet. */
export const gatedFields: ReadonlyMap<string, Capability> = new Map([
  ['__schema', 'introspect'],
  ['__type', 'introspect'],
  ['_entities', 'federation'],
  ['_service', 'federation'],
]);

/**
 * @param fields the gated fields that an operation selects
 * @param introspection whether everybody may introspect
 * @throws FORBIDDEN
 */
export function assertMaySelect(fields: ReadonlySet<string>, viewer: Viewer, introspection: boolean): void {
  for (const field of fields) {
    const capability = gatedFields.get(field);
    if (capability === undefined || viewer.may(capability)) continue;
    const isIntrospection = capability === 'introspect';
    if (isIntrospection && introspection) continue;
    const alternative = isIntrospection ? ', or ask the operator to turn INTROSPECTION on' : '';
    throw requestError({
      code: 'FORBIDDEN',
      message: `Selecting ${field} requires a token with the scope ${capability}${alternative}.`,
      status: 403,
    });
  }
}
