import { OperatorError } from '../core/operatorError.ts';
import { UpstreamError } from '../core/upstreamError.ts';

/** Runs a program. Prints why it cannot start, all reasons at once, and exits with 1. Rethrows bugs. */
export async function runProgram(name: string, main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    const problems = problemsIn(error);
    console.error([`${name} cannot start:`, ...problems.map((problem) => `  - ${problem}`)].join('\n'));
    process.exit(1);
  }
}

/**
 * What an operator can correct.
 *
 * @throws the error itself if it is a bug
 */
export function problemsIn(error: unknown): readonly string[] {
  if (error instanceof OperatorError) return error.problems;
  if (error instanceof UpstreamError) return [error.message];
  const { code, syscall, port } = error as NodeJS.ErrnoException & { port?: number };
  if (syscall === 'getaddrinfo') return ['HOST is not a name or address of this machine.'];
  if (syscall !== 'listen' || code === undefined) throw error;
  const advice =
    code === 'EADDRINUSE' ? 'the port is in use. Stop the other program, or set another PORT' : code;
  return [`Cannot listen on port ${String(port)} of HOST: ${advice}.`];
}
