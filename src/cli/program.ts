import { OperatorError } from '../core/operatorError.ts';
import { UpstreamError } from '../core/upstreamError.ts';

/** Runs a program, or says why it cannot start, all reasons at once, and ends the process with 1. A bug is thrown on. */
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
 * What an operator can see to of what went wrong.
 *
 * @throws the error itself where it is a bug.
 */
export function problemsIn(error: unknown): readonly string[] {
  if (error instanceof OperatorError) return error.problems;
  if (error instanceof UpstreamError) return [error.message];
  const { code, syscall, port } = error as NodeJS.ErrnoException & { port?: number };
  if (syscall === 'getaddrinfo') return ['HOST is not the name of this machine or of one of its addresses.'];
  if (syscall !== 'listen' || code === undefined) throw error;
  const advice =
    code === 'EADDRINUSE' ? 'something listens there already. End it, or set another PORT' : code;
  return [`Port ${String(port)} of HOST can't be listened on: ${advice}.`];
}
