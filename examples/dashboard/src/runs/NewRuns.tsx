import { useEffect, useRef, useState } from 'react';

/** Shows a reader further down how many runs have appeared above, and scrolls there. */
export function NewRuns({ arrivalCount }: { arrivalCount: number }) {
  const head = useRef<HTMLDivElement>(null);
  const [isAtHead, setAtHead] = useState(true);
  const [seenCount, setSeenCount] = useState(arrivalCount);
  if (isAtHead && seenCount !== arrivalCount) setSeenCount(arrivalCount);

  useEffect(() => {
    if (!head.current) return;
    const observer = new IntersectionObserver((entries) => setAtHead(entries.at(-1)?.isIntersecting ?? true));
    observer.observe(head.current);
    return () => observer.disconnect();
  }, []);

  const unseenCount = arrivalCount - seenCount;
  return (
    <>
      <div ref={head} className="head-mark" />
      {unseenCount > 0 && (
        <button type="button" className="new-runs" onClick={() => window.scrollTo({ top: 0 })}>
          <svg viewBox="0 0 16 16" aria-hidden="true">
            <path d="M8 13V3.5M3.8 7.4L8 3.2l4.2 4.2" />
          </svg>
          {unseenCount === 1 ? '1 new run' : `${unseenCount} new runs`}
        </button>
      )}
    </>
  );
}
