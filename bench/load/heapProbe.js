/*
 * Loaded into the gateway before its own program, so that a benchmark can ask for what memory is in use once all that can be
 * collected is. In plain JavaScript, for Node loads it as it is.
 */

process.on('message', (command) => {
  if (command !== 'heap') return;
  globalThis.gc();
  process.send({ type: 'heap', usedBytes: process.memoryUsage().heapUsed });
});
// The probe must not keep the gateway running.
process.channel?.unref();
