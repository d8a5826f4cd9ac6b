import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { problemsOf, tableOf } from './load/report.ts';
import { runLoad } from './load/run.ts';

/*
 * `npm run bench:load`: the gateway under twice its sustainable load for SECONDS (default 600). Reports what callers, the upstream
 * and operators see. Exits with 1 if a response was wrong, memory grew or the upstream received more calls than the account allows.
 * SAMPLES names a file for the gateway's own figures; load/picture.ts draws them.
 */

const seconds = Number(process.env['SECONDS'] ?? 600);

const figures = await runLoad({
  measuringSeconds: Math.min(30, seconds / 2),
  seconds,
  limitedSeconds: Math.min(120, seconds / 2),
  limitedShare: 0.5,
  sampleEveryMs: Math.min(5000, (seconds * 1000) / 20),
});
const problems = problemsOf(figures, { eventLoopP99Ms: 500, residentMb: 500, growthPercent: 10 });

const machine = `Node ${process.version}, ${cpus().length} cores`;
console.log(`${new Date().toISOString().slice(0, 10)}, ${machine}.\n\n${tableOf(figures)}`);
if (process.env['SAMPLES']) writeFileSync(process.env['SAMPLES'], JSON.stringify(figures[1]?.samples));
if (problems.length > 0) {
  console.error(['', 'Failed checks:', ...problems.map((problem) => `  - ${problem}`)].join('\n'));
  process.exitCode = 1;
}
