import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../load/processes.ts';

/** The cost of one measurement for the gateway's process. */
export interface Figures {
  /** The longest time that its event loop was blocked. */
  stallMs: number;
  cpuMs: number;
  rssGrowthBytes: number;
}

export interface MeasuredGateway extends AsyncDisposable {
  url: string;
  /** Starts a measurement. */
  start(): Promise<void>;
  figures(): Promise<Figures>;
  /** Posts a body and returns the status of the response. */
  post(body: string): Promise<number>;
}

const SCRIPT = fileURLToPath(new URL('gatewayProcess.js', import.meta.url));
export const TOKEN = 'a-token-of-the-abuse-benchmark';

/** The built gateway in a process of its own, as in production but for the rate limit. Needs `npm run build`. */
export async function startMeasuredGateway(
  simulatorUrl: string,
  settings: Readonly<Record<string, string>>,
): Promise<MeasuredGateway> {
  const directory = mkdtempSync(join(tmpdir(), 'abuse-'));
  const tokensFile = join(directory, 'tokens.json');
  const sha256 = createHash('sha256').update(TOKEN).digest('hex');
  const token = { name: 'abuser', sha256, projects: '*', may: ['introspect', 'federation'] };
  writeFileSync(tokensFile, JSON.stringify([token]));
  const port = String(await freePort());
  const env = {
    PATH: process.env['PATH'],
    PORT: port,
    NODE_ENV: 'production',
    LOG_LEVEL: 'silent',
    DATAWORKS_ENDPOINT: simulatorUrl,
    DATAWORKS_MAX_QPS: '10000',
    MAX_QUEUE_MS: '10000',
    CACHE_FRESH_MS: '600000',
    STORED_ANSWERS: 'off',
    AUTH_TOKENS_FILE: tokensFile,
    RATE_LIMIT_PER_SECOND: '1000000',
    ALIBABA_CLOUD_ACCESS_KEY_ID: 'SimulatorAccessKeyId',
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'SimulatorAccessKeySecret',
    ...settings,
  };
  const child = fork(SCRIPT, { env, execArgv: ['--expose-gc'] });
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`The gateway ended with ${String(code ?? signal)}.`);
  });
  ended.catch(() => undefined);
  const reply = async () => ((await Promise.race([once(child, 'message'), ended])) as [unknown])[0];
  const ask = (command: string) => {
    const answer = reply();
    child.send({ ask: command });
    return answer;
  };
  await reply();
  const url = `http://127.0.0.1:${port}`;
  rmSync(directory, { recursive: true });
  return {
    url,
    async start() {
      await ask('start');
    },
    figures: async () => (await ask('figures')) as Figures,
    async post(body) {
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` };
      const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body });
      await response.arrayBuffer();
      return response.status;
    },
    async [Symbol.asyncDispose]() {
      const exit = once(child, 'exit');
      child.disconnect();
      await exit;
    },
  };
}

/**
 * The figures of the round with the least stall: other load on the machine can only lengthen it.
 *
 * @param enoughMs no more rounds follow one with a shorter stall
 */
export async function leastOf(
  rounds: number,
  measure: () => Promise<Figures>,
  enoughMs = 0,
): Promise<Figures> {
  let least: Figures | null = null;
  for (let round = 0; round < rounds && (least === null || least.stallMs >= enoughMs); round++) {
    const figures = await measure();
    if (least === null || figures.stallMs < least.stallMs) least = figures;
  }
  if (least === null) throw new RangeError('There must be at least one round.');
  return least;
}
