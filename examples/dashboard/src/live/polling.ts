import type { Watch } from './watch.ts';

/** Reads again every so often for as long as the tab is looked at, and at once when it is looked at again. */
export function polling(intervalMs: number): Watch {
  return (_list, onDue) => {
    let isStopped = false;
    let isReading = false;
    let dueAtMs = Date.now() + intervalMs;
    let timer: ReturnType<typeof setTimeout> | undefined;

    document.addEventListener('visibilitychange', schedule);
    schedule();
    return {
      readNow() {
        dueAtMs = 0;
        schedule();
      },
      stop() {
        isStopped = true;
        clearTimeout(timer);
        document.removeEventListener('visibilitychange', schedule);
      },
    };

    function schedule(): void {
      clearTimeout(timer);
      if (isStopped || isReading || document.hidden || dueAtMs === Infinity) return;
      timer = setTimeout(() => void read(), Math.max(0, dueAtMs - Date.now()));
    }

    async function read(): Promise<void> {
      isReading = true;
      dueAtMs = Infinity;
      const nextAtMs = Date.now() + ((await onDue()) ?? intervalMs);
      // What came up meanwhile may not be in what was read.
      dueAtMs = Math.min(dueAtMs, nextAtMs);
      isReading = false;
      schedule();
    }
  };
}
