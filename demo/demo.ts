import { loadConfig } from '../src/config/config.ts';
import { OperatorError } from '../src/core/operatorError.ts';
import { startGateway } from '../src/gateway.ts';
import { runProgram } from '../src/cli/program.ts';
import { demoDrift, startSimulator } from '../simulator/server.ts';
import { createCredentialSource } from '../src/upstream/credentials.ts';

/** `npm run demo`: the gateway before a simulated DataWorks on this machine. Needs no account and no other server. */
async function main(): Promise<void> {
  const simulator = await startSimulator({ newRunEveryMs: demoDrift });
  const result = loadConfig({
    ...process.env,
    DATAWORKS_REGION: undefined,
    DATAWORKS_ENDPOINT: simulator.url,
  });
  if ('problems' in result) throw new OperatorError(result.problems);
  const credential = createCredentialSource(simulator);
  const gateway = await startGateway(result.config, { credential });
  console.log(welcome(gateway.url, simulator.url));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(
      signal,
      () => void Promise.all([gateway.close(), simulator.close()]).then(() => process.exit(0)),
    );
  }
}

function welcome(gatewayUrl: string, simulatorUrl: string): string {
  return `
The gateway is at ${gatewayUrl}/graphql, before a simulated DataWorks at ${simulatorUrl}.
In a browser that is Apollo Sandbox; ${gatewayUrl}/explorer is GraphiQL, which needs no internet.
A first query, for another terminal:

curl -s ${gatewayUrl}/graphql -H 'content-type: application/json' -d '{"query":"{ pipelineRuns(projectId: 10000, first: 2) { totalCount nodes { runId status createTime stages { code status } } pageInfo { endCursor hasNextPage } asOf } }"}'

Project 10000 has 2,524 runs and gets a new one every now and then; 10003 is empty; 10004 is forbidden. Ctrl-C ends it.
`;
}

await runProgram('The demo', main);
