import type { UpdateSource } from './updateSource.ts';

/** Reads at an interval while the tab is visible, and immediately when it becomes visible again. */
export function pollingUpdates(intervalMs: number): UpdateSource {
  return (_list, onDue) => {
    let isStopped = false;
    let isReading = false;
    let dueAtMs = Date.now() + intervalMs;
    let timer: ReturnType<typeof setTimeout> | undefined;

    document.addEventListener('visibilitychange', schedule);
    schedule();
    return {
      refreshNow() {
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
      // A refresh requested during the read may concern later data.
      dueAtMs = Math.min(dueAtMs, nextAtMs);
      isReading = false;
      schedule();
    }
  };
}
