import type { ChangeView } from '../view/useView.ts';
import type { RunList } from './runList.ts';

const ROW_COUNT = 8;

/** A placeholder for the runs while they load. */
export function Loading() {
  return (
    <div className="skeleton" role="status" aria-label="Loading the runs">
      {Array.from({ length: ROW_COUNT }, (_, index) => (
        <div key={index} className="skeleton-row" />
      ))}
    </div>
  );
}

export interface EmptyProps {
  reason: keyof typeof emptyWords;
  changeView: ChangeView;
}

const emptyWords = {
  noRuns: {
    title: 'No runs yet',
    words: 'Runs appear here automatically when something is deployed in this workspace.',
    action: null,
  },
  noMatch: {
    title: 'No run matches',
    words: 'This workspace has no run with this status and creator.',
    action: { label: 'Show all runs', change: { status: null, creator: '' } },
  },
  noPage: {
    title: 'Page not found',
    words: 'The list has fewer pages.',
    action: { label: 'Go to the first page', change: { page: 1 } },
  },
} as const;

/** Explains why the list is empty and offers an action. */
export function Empty({ reason, changeView }: EmptyProps) {
  const { title, words, action } = emptyWords[reason];
  return (
    <div className="empty">
      <h2>{title}</h2>
      <p>{words}</p>
      {action && (
        <button type="button" className="button" onClick={() => changeView(action.change)}>
          {action.label}
        </button>
      )}
    </div>
  );
}

/** Why a whole list is empty. */
export function emptyReason({ filter }: RunList): EmptyProps['reason'] {
  return filter ? 'noMatch' : 'noRuns';
}
