import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Chart, pageOf } from './charts.ts';
import { between, quantileS, sumOf } from './rates.ts';
import type { Sample } from './samples.ts';

/*
 * Draws the figures that `npm run bench:load` left in the file of SAMPLES, as examples/grafana-dashboard.json shows them of a
 * gateway in service: tsx bench/load/picture.ts <samples.json> <picture.png> [subtitle]. Needs Debian's Chromium.
 */

const CHROMIUM = '/usr/bin/chromium';
const SIZE = { width: 1200, height: 590 };

const COLOURS = ['#2a78d6', '#eb6834', '#1baf7a', '#eda100', '#4a3aa7', '#e87ba4'] as const;

function chartsOf(samples: readonly Sample[]): Chart[] {
  const rates = between(samples);
  const atS = rates.map((rate) => rate.atS);
  const perSecond = (of: (sample: Sample) => Record<string, number>, names: readonly string[]) =>
    names.map((name, n) => ({
      name,
      colour: COLOURS[n % COLOURS.length] ?? '#000',
      values: rates.map(({ perSecondOf }) => perSecondOf((sample) => of(sample)[name] ?? 0)),
    }));
  const line = (name: string, n: number, values: number[]) => ({
    name,
    colour: COLOURS[n] ?? '#000',
    values,
  });
  const quantile = (share: number) =>
    rates.map(({ from, to }) => 1000 * quantileS(share, from.operationsUpToS, to.operationsUpToS));
  const last = samples.at(-1);
  const codes = byCount(last?.operationsByCode).slice(0, 3);
  return [
    {
      title: 'Operations by code',
      unit: '/ s',
      isStacked: true,
      atS,
      series: perSecond(({ operationsByCode }) => withOthers(operationsByCode, codes), [...codes, 'others']),
    },
    {
      title: 'Operation duration',
      unit: 'ms',
      atS,
      series: [line('p50', 0, quantile(0.5)), line('p99', 1, quantile(0.99))],
    },
    {
      title: 'Cache results',
      unit: '/ s',
      isStacked: true,
      atS,
      series: perSecond((sample) => sample.cacheResults, byCount(last?.cacheResults)),
    },
    {
      title: 'Calls to DataWorks',
      unit: '/ s',
      limit: { name: 'limit of the account', value: 5 },
      atS,
      series: [
        line(
          'all outcomes',
          2,
          rates.map(({ perSecondOf }) => perSecondOf(({ upstreamCalls }) => sumOf(upstreamCalls))),
        ),
      ],
    },
    {
      title: 'Event loop lag',
      unit: 'ms',
      atS,
      series: [
        line(
          'p99',
          4,
          rates.map(({ to }) => 1000 * to.eventLoopP99S),
        ),
      ],
    },
    {
      title: 'Memory',
      unit: 'MB',
      atS,
      series: [
        line(
          'resident',
          0,
          rates.map(({ to }) => to.residentBytes / 1e6),
        ),
        line(
          'heap used',
          2,
          rates.map(({ to }) => to.heapUsedBytes / 1e6),
        ),
      ],
    },
  ];
}

/** The names with the most first. */
function byCount(counts: Readonly<Record<string, number>> = {}): string[] {
  return Object.keys(counts).sort((one, other) => (counts[other] ?? 0) - (counts[one] ?? 0));
}

/** The counts of the names given, and of all others together. */
function withOthers(counts: Readonly<Record<string, number>>, names: readonly string[]) {
  const named = Object.fromEntries(names.map((name) => [name, counts[name] ?? 0]));
  return { ...named, others: sumOf(counts) - sumOf(named) };
}

function photograph(html: string, picture: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'picture-'));
  try {
    const page = join(folder, 'page.html');
    writeFileSync(page, html);
    const size = `--window-size=${SIZE.width},${SIZE.height}`;
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', size];
    const profile = `--user-data-dir=${join(folder, 'profile')}`;
    const { status, stderr } = spawnSync(
      CHROMIUM,
      [...flags, profile, '--force-device-scale-factor=1.5', `--screenshot=${picture}`, `file://${page}`],
      { encoding: 'utf8', timeout: 60_000 },
    );
    if (status !== 0) throw new Error(`Chromium ended with ${String(status)}: ${stderr}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const [samplesFile, picture, subtitle = ''] = process.argv.slice(2);
if (samplesFile === undefined || picture === undefined) {
  console.error('Usage: tsx bench/load/picture.ts <samples.json> <picture.png> [subtitle]');
  process.exitCode = 1;
} else {
  const samples = JSON.parse(readFileSync(samplesFile, 'utf8')) as Sample[];
  photograph(pageOf('DataWorks GraphQL gateway', subtitle, chartsOf(samples)), picture);
}
