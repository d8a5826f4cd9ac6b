import { readFileSync } from 'node:fs';
import { makeExecutableSchema } from '@graphql-tools/schema';
import type { GraphQLSchema } from 'graphql';
import { budgeted } from './budget/budgeted.ts';
import { type Budget, createBudget } from './budget/budget.ts';
import { limitsFor } from './budget/presets.ts';
import { cached } from './cache/cached.ts';
import type { Pace } from './cache/freshness.ts';
import type { Config } from './config.ts';
import type { GatewayContext } from './context.ts';
import { startHttpServer } from './http/server.ts';
import { createLoaders } from './loaders/loaders.ts';
import { type CallContext, type Clock, systemClock, type Upstream } from './model.ts';
import { resolvers } from './resolvers/resolvers.ts';
import { createClient } from './upstream/client.ts';
import type { CredentialSource } from './upstream/credentials.ts';
import { resilient } from './upstream/resilient.ts';

export interface Gateway {
  /** Where it listens, such as `http://127.0.0.1:4000`. */
  url: string;
  /** Lets requests in flight end, then stops. */
  close(): Promise<void>;
}

export interface GatewayParts {
  /** Warmed by the caller, so that a gateway without credentials does not start. */
  credential: CredentialSource;
  /** Default: the system's. */
  clock?: Clock;
  /** Told of errors that are bugs. Default: standard error. */
  onBug?: (error: unknown, requestId: string) => void;
}

/** Puts the rooms together and opens the door. */
export async function startGateway(config: Config, parts: GatewayParts): Promise<Gateway> {
  const { credential, clock = systemClock } = parts;
  const budget = createBudget({ limits: limitsFor(config.budget.edition, config.budget.overrides), clock });
  const client = createClient({ ...config.upstream, credential, clock });
  const upstream = cached(resilient(budgeted(client, budget), { clock, maxInFlight: MAX_IN_FLIGHT }), {
    ...config.cache,
    clock,
    patienceMs: config.requestDeadlineMs,
    paces: () => pacesOf(budget, clock),
    report: () => undefined,
  });
  return startHttpServer({
    ...config.http,
    schema: createSchema(),
    introspection: config.introspection,
    explorer: config.explorer,
    createContext: ({ requestId, signal }) => createContext(upstream, config, clock, { requestId, signal }),
    health: () => ({ status: 'ok', reasons: [] }),
    onBug: parts.onBug ?? ((error) => console.error(error)),
  });
}

/** The schema of `schema.graphql`, with its resolvers. */
export function createSchema(): GraphQLSchema {
  const typeDefs = readFileSync(new URL('../schema.graphql', import.meta.url), 'utf8');
  return makeExecutableSchema({
    typeDefs,
    resolvers,
    resolverValidationOptions: { requireResolversToMatchSchema: 'error' },
  });
}

/**
 * Calls under way or waiting for their turn with the budget, where priorities rule. The budget bounds the calls on the wire: as
 * many a second as it allows, each for the time of one try.
 */
const MAX_IN_FLIGHT = 512;

function createContext(
  upstream: Upstream,
  config: Config,
  clock: Clock,
  { requestId, signal }: { requestId: string; signal: AbortSignal },
): GatewayContext {
  const call: CallContext = {
    deadline: clock.now() + config.requestDeadlineMs,
    priority: 'interactive',
    signal,
    report: () => undefined,
  };
  return {
    requestId,
    loaders: createLoaders(upstream, { pageSize: config.pageSize, mayRead: () => true }, call),
  };
}

function pacesOf(budget: Budget, clock: Clock): Pace[] {
  const { day, month } = budget.snapshot();
  return [day, month].flatMap(({ left, resetsAt }) =>
    left === null ? [] : [{ left, untilTurnMs: resetsAt - clock.now() }],
  );
}
