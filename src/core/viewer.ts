/** Who asks, and what they may see and do. Never holds what they proved it with. */
export interface Viewer {
  /** As operators know the caller: a token's name or a JWT's subject. */
  name: string;
  /** Distinguishes the caller from all others, whatever proved who they are: what is counted per caller is counted by this. */
  callerId: string;
  /** All that decides what they see and may do, as text: who have the same get the same answers. */
  scope: string;
  mayRead(projectId: string): boolean;
  may(capability: Capability): boolean;
  /** The most upstream calls that one of the caller's operations may need; null for the gateway's own limit. */
  maxOperationCalls: number | null;
  /** The most upstream calls that may be made for the caller in any second and in a day; null for no limit of its own. */
  maxCallsPerSecond: number | null;
  maxCallsPerDay: number | null;
  /** Epoch milliseconds at which the proof of who they are ends, and with it what goes on by it; null for never. */
  expiresAt: number | null;
}

/** What is not everybody's, besides projects. */
export const CAPABILITIES = [
  /** To ask for the schema where INTROSPECTION is off. */
  'introspect',
  /** To use the fields that federation adds for its router, `_entities` and `_service`. */
  'federation',
  /** To read /metrics. */
  'metrics',
  /** To see in `extensions.cost` what the whole account may still spend. */
  'budget',
] as const;

export type Capability = (typeof CAPABILITIES)[number];

/** The viewer of a gateway that only its own machine can reach. INTROSPECTION alone decides about the schema. */
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
