import type { ChangeView } from '../view/useView.ts';
import type { RunList } from './runList.ts';

const ROW_COUNT = 8;

/** Stands where the runs will be. */
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
    words: 'When something is deployed in this workspace, its runs appear here by themselves.',
    wayOut: null,
  },
  noMatch: {
    title: 'No run matches',
    words: 'This workspace has no run of this status and creator.',
    wayOut: { label: 'Show all runs', change: { status: null, creator: '' } },
  },
  noPage: {
    title: 'There is no such page',
    words: 'The list is shorter than that.',
    wayOut: { label: 'Go to the first page', change: { page: 1 } },
  },
} as const;

/** Says why there is nothing to see, and leads to something where there is. */
export function Empty({ reason, changeView }: EmptyProps) {
  const { title, words, wayOut } = emptyWords[reason];
  return (
    <div className="empty">
      <h2>{title}</h2>
      <p>{words}</p>
      {wayOut && (
        <button type="button" className="button" onClick={() => changeView(wayOut.change)}>
          {wayOut.label}
        </button>
      )}
    </div>
  );
}

/** Why a whole list is empty. */
export function emptyReason({ filter }: RunList): EmptyProps['reason'] {
  return filter ? 'noMatch' : 'noRuns';
}
