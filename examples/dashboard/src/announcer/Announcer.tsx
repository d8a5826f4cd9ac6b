import { type ReactNode, useState } from 'react';
import { AnnounceContext } from './useAnnouncement.ts';

/**
 * Announces changes to screen readers. One live region for the life of the app: many screen readers ignore a region that appears
 * together with its text.
 */
export function Announcer({ children }: { children: ReactNode }) {
  const [message, setMessage] = useState('');
  return (
    <AnnounceContext value={setMessage}>
      {children}
      <p className="visually-hidden" role="status">
        {message}
      </p>
    </AnnounceContext>
  );
}
