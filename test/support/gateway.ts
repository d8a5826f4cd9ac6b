import { loadConfig } from '../../src/config/config.ts';
import { startGateway } from '../../src/gateway.ts';
import type { Clock } from '../../src/core/clock.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../simulator/server.ts';
import type { Logger } from '../../src/telemetry/logger.ts';
import { createCredentialSource } from '../../src/upstream/credentials.ts';

export interface TestGateway extends AsyncDisposable {
  url: string;
  simulator: Simulator;
  /** Posts an operation and returns the parsed response. */
  query(
    query: string,
    variables?: Record<string, unknown>,
    headers?: Record<string, string>,
  ): Promise<GraphQLAnswer>;
  /** The upstream calls since the last `newCalls()`: action and page number, as in `ListPipelineRuns 1`. */
  newCalls(): string[];
  close(): Promise<void>;
}

export interface GraphQLAnswer {
  status: number;
  headers: Headers;
  data: any; // eslint-disable-line @typescript-eslint/no-explicit-any -- read at any depth
  errors?: { message: string; path?: (string | number)[]; extensions: Record<string, unknown> }[];
  extensions?: Record<string, unknown>;
}

export interface TestGatewayOptions {
  simulator?: SimulatorOptions;
  /** An existing simulator, which the caller closes. Default: a new one. */
  before?: Simulator;
  /** Settings by their environment names. */
  settings?: Record<string, string>;
  clock?: Clock;
  logger?: Logger;
  /** Whether every operation starts a trace, for which the test has registered an OpenTelemetry SDK. */
  tracing?: boolean;
}

/**
 * The whole gateway over HTTP with the real SDK, in front of a new simulator. By default, neither side limits calls, and no runs
 * are added.
 */
export async function startTestGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const simulator = options.before ?? (await startSimulator({ qps: null, ...options.simulator }));
  const result = loadConfig({
    PORT: '0',
    DATAWORKS_ENDPOINT: simulator.url,
    DATAWORKS_MAX_QPS: '1000',
    // Simulator, gateway and test share one event loop, which a busy machine delays.
    MAX_QUEUE_MS: '60000',
    ...options.settings,
  });
  if ('problems' in result) throw new Error(result.problems.join('\n'));
  const gateway = await startGateway(result.config, {
    credential: createCredentialSource(() => ({ getCredential: () => Promise.resolve(simulator) })),
    ...(options.clock && { clock: options.clock }),
    ...(options.logger && { logger: options.logger }),
    tracing: options.tracing ?? false,
  });
  let seen = 0;

  return {
    url: gateway.url,
    simulator,
    query: (query, variables, headers) => postOperation(gateway.url, { query, variables }, headers),
    newCalls() {
      const fresh = [...simulator.calls].slice(seen);
      seen += fresh.length;
      return fresh.map(({ action, params }) => [action, params['PageNumber']].filter(Boolean).join(' '));
    },
    close,
    [Symbol.asyncDispose]: close,
  };

  async function close(): Promise<void> {
    await gateway.close();
    if (!options.before) await simulator.close();
  }
}

export async function postOperation(
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<GraphQLAnswer> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  const answer = (await response.json()) as Omit<GraphQLAnswer, 'status' | 'headers'>;
  return { status: response.status, headers: response.headers, ...answer };
}
