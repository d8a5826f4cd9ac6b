import { memo, useId, useState } from 'react';
import { type FragmentType, graphql, readFragment } from '../generated/index.ts';
import { StatusBadge } from '../status/StatusBadge.tsx';
import { Ago } from '../time/Ago.tsx';
import type { ChangeView } from '../view/useView.ts';
import { StageList } from './StageList.tsx';
import { StageProgress } from './StageProgress.tsx';
import { Took } from './Took.tsx';

const RUN = graphql(`
  fragment RunRow_Run on PipelineRun {
    id
    runId
    status
    rawStatus
    createTime
    creator
    message
    description
    ...Took_Run
    stages {
      code
      ...StageProgress_Stage
      ...StageList_Stage
    }
  }
`);

export interface RunRowProps {
  run: FragmentType<typeof RUN>;
  /** Whether it appeared while the list was open. */
  isNew: boolean;
  changeView: ChangeView;
}

/** For cells that span the table. */
const COLUMN_COUNT = 6;

/** A run in the table, which expands to show its stages. Memoised: unchanged rows are not rendered again. */
export const RunRow = memo(function RunRow({ run: ref, isNew, changeView }: RunRowProps) {
  const run = readFragment(RUN, ref);
  const [isOpen, setOpen] = useState(false);
  const detailsId = useId();
  // On a phone, CSS turns the table into cards, which removes its implicit roles.
  return (
    <tbody
      role="rowgroup"
      className={['run', isNew && 'run-new', isOpen && 'run-open'].filter(Boolean).join(' ')}
      data-run-id={run.runId}
    >
      <tr role="row">
        <td role="cell" className="run-status">
          <StatusBadge status={run.status} rawStatus={run.rawStatus} />
        </td>
        <th role="rowheader" scope="row" className="run-title">
          <button
            type="button"
            className="disclosure"
            aria-expanded={isOpen}
            aria-controls={detailsId}
            onClick={() => setOpen(!isOpen)}
          >
            <svg className="disclosure-icon" viewBox="0 0 16 16" aria-hidden="true">
              <path d="M6 4l4 4-4 4" />
            </svg>
            <span className={run.description === null ? 'run-name run-unnamed' : 'run-name'}>
              {run.description ?? 'No description'}
            </span>
          </button>
          <code className="run-id">{run.runId.slice(0, 8)}</code>
        </th>
        <td role="cell" className="run-stages">
          <StageProgress stages={run.stages} />
        </td>
        <td role="cell" className="run-creator">
          {run.creator !== null && (
            <CreatorButton creator={run.creator} onPick={(creator) => changeView({ creator })} />
          )}
        </td>
        <td role="cell" className="run-time">
          {run.createTime !== null && <Ago time={run.createTime} />}
        </td>
        <td role="cell" className="run-took">
          <Took run={run} />
        </td>
      </tr>
      <tr role="row" id={detailsId} hidden={!isOpen}>
        {isOpen && (
          <td role="cell" colSpan={COLUMN_COUNT} className="run-details">
            {run.message !== null && <p className="run-message">{run.message}</p>}
            <StageList stages={run.stages} />
            <p className="run-whole-id">
              Run <code>{run.runId}</code>
            </p>
          </td>
        )}
      </tr>
    </tbody>
  );
});

function CreatorButton({ creator, onPick }: { creator: string; onPick: (creator: string) => void }) {
  return (
    <button
      type="button"
      className="link-button"
      title="Only runs of this account"
      onClick={() => onPick(creator)}
    >
      <span className="visually-hidden">Only runs of </span>
      {creator}
    </button>
  );
}
