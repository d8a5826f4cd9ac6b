import { createDemand, type Allowance } from '../../src/cache/demand.ts';
import type { CacheOptions } from '../../src/cache/core.ts';
import { type CacheLayer, withCache } from '../../src/cache/withCache.ts';
import type { Upstream } from '../../src/core/upstream.ts';

interface Options extends Pick<CacheOptions, 'clock'>, Partial<Omit<CacheOptions, 'demand' | 'clock'>> {
  freshMs: number;
  staleMs?: number;
  allowances?: () => readonly Allowance[];
}

/** The cache in front of an upstream, with limits that no test reaches unless it says otherwise. */
export function createCache(upstream: Upstream, options: Options): CacheLayer {
  const { clock, freshMs, staleMs = 600_000, allowances = () => [] } = options;
  return withCache(upstream, {
    maxBytes: 50_000_000,
    patienceMs: 10_000,
    report: () => undefined,
    ...options,
    demand: createDemand({ clock, freshMs, staleMs, allowances }),
  });
}
