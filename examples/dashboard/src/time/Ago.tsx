import { formatAgo, formatMoment } from './format.ts';
import { useNow } from './useNow.ts';

const TICK_MS = 15_000;

/** A relative time, with the full date on hover. */
export function Ago({ time }: { time: string }) {
  return (
    <time dateTime={time} title={formatMoment(time)}>
      {formatAgo(time, useNow(TICK_MS))}
    </time>
  );
}
