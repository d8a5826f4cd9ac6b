import { createContext, use, useEffect } from 'react';

export const AnnounceContext = createContext<(message: string) => void>(() => undefined);

/** Has a message read out, politely, now and whenever it is another one. */
export function useAnnouncement(message: string): void {
  const announce = use(AnnounceContext);
  useEffect(() => announce(message), [announce, message]);
}
