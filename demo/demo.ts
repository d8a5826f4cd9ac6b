import { loadConfig } from '../src/config/config.ts';
import { OperatorError } from '../src/core/operatorError.ts';
import { startGateway } from '../src/gateway.ts';
import { runProgram } from '../src/cli/program.ts';
import { demoDrift, type Simulator, startSimulator } from '../simulator/server.ts';
import { createCredentialSource } from '../src/upstream/credentials.ts';
import { DEFAULT_SIMULATOR_PORT, FIRST_QUERY } from './addresses.ts';

/** `npm run demo`: the gateway in front of a simulated DataWorks on this machine. Needs no account and no other server. */
async function main(): Promise<void> {
  const simulator = await startDemoSimulator();
  const result = loadConfig({
    ...process.env,
    DATAWORKS_REGION: undefined,
    DATAWORKS_ENDPOINT: simulator.url,
  });
  if ('problems' in result) throw new OperatorError(result.problems);
  const credential = createCredentialSource(() => ({ getCredential: () => Promise.resolve(simulator) }));
  const gateway = await startGateway(result.config, { credential });
  console.log(welcome(gateway.url, simulator.url));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(
      signal,
      () => void Promise.all([gateway.close(), simulator.close()]).then(() => process.exit(0)),
    );
  }
}

/** On a fixed port, so that `npm run demo:fault` finds it; on any free one if that is taken. */
async function startDemoSimulator(): Promise<Simulator> {
  const options = { newRunEveryMs: demoDrift };
  try {
    return await startSimulator({ ...options, port: DEFAULT_SIMULATOR_PORT });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    return startSimulator(options);
  }
}

function welcome(gatewayUrl: string, simulatorUrl: string): string {
  const gateway = gatewayUrl.endsWith(':4000') ? '' : ` --gateway ${gatewayUrl}`;
  const simulator = simulatorUrl.endsWith(`:${DEFAULT_SIMULATOR_PORT}`) ? '' : ` --simulator ${simulatorUrl}`;
  return `
DataWorks GraphQL gateway at ${gatewayUrl}/graphql, in front of a simulated DataWorks at ${simulatorUrl}.

A first query, in a browser (GraphiQL, works offline):
  ${gatewayUrl}/explorer?query=${encodeURIComponent(FIRST_QUERY)}
The same in another terminal:
  npm run demo:query${gateway && ` --${gateway}`}
What clients see when DataWorks fails (lists the kinds of fault):
  npm run demo:fault${simulator && ` --${simulator}`}

${gatewayUrl}/graphql is Apollo Sandbox in a browser. Project 10000 has 2,524 runs and gets a new one every 20 seconds;
10003 is empty; 10004 is forbidden. Ctrl-C stops the demo.
`;
}

await runProgram('The demo', main);
