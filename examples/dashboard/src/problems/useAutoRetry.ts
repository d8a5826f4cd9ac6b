import { useEffect, useEffectEvent } from 'react';
import type { Trouble } from './trouble.ts';

/** Tries anew when the trouble says so. */
export function useAutoRetry(trouble: Trouble | null, retry: () => void): void {
  const onDue = useEffectEvent(retry);
  useEffect(() => {
    if (trouble?.retryAtMs == null) return;
    const timer = setTimeout(() => onDue(), trouble.retryAtMs - Date.now());
    return () => clearTimeout(timer);
  }, [trouble]);
}
