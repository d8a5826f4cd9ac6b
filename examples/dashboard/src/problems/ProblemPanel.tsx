import { useNow } from '../time/useNow.ts';
import type { Failure } from './failure.ts';

export interface ProblemPanelProps {
  failure: Failure;
  onRetry: () => void;
  /** `banner` where there is still something to show below it. */
  shape: 'page' | 'banner';
}

export function ProblemPanel({ failure, onRetry, shape }: ProblemPanelProps) {
  const { problem, retryAtMs } = failure;
  return (
    <div className={`problem problem-${shape}`}>
      <svg className="problem-icon" viewBox="0 0 24 24" aria-hidden="true">
        <path d="M12 3.5 22 20.5H2z M12 10v4.5 M12 17.4v.1" />
      </svg>
      <div className="problem-text" role="alert">
        <h2>{problem.title}</h2>
        <p>{problem.advice}</p>
      </div>
      <div className="problem-actions">
        {retryAtMs !== null && <Countdown untilMs={retryAtMs} />}
        <button type="button" className="button" onClick={onRetry}>
          {retryAtMs === null ? 'Try again' : 'Try now'}
        </button>
      </div>
      <p className="problem-code">
        <code>{problem.code}</code>
        {problem.requestId !== null && (
          <>
            {' · DataWorks request '}
            <code>{problem.requestId}</code>
          </>
        )}
      </p>
    </div>
  );
}

/** Seen and not heard: a timer that is read out every second keeps everything else from being heard. */
function Countdown({ untilMs }: { untilMs: number }) {
  const leftS = Math.max(0, Math.ceil((untilMs - useNow(TICK_MS)) / 1000));
  return (
    <span className="countdown" role="timer" aria-live="off">
      {leftS > 0 ? `Trying again in ${formatLeft(leftS)}` : 'Trying again…'}
    </span>
  );
}

const TICK_MS = 250;

function formatLeft(leftS: number): string {
  if (leftS < 60) return `${leftS} s`;
  const minutes = Math.floor(leftS / 60);
  return minutes < 60
    ? `${minutes} min ${leftS % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
