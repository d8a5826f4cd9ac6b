import { loadConfig } from './config.ts';
import { startGateway } from './gateway.ts';
import { createCredentialSource } from './upstream/credentials.ts';

/** `npm start`: serves the real DataWorks from the environment's settings, or says all that is missing and exits 1. */
async function main(): Promise<void> {
  const result = loadConfig(process.env);
  const credential = createCredentialSource(null);
  const problems = 'problems' in result ? [...result.problems] : [];
  await credential.warm().catch((error: unknown) => problems.push(messageOf(error)));
  if ('problems' in result || problems.length > 0) {
    console.error(['The gateway cannot start:', ...problems.map((problem) => `  - ${problem}`)].join('\n'));
    process.exitCode = 1;
    return;
  }
  const gateway = await startGateway(result.config, { credential });
  console.log(`DataWorks GraphQL gateway at ${gateway.url}/graphql`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void gateway.close().then(() => process.exit(0)));
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

await main();
