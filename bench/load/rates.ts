import type { Sample } from './samples.ts';

/** What happened between a sample and one some time before it. */
export interface Rate {
  atS: number;
  from: Sample;
  to: Sample;
  perSecondOf: (count: (sample: Sample) => number) => number;
}

/** Over so many samples, as Prometheus' `rate` over four scrapes. */
const WINDOW = 4;

export function between(samples: readonly Sample[]): Rate[] {
  return samples.slice(1).map((to, n) => {
    const from = samples[Math.max(0, n + 1 - WINDOW)] ?? to;
    return {
      atS: to.atS,
      from,
      to,
      perSecondOf: (count) => (count(to) - count(from)) / (to.atS - from.atS),
    };
  });
}

/** As Prometheus' `histogram_quantile`: evenly spread within a bucket. Seconds; 0 where nothing happened. */
export function quantileS(
  share: number,
  from: Readonly<Record<string, number>>,
  to: Readonly<Record<string, number>>,
): number {
  const buckets = Object.keys(to)
    .map((bound) => ({
      boundS: bound === '+Inf' ? Infinity : Number(bound),
      upTo: (to[bound] ?? 0) - (from[bound] ?? 0),
    }))
    .sort((one, other) => one.boundS - other.boundS);
  const rank = share * (buckets.at(-1)?.upTo ?? 0);
  const at = buckets.findIndex(({ upTo }) => upTo > 0 && upTo >= rank);
  const bucket = buckets[at];
  if (!bucket) return 0;
  const below = buckets[at - 1] ?? { boundS: 0, upTo: 0 };
  if (bucket.boundS === Infinity) return below.boundS;
  return below.boundS + ((bucket.boundS - below.boundS) * (rank - below.upTo)) / (bucket.upTo - below.upTo);
}

export function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
