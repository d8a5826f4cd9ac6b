import { useEffect, useEffectEvent } from 'react';
import type { Failure } from './failure.ts';

/** Retries at the failure's `retryAtMs`. */
export function useAutoRetry(failure: Failure | null, retry: () => void): void {
  const onDue = useEffectEvent(retry);
  useEffect(() => {
    if (failure?.retryAtMs == null) return;
    const timer = setTimeout(() => onDue(), failure.retryAtMs - Date.now());
    return () => clearTimeout(timer);
  }, [failure]);
}
