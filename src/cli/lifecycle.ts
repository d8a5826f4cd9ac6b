import { GraphQLError } from 'graphql';
import type { Logger } from '../telemetry/logger.ts';

interface LifecycleOptions {
  /** The process; tests pass another emitter. */
  process: Pick<NodeJS.Process, 'on' | 'exit'>;
  logger: Logger;
  /** Stops the gateway within a time limit of its own. */
  close: () => Promise<void>;
}

/**
 * Exits as an orchestrator expects: with 0 after SIGTERM or SIGINT once everything is closed, immediately on a second signal, and
 * with 1 after an uncaught error, which leaves an unknown state. Unhandled errors of fields are logged and do not exit.
 */
export function manageLifecycle({ process, logger, close }: LifecycleOptions): void {
  let isClosing = false;

  function end(signal: NodeJS.Signals): void {
    if (isClosing) {
      logger.warn({ signal }, 'Second signal: exiting immediately.');
      process.exit(1);
    }
    isClosing = true;
    logger.info({ signal }, 'Shutting down: requests in flight may finish.');
    close().then(() => {
      logger.info('Shut down.');
      process.exit(0);
    }, crash);
  }

  function crash(error: unknown): void {
    logger.fatal({ err: error }, 'Uncaught error: exiting.');
    process.exit(1);
  }

  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  process.on('unhandledRejection', (reason) => {
    if (isFieldError(reason)) logger.error({ err: reason }, 'Unhandled error of a field.');
    else crash(reason);
  });
  process.on('uncaughtException', crash);
}

/**
 * If a non-null field in a list throws synchronously, graphql-js drops the promises of earlier rows. Their rejections have a path
 * in the response and do not affect it.
 */
function isFieldError(reason: unknown): boolean {
  return reason instanceof GraphQLError && reason.path !== undefined;
}
