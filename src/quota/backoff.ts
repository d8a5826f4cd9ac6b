/** Doubles from `firstMs` to `longestMs`. */
interface Backoff {
  firstMs: number;
  longestMs: number;
}

/**
 * The delay after `failures` earlier ones. Half of it is random, so that replicas which failed together do not come back
 * together; half is not, so that none comes back at once.
 */
export function backoffMs({ firstMs, longestMs }: Backoff, failures: number, random: () => number): number {
  const delayMs = Math.min(longestMs, firstMs * 2 ** failures);
  return delayMs / 2 + (random() * delayMs) / 2;
}
