import { monitorEventLoopDelay } from 'node:perf_hooks';
import '../../dist/cli/main.js';

/*
 * The built program in a process whose parent asks for its event loop stall, CPU time and memory. Plain JavaScript, so that no loader
 * runs in the measured process.
 */

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
process.send({});
