const clockTime = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });
const dayAndTime = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});
const wholeMoment = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'long' });
const ago = new Intl.RelativeTimeFormat('en', { numeric: 'always', style: 'short' });

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** `12:03:04` in the local time zone. */
export function formatClock(time: string): string {
  return clockTime.format(new Date(time));
}

/** Date, time and time zone. */
export function formatMoment(time: string): string {
  return wholeMoment.format(new Date(time));
}

/** `5 min. ago` for a day, then the date. */
export function formatAgo(time: string, nowMs: number): string {
  const elapsedMs = Math.max(0, nowMs - Date.parse(time));
  if (elapsedMs < MINUTE_MS) return 'just now';
  if (elapsedMs < HOUR_MS) return ago.format(-Math.floor(elapsedMs / MINUTE_MS), 'minute');
  if (elapsedMs < 24 * HOUR_MS) return ago.format(-Math.floor(elapsedMs / HOUR_MS), 'hour');
  return dayAndTime.format(new Date(time));
}

/** `1 h 4 min`, `3 min 20 s` or `8 s`. */
export function formatDuration(durationMs: number): string {
  const seconds = Math.floor(Math.max(0, durationMs) / SECOND_MS);
  const minutes = Math.floor(seconds / 60);
  if (minutes >= 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}
