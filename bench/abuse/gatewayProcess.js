import { monitorEventLoopDelay } from 'node:perf_hooks';
import { loadConfig } from '../../dist/config/config.js';
import { startGateway } from '../../dist/gateway.js';
import { createLogger } from '../../dist/telemetry/logger.js';
import { createCredentialSource } from '../../dist/upstream/credentials.js';

/*
 * A gateway in a process of its own, whose parent asks for its event loop stall, CPU time and memory. The settings are the first
 * argument, as JSON. Plain JavaScript, so that no loader runs in the measured process.
 */

const CREDENTIALS = { accessKeyId: 'SimulatorAccessKeyId', accessKeySecret: 'SimulatorAccessKeySecret' };

const result = loadConfig(JSON.parse(process.argv[2]));
if ('problems' in result) throw new Error(result.problems.join('\n'));
const gateway = await startGateway(result.config, {
  credential: createCredentialSource(() => ({ getCredential: () => Promise.resolve(CREDENTIALS) })),
  logger: createLogger('silent'),
});

const RESOLUTION_MS = 1;
const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delays.enable();
let cpu = process.cpuUsage();
let rssBytes = process.memoryUsage.rss();

process.on('disconnect', () => process.exit(0));
process.on('message', ({ ask }) => {
  if (ask === 'start') {
    globalThis.gc?.();
    delays.reset();
    // The histogram leaves out the first interval after a reset.
    setTimeout(() => {
      rssBytes = process.memoryUsage.rss();
      cpu = process.cpuUsage();
      process.send({});
    }, 10);
    return;
  }
  const { user, system } = process.cpuUsage(cpu);
  // A stall is recorded when the loop turns again: one turn later it is in the histogram.
  setTimeout(() => {
    process.send({
      stallMs: Math.max(0, delays.max / 1e6 - RESOLUTION_MS),
      cpuMs: (user + system) / 1000,
      rssGrowthBytes: process.memoryUsage.rss() - rssBytes,
    });
  }, 5);
});
process.send({ url: gateway.url });
