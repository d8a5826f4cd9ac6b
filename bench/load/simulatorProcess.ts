import type { RunTruth } from '../../simulator/server.ts';
import { startSimulator } from '../../simulator/server.ts';

/*
 * The simulated DataWorks as a process of its own, so that neither the load nor the gateway slows it down. Its parent reads
 * the real runs over Node's own channel, which the gateway cannot use.
 */

export type Command = { about: 'runs'; projectId: string } | { about: 'calls' };

export type Reply =
  | { type: 'started'; url: string; accessKeyId: string; accessKeySecret: string }
  | { type: 'runs'; runs: RunTruth[] }
  | { type: 'calls'; total: number; throttled: number; mostInASecond: number };

/** A new run in the big project every 20 seconds, and in each of ten small ones once a minute. Milliseconds. */
const newRunEveryMs = Object.fromEntries([
  ['10000', 20_000],
  ...Array.from({ length: 10 }, (_, n) => [String(20_000 + n), 60_000] as const),
]) as Record<string, number>;

const simulator = await startSimulator({ qps: 5, newRunEveryMs });
const { url, accessKeyId, accessKeySecret } = simulator;
process.on('message', (command: Command) => send(replyTo(command)));
// It must not outlive a parent that died.
process.on('disconnect', () => process.exit(0));
send({ type: 'started', url, accessKeyId, accessKeySecret });

function replyTo(command: Command): Reply {
  if (command.about === 'runs') return { type: 'runs', runs: simulator.runs(command.projectId) };
  return {
    type: 'calls',
    total: simulator.calls.length,
    throttled: simulator.calls.filter(({ outcome }) => outcome.startsWith('Throttling')).length,
    mostInASecond: simulator.maxCallsInAnySecond(),
  };
}

function send(reply: Reply): void {
  process.send?.(reply);
}
