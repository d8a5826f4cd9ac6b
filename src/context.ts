import type { Loaders } from './loaders/loaders.ts';

/** What resolvers get besides their arguments: made anew for every operation. */
export interface GatewayContext {
  requestId: string;
  loaders: Loaders;
}
