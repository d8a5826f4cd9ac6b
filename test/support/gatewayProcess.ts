import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface GatewayProcess extends AsyncDisposable {
  /** Resolves with the URL that it tells when it listens. */
  url: Promise<string>;
  /** Resolves once a text stands in what it has written. */
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

/** No way to a credential but those that a test gives. */
const NO_CREDENTIALS = {
  HOME: '/nonexistent',
  ALIBABA_CLOUD_ECS_METADATA_DISABLED: 'true',
  ALIBABA_CLOUD_CLI_PROFILE_DISABLED: 'true',
};

/** `npm start`'s own program as built, or the demo's, with the environment given and nothing of the test's. */
export function startGatewayProcess(
  env: Record<string, string> = {},
  args: readonly string[] = [],
  program: keyof typeof PROGRAMS = 'main',
): GatewayProcess {
  const child = spawn(process.execPath, [...PROGRAMS[program], ...args], {
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
        reject(new Error(`It ended before it wrote ${String(pattern)}:\n${stdout}${stderr}`)),
      );
    });
  const url = matched(/gateway at (http:\/\/[\w.:]+)\/graphql/).then(([, found]) => found ?? '');
  // Not every test waits for it.
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
