import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { problemsOf, tableOf } from './load/report.ts';
import { runLoad } from './load/run.ts';

/*
 * `npm run bench:load`: the gateway under twice the load that it sustains, for MINUTES (default 10), and what its callers, its
 * upstream and its operators see of that. Ends with 1 where an answer was wrong, memory grew or the upstream was asked too often.
 * SAMPLES names a file for the gateway's own figures, from which load/picture.ts makes a picture.
 */

const seconds = 60 * Number(process.env['MINUTES'] ?? 10);

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
  console.error(['', 'Not as it must be:', ...problems.map((problem) => `  - ${problem}`)].join('\n'));
  process.exitCode = 1;
}
