import { useEffect, useEffectEvent, useRef } from 'react';
import { ProblemPanel } from '../problems/ProblemPanel.tsx';
import type { ChangeView } from '../view/useView.ts';
import type { View } from '../view/view.ts';
import { NewRuns } from './NewRuns.tsx';
import { Empty, emptyReason, Loading } from './placeholders.tsx';
import { useRunList } from './useRunList.ts';
import { RunTable } from './RunTable.tsx';
import { Summary } from './Summary.tsx';
import { type ScrolledRuns as Runs, useScrolledRuns } from './useScrolledRuns.ts';

/** The runs of a view as one scrolled list. The view must not change during the life of the component. */
export function ScrolledRuns({ view, changeView }: { view: View; changeView: ChangeView }) {
  const list = useRunList(view);
  const runs = useScrolledRuns(list);
  const { connection, arrivals, firstFailure, refreshFailure } = runs;
  if (!connection) {
    return firstFailure ? (
      <ProblemPanel shape="page" failure={firstFailure} onRetry={runs.retryFirst} />
    ) : (
      <Loading />
    );
  }
  const { edges } = connection;
  return (
    <>
      <Summary connection={connection} extent={`${edges.length} shown`} arrivalCount={arrivals.size} />
      {refreshFailure && <ProblemPanel shape="banner" failure={refreshFailure} onRetry={runs.refresh} />}
      <NewRuns arrivalCount={arrivals.size} />
      {edges.length === 0 ? (
        <Empty reason={emptyReason(list)} changeView={changeView} />
      ) : (
        <RunTable
          caption="Pipeline runs, newest first"
          runs={edges.map(({ node }) => node)}
          arrivals={arrivals}
          changeView={changeView}
        />
      )}
      <Continuation runs={runs} shownCount={edges.length} />
    </>
  );
}

/** Loads more rows when the end of the list comes near, or shows why that failed. */
function Continuation({ runs, shownCount }: { runs: Runs; shownCount: number }) {
  const { connection, isLoadingMore, loadMoreFailure, loadMore } = runs;
  const hasMore = connection?.pageInfo.hasNextPage ?? false;
  const button = useNearness(hasMore && loadMoreFailure === null, shownCount, loadMore);
  if (loadMoreFailure) return <ProblemPanel shape="banner" failure={loadMoreFailure} onRetry={loadMore} />;
  if (!hasMore) return shownCount > 0 ? <p className="end">End of the list.</p> : null;
  return (
    <button ref={button} type="button" className="button more" onClick={loadMore} disabled={isLoadingMore}>
      {isLoadingMore ? 'Loading…' : 'Show more'}
    </button>
  );
}

/** How far below the viewport loading starts, so that the rows are there when they are reached. */
const AHEAD = '0px 0px 600px 0px';

/** Calls `onNear` when the element comes near the viewport, and again for each new `round` while it is still near. */
function useNearness(isOn: boolean, round: number, onNear: () => void) {
  const element = useRef<HTMLButtonElement>(null);
  const near = useEffectEvent(onNear);
  useEffect(() => {
    if (!isOn || !element.current) return;
    const observer = new IntersectionObserver(
      (entries) => entries.some((entry) => entry.isIntersecting) && near(),
      {
        rootMargin: AHEAD,
      },
    );
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [isOn, round]);
  return element;
}
