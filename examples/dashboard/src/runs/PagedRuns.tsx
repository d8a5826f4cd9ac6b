import { ProblemPanel } from '../problems/ProblemPanel.tsx';
import type { ChangeView } from '../view/useView.ts';
import type { View } from '../view/view.ts';
import { Pager } from './Pager.tsx';
import { Empty, emptyReason, Loading } from './placeholders.tsx';
import { useRunList } from './useRunList.ts';
import { RunTable } from './RunTable.tsx';
import { Summary } from './Summary.tsx';
import { PAGE_SIZE, usePagedRuns } from './usePagedRuns.ts';

/** One numbered page of the runs of a view. The view must not change during the life of the component. */
export function PagedRuns({ view, changeView }: { view: View; changeView: ChangeView }) {
  const list = useRunList(view);
  const { connection, firstFailure, refreshFailure, retryFirst, refresh } = usePagedRuns(list, view.page);
  if (!connection) {
    return firstFailure ? (
      <ProblemPanel shape="page" failure={firstFailure} onRetry={retryFirst} />
    ) : (
      <Loading />
    );
  }
  const pageCount = Math.max(1, Math.ceil(connection.totalCount / PAGE_SIZE));
  const extent = `page ${view.page} of ${pageCount}`;
  return (
    <>
      <Summary connection={connection} extent={extent} />
      {refreshFailure && <ProblemPanel shape="banner" failure={refreshFailure} onRetry={refresh} />}
      {connection.nodes.length === 0 ? (
        <Empty reason={connection.totalCount > 0 ? 'noPage' : emptyReason(list)} changeView={changeView} />
      ) : (
        <RunTable caption={`Pipeline runs, ${extent}`} runs={connection.nodes} changeView={changeView} />
      )}
      <Pager view={view} pageCount={pageCount} changeView={changeView} />
    </>
  );
}
