import type { Loaders } from './loaders/loaders.ts';

/** What resolvers get besides their arguments: made anew for every operation. */
export interface GatewayContext {
  requestId: string;
  viewer: Viewer;
  loaders: Loaders;
}

/** Who asks, and what they may see and do. Never holds what they proved it with. */
export interface Viewer {
  /** As operators know the caller: a token's name or a JWT's subject. */
  name: string;
  mayRead(projectId: string): boolean;
  may(capability: Capability): boolean;
  /** The most upstream calls that one of the caller's operations may need; null for the gateway's own limit. */
  maxOperationCalls: number | null;
}

/** What is not everybody's, besides projects. */
export const CAPABILITIES = [
  /** To ask for the schema where INTROSPECTION is off. */
  'introspect',
  /** To use the fields that federation adds for its router, `_entities` and `_service`. */
  'federation',
  /** To read /metrics. */
  'metrics',
] as const;

export type Capability = (typeof CAPABILITIES)[number];

/** The viewer of a gateway that only its own machine can reach. INTROSPECTION alone decides about the schema. */
export const anonymous: Viewer = {
  name: 'anonymous',
  mayRead: () => true,
  may: (capability) => capability !== 'introspect',
  maxOperationCalls: null,
};
