import { startGatewayProcess, startSimulatorProcess } from '../load/processes.ts';
import { bodyOf } from './workload.ts';

const ROUNDS = 5;

/** From the start of the program of `npm start` to its first response. It checks the credentials with the simulator before it is ready. */
export async function measureStartup(): Promise<void> {
  await using simulator = await startSimulatorProcess();
  const tookMs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const startedMs = performance.now();
    await using gateway = await startGatewayProcess(simulator);
    const response = await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: bodyOf({ number: 1, size: 10 }),
    });
    if (!(await response.text()).includes('"edges":[{')) throw new Error('The first response has no runs.');
    tookMs.push(performance.now() - startedMs);
  }
  const inOrder = tookMs.map(Math.round).sort((one, other) => one - other);
  console.log(`\n## Start to first response\n\n${inOrder.join(', ')} ms.`);
}
