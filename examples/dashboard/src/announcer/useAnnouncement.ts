import { createContext, use, useEffect } from 'react';

export const AnnounceContext = createContext<(message: string) => void>(() => undefined);

/** Announces a message politely, and again whenever it changes. */
export function useAnnouncement(message: string): void {
  const announce = use(AnnounceContext);
  useEffect(() => announce(message), [announce, message]);
}
