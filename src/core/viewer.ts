/** An authenticated caller and its permissions. Never contains a credential. */
export interface Viewer {
  /** The name of the token or the subject of the JWT. */
  name: string;
  /** Unique per caller across all kinds of credentials. Limits per caller are counted by it. */
  callerId: string;
  /** All permissions as text. Callers with the same scope get the same responses. */
  scope: string;
  mayRead: (projectId: string) => boolean;
  may(capability: Capability): boolean;
  /** The most upstream calls that one of the caller's operations may need; null for the gateway's own limit. */
  maxOperationCalls: number | null;
  /** The most upstream calls that may be made for the caller in any second and in a day; null for no limit of its own. */
  maxCallsPerSecond: number | null;
  maxCallsPerDay: number | null;
  /** Epoch milliseconds at which the credential expires and its subscriptions end; null for never. */
  expiresAt: number | null;
}

/** Permissions besides projects. */
export const CAPABILITIES = [
  /** Introspection while INTROSPECTION is off. */
  'introspect',
  /** The fields for federation routers, `_entities` and `_service`. */
  'federation',
  /** `/metrics`. */
  'metrics',
  /** The remaining quota of the account in `extensions.cost`. */
  'budget',
] as const;

export type Capability = (typeof CAPABILITIES)[number];

/** The only viewer without authentication, on loopback. Introspection depends on INTROSPECTION alone. */
export const anonymous: Viewer = {
  name: 'anonymous',
  callerId: 'anonymous',
  scope: 'anonymous',
  mayRead: () => true,
  may: (capability) => capability !== 'introspect',
  maxOperationCalls: null,
  maxCallsPerSecond: null,
  maxCallsPerDay: null,
  expiresAt: null,
};
