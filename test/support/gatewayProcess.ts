import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface GatewayProcess extends AsyncDisposable {
  /** Resolves with the URL that it prints when it listens. */
  url: Promise<string>;
  /** Resolves once its output contains the text. */
  wrote(text: string): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  exit: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  stdout(): string;
  stderr(): string;
}

/** Arguments to Node for each program. The demo is not part of the build. */
const PROGRAMS = {
  main: [pathOf('dist/cli/main.js')],
  demo: ['--import', 'tsx', pathOf('demo/demo.ts')],
};

/** Disables all sources of credentials except those of the test. */
const NO_CREDENTIALS = {
  HOME: '/nonexistent',
  ALIBABA_CLOUD_ECS_METADATA_DISABLED: 'true',
  ALIBABA_CLOUD_CLI_PROFILE_DISABLED: 'true',
};

/** Starts the built program of `npm start`, the demo, or Node with other arguments, with only the given environment. */
export function startGatewayProcess(
  env: Record<string, string> = {},
  args: readonly string[] = [],
  program: keyof typeof PROGRAMS | readonly string[] = 'main',
): GatewayProcess {
  const nodeArgs = typeof program === 'string' ? PROGRAMS[program] : program;
  const child = spawn(process.execPath, [...nodeArgs, ...args], {
    env: { PATH: process.env['PATH'], ...NO_CREDENTIALS, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  const watchers = new Set<() => void>();
  child.stdout.on('data', (chunk) => {
    stdout += String(chunk);
    for (const look of watchers) look();
  });
  child.stderr.on('data', (chunk) => {
    stderr += String(chunk);
  });
  const exit = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  const matched = (pattern: RegExp | string) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const match = new RegExp(pattern).exec(stdout);
        if (match) resolve(match);
      };
      watchers.add(look);
      look();
      void exit.then(() =>
        reject(new Error(`The process exited before it wrote ${String(pattern)}:\n${stdout}${stderr}`)),
      );
    });
  const url = matched(/gateway at (http:\/\/[\w.:]+)\/graphql/).then(([, found]) => found ?? '');
  // Some tests do not await it.
  url.catch(() => undefined);

  return {
    url,
    wrote: (text) => matched(text).then(() => undefined),
    kill: (signal) => void child.kill(signal),
    exit,
    stdout: () => stdout,
    stderr: () => stderr,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await exit;
    },
  };
}

function pathOf(file: string): string {
  return fileURLToPath(new URL(`../../${file}`, import.meta.url));
}
