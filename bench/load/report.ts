import type { LoadFigures } from './run.ts';
import type { Sample } from './samples.ts';

/** The limits of the figures. */
export interface Bounds {
  /** The event loop's delay, 99th percentile of any sample, in milliseconds. */
  eventLoopP99Ms: number;
  residentMb: number;
  /** How much the heap that full collections leave may grow in the second half of a stretch, in percent. */
  growthPercent: number;
}

const CALLS_PER_SECOND = 5;

/** From this length on, in seconds, a stretch shows whether memory grows. */
const LONG_S = 300;

/** Descriptions of all figures beyond their limits. */
export function problemsOf(figures: readonly LoadFigures[], bounds: Bounds): string[] {
  return figures.flatMap((stretch) => {
    const { verdicts, unanswered, upstream, samples } = stretch;
    const growth = growthPercentOf(stretch);
    const isLong = stretch.seconds >= LONG_S;
    const broken: [isBroken: boolean, tell: string][] = [
      [verdicts.wrong.length > 0, `${verdicts.wrong.length} wrong answers: ${verdicts.wrong[0] ?? ''}`],
      [verdicts.checked === 0, 'no answer was held against the truth'],
      [unanswered > 0, `${unanswered} requests got no answer`],
      [upstream.mostInASecond > CALLS_PER_SECOND, `${upstream.mostInASecond} upstream calls in a second`],
      [eventLoopP99Ms(samples) > bounds.eventLoopP99Ms, `event loop late by ${eventLoopP99Ms(samples)} ms`],
      [residentMb(samples) > bounds.residentMb, `${residentMb(samples)} MB resident`],
      [isLong && growth > bounds.growthPercent, `the heap grew by ${growth.toFixed(1)} % in the second half`],
    ];
    return broken.filter(([isBroken]) => isBroken).map(([, tell]) => `${stretch.name}: ${tell}.`);
  });
}

/** The figures as a table in Markdown. */
export function tableOf(figures: readonly LoadFigures[]): string {
  const rows: [what: string, of: (stretch: LoadFigures) => string][] = [
    ['load', ({ name }) => name],
    ['---', () => '---:'],
    ['for', ({ seconds }) => `${seconds} s`],
    ['offered', ({ offeredPerSecond }) => (offeredPerSecond === null ? '–' : perSecond(offeredPerSecond))],
    ['answered', ({ answeredPerSecond }) => perSecond(answeredPerSecond)],
    [
      'wait: median, 99th, longest',
      ({ latencyMs: { p50, p99, max } }) => `${p50}, ${p99}, ${Math.round(max)} ms`,
    ],
    ['answers: fresh', ({ verdicts }) => count(verdicts.fresh)],
    ['answers: stale, and saying so', ({ verdicts }) => count(verdicts.stale)],
    ['rejections', ({ verdicts }) => codes(verdicts.rejected)],
    ['held against the truth, row by row', ({ verdicts }) => count(verdicts.checked)],
    [
      'wrong, without a code, or unanswered',
      ({ verdicts, unanswered }) => count(verdicts.wrong.length + unanswered),
    ],
    ['upstream calls', ({ upstream }) => count(upstream.calls)],
    ['most upstream calls in any second', ({ upstream }) => count(upstream.mostInASecond)],
    ['event loop delay, 99th, worst sample', ({ samples }) => `${eventLoopP99Ms(samples)} ms`],
    ['memory, highest', ({ samples }) => `${residentMb(samples)} MB`],
    ['heap after a full collection, half way and at the end', heapOf],
    ['load average of the machine', ({ loadAverage }) => loadAverage.toFixed(1)],
    ['CPU of the gateway', ({ samples }) => `${Math.round(100 * cpuShare(samples))} % of a core`],
  ];
  return rows.map(([what, of]) => `| ${[what, ...figures.map(of)].join(' | ')} |`).join('\n');
}

function eventLoopP99Ms(samples: readonly Sample[]): number {
  // The first looks back at what was before.
  return Math.round(1000 * Math.max(0, ...samples.slice(1).map(({ eventLoopP99S }) => eventLoopP99S)));
}

function residentMb(samples: readonly Sample[]): number {
  return Math.round(Math.max(0, ...samples.map(({ residentBytes }) => residentBytes)) / 1e6);
}

function growthPercentOf({ heapInUse: { half, end } }: LoadFigures): number {
  return 100 * (end / half - 1);
}

function heapOf({ heapInUse: { half, end } }: LoadFigures): string {
  return `${(half / 1e6).toFixed(1)}, ${(end / 1e6).toFixed(1)} MB`;
}

function cpuShare(samples: readonly Sample[]): number {
  const [first, last] = [samples[0], samples.at(-1)];
  return first && last && last !== first ? (last.cpuS - first.cpuS) / (last.atS - first.atS) : 0;
}

function codes(rejected: Readonly<Record<string, number>>): string {
  const sorted = Object.entries(rejected).sort(([, one], [, other]) => other - one);
  return sorted.map(([code, times]) => `${count(times)} \`${code}\``).join(', ') || 'none';
}

function count(value: number): string {
  return value.toLocaleString('en');
}

function perSecond(value: number): string {
  return `${count(Math.round(value))} / s`;
}
