import { type Environment, readCommandLine, readConfigFile } from './commandLine.ts';
import { type Config, loadConfig } from '../config/config.ts';
import { OperatorError } from '../core/operatorError.ts';
import { startGateway } from '../gateway.ts';
import { createAuthenticator } from '../auth/authentication.ts';
import { readTrustedDocuments } from '../graphql/trustedDocuments.ts';
import { manageLifecycle } from './lifecycle.ts';
import { systemClock } from '../core/clock.ts';
import { problemsIn, runProgram } from './program.ts';
import { createLogger } from '../telemetry/logger.ts';
import { startTracing } from './tracing.ts';
import { createCredentialSource } from '../upstream/credentials.ts';

/**
 * `npm start`: serves DataWorks with settings from the environment and the file of `--config`. Prints all problems at once and exits
 * with 1 if there are any. `--check` only validates.
 */
async function main(args: readonly string[]): Promise<void> {
  const { config: file, check } = readCommandLine(args);
  if (file !== undefined) addToEnvironment(readConfigFile(file));
  const result = loadConfig(process.env);
  const credential = createCredentialSource();
  const problems = await problemsOf([
    ...('problems' in result
      ? [() => Promise.reject(new OperatorError(result.problems))]
      : [
          () => createAuthenticator(result.config.http.auth, noListeners),
          () => readTrustedDocuments(result.config.http.trustedDocuments),
        ]),
    () => (check ? undefined : credential.getCredential()),
  ]);
  if (!('config' in result) || problems.length > 0) throw new OperatorError(problems);
  if (check) console.log('Configuration is valid.');
  else await serve(result.config, credential);
}

/** The check only reads the files; the server watches them. */
const noListeners = { clock: systemClock, onUnusable: () => undefined, onIssuerChange: () => undefined };

/** The environment takes precedence. Other packages read their settings from it, so values of the file are added to it. */
function addToEnvironment(values: Environment): void {
  const own = Object.entries(process.env).filter(([, value]) => value !== '');
  Object.assign(process.env, values, Object.fromEntries(own));
}

async function serve(config: Config, credential: ReturnType<typeof createCredentialSource>): Promise<void> {
  const logger = createLogger(config.logLevel);
  const stopTracing = await startTracing(process.env);
  const gateway = await startGateway(config, {
    credential,
    logger,
    tracing: stopTracing !== null,
    checkCredentials: true,
  });
  manageLifecycle({
    process,
    logger,
    async close() {
      await gateway.close();
      await stopTracing?.();
    },
  });
  logger.info(`DataWorks GraphQL gateway at ${gateway.url}/graphql`);
}

/** The problems of all steps, so that they are reported at once. */
async function problemsOf(steps: readonly (() => unknown)[]): Promise<string[]> {
  const problems: string[] = [];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      problems.push(...problemsIn(error));
    }
  }
  return problems;
}

await runProgram('The gateway', () => main(process.argv.slice(2)));
