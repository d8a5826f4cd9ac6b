import { GraphQLError } from 'graphql';
import type { Logger } from '../telemetry/logger.ts';

export interface LifecycleOptions {
  /** What is to be emitted to: the process itself, but for tests. */
  process: Pick<NodeJS.Process, 'on' | 'exit'>;
  logger: Logger;
  /** Ends what runs within a bound of its own. */
  close: () => Promise<void>;
}

/**
 * Ends the process as an orchestrator expects: on SIGTERM or SIGINT with 0 once all is closed, on a second one at once, and
 * with 1 on what nobody has caught, since nobody knows what state that leaves behind. Errors of single answers are known: they are
 * logged and end nothing.
 */
export function manageLifecycle({ process, logger, close }: LifecycleOptions): void {
  let isClosing = false;

  function end(signal: NodeJS.Signals): void {
    if (isClosing) {
      logger.warn({ signal }, 'The second signal: ending at once.');
      process.exit(1);
    }
    isClosing = true;
    logger.info({ signal }, 'Shutting down: what is in flight may end.');
    close().then(() => {
      logger.info('Shut down.');
      process.exit(0);
    }, crash);
  }

  function crash(error: unknown): void {
    logger.fatal({ err: error }, 'Ending: an error was caught by nobody.');
    process.exit(1);
  }

  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  process.on('unhandledRejection', (reason) => {
    if (isOfOneAnswer(reason)) logger.error({ err: reason }, 'The error of a field was left unhandled.');
    else crash(reason);
  });
  process.on('uncaughtException', crash);
}

/**
 * Where a non-null field of a list's row throws at once, graphql-js drops the promises of the rows before it. If one of those
 * rejects, it does so with an error that has a path in the answer, and the answer has been made without it.
 */
function isOfOneAnswer(reason: unknown): boolean {
  return reason instanceof GraphQLError && reason.path !== undefined;
}
