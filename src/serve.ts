import type { Config } from './config/config.ts';
import type { Clock, SteadyClock } from './core/clock.ts';
import { createExecution } from './graphql/execution.ts';
import { type ContextOptions, createRequestContext } from './graphql/context.ts';
import { createSchema } from './graphql/schema.ts';
import type { Health } from './http/operatorRoutes.ts';
import { type HttpServer, startHttpServer } from './http/server.ts';
import type { Observability } from './telemetry/observability.ts';

export interface ServeOptions extends Pick<
  ContextOptions,
  'upstream' | 'view' | 'memory' | 'subscriptions' | 'quota'
> {
  observability: Observability;
  health: () => Health;
  onIssuerChange: (problem: string | null) => void;
  clock: SteadyClock;
  wallClock: Clock;
}

/** Starts the HTTP server with the schema over an upstream. */
export function serve(config: Config, options: ServeOptions): Promise<HttpServer> {
  const { observability, health, onIssuerChange, clock, wallClock } = options;
  const contextOptions: ContextOptions = {
    ...options,
    deadlineMs: config.requestDeadlineMs,
    maxOperationCalls: config.maxOperationCalls,
    maxObjects: config.http.limits.rows,
  };
  return startHttpServer({
    ...config.http,
    schema: createSchema(clock.toWall),
    execute: createExecution({ compile: config.compiledQueries }),
    introspection: config.introspection,
    explorer: config.explorer,
    clock: wallClock,
    steadyClock: clock,
    createContext: createRequestContext.bind(null, contextOptions),
    report: observability.background,
    health,
    metrics: config.metrics ? observability.scrape : null,
    observe: observability.observe,
    onBug: observability.bug,
    onUnusable: observability.unusableFile,
    onIssuerChange,
  });
}
