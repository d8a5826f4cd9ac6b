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

/** The runs of a view as a list without pages. For one view in the life of the component. */
export function ScrolledRuns({ view, changeView }: { view: View; changeView: ChangeView }) {
  const list = useRunList(view);
  const runs = useScrolledRuns(list);
  const { connection, arrivals, firstTrouble, refreshTrouble } = runs;
  if (!connection) {
    return firstTrouble ? (
      <ProblemPanel shape="page" trouble={firstTrouble} onRetry={runs.retryFirst} />
    ) : (
      <Loading />
    );
  }
  const { edges } = connection;
  return (
    <>
      <Summary connection={connection} extent={`${edges.length} shown`} arrivalCount={arrivals.size} />
      {refreshTrouble && <ProblemPanel shape="banner" trouble={refreshTrouble} onRetry={runs.refresh} />}
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

/** What comes after the last row: more of them when it comes near, or why not. */
function Continuation({ runs, shownCount }: { runs: Runs; shownCount: number }) {
  const { connection, isLoadingMore, moreTrouble, loadMore } = runs;
  const hasMore = connection?.pageInfo.hasNextPage ?? false;
  const button = useNearness(hasMore && moreTrouble === null, shownCount, loadMore);
  if (moreTrouble) return <ProblemPanel shape="banner" trouble={moreTrouble} onRetry={loadMore} />;
  if (!hasMore) return shownCount > 0 ? <p className="end">That is all of them.</p> : null;
  return (
    <button ref={button} type="button" className="button more" onClick={loadMore} disabled={isLoadingMore}>
      {isLoadingMore ? 'Loading…' : 'Show more'}
    </button>
  );
}

/** How far below the window the next rows are asked for, so that they are there when they are reached. */
const AHEAD = '0px 0px 600px 0px';

/** Calls `onNear` when the element comes near the window, and again at every new `round` in which it still is. */
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
