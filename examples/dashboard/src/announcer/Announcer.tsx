import { type ReactNode, useState } from 'react';
import { AnnounceContext } from './useAnnouncement.ts';

/**
 * What screen readers are told of changes. One region for the life of the app: many of them do not notice one that appears
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
