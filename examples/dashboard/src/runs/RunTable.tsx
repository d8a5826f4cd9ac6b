import type { ComponentProps } from 'react';
import type { ChangeView } from '../view/useView.ts';
import { RunRow } from './RunRow.tsx';

/** A run as the table needs it: its key and its row's fragment. */
export type ListedRun = { id: string } & ComponentProps<typeof RunRow>['run'];

export interface RunTableProps {
  caption: string;
  runs: readonly ListedRun[];
  arrivals?: ReadonlySet<string>;
  changeView: ChangeView;
}

const columns = ['Status', 'Run', 'Stages', 'Creator', 'Created', 'Took'];
const none: ReadonlySet<string> = new Set();

export function RunTable({ caption, runs, arrivals = none, changeView }: RunTableProps) {
  return (
    <table role="table" className="runs">
      <caption className="visually-hidden">{caption}</caption>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map((column) => (
            <th key={column} role="columnheader" scope="col">
              {column}
            </th>
          ))}
        </tr>
      </thead>
      {runs.map((run) => (
        <RunRow key={run.id} run={run} isNew={arrivals.has(run.id)} changeView={changeView} />
      ))}
    </table>
  );
}
