import type { Logger } from './telemetry/logger.ts';

export interface LifecycleOptions {
  /** What is to be emitted to: the process itself, but for tests. */
  process: Pick<NodeJS.Process, 'on' | 'exit'>;
  logger: Logger;
  /** Ends what runs within a bound of its own. */
  close: () => Promise<void>;
}

/**
 * Ends the process as an orchestrator expects: on SIGTERM or SIGINT with 0 once all is closed, on a second one at once, and
 * with 1 on what nobody has caught, since nobody knows what state that leaves behind.
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
  process.on('unhandledRejection', crash);
  process.on('uncaughtException', crash);
}
