import { knownStatuses, statusLabels } from '../status/status.ts';
import { StatusIcon } from '../status/StatusIcon.tsx';
import type { ChangeView } from '../view/useView.ts';
import type { Mode, View } from '../view/view.ts';
import { Choice, type Option } from './Choice.tsx';
import { CreatorFilter } from './CreatorFilter.tsx';

const statusOptions: readonly Option<View['status']>[] = [
  { value: null, label: 'All' },
  ...knownStatuses.map((status) => ({
    value: status,
    label: statusLabels[status],
    icon: <StatusIcon status={status} />,
  })),
];

const modeOptions: readonly Option<Mode>[] = [
  { value: 'scroll', label: 'Scroll' },
  { value: 'pages', label: 'Pages' },
];

/** Filters and display mode of the list. */
export function ListControls({ view, changeView }: { view: View; changeView: ChangeView }) {
  return (
    <section className="controls" aria-label="What to list">
      <Choice
        legend="Status"
        options={statusOptions}
        value={view.status}
        onChoose={(status) => changeView({ status })}
      />
      <CreatorFilter creator={view.creator} onChange={(creator) => changeView({ creator })} />
      <Choice
        legend="Browse by"
        shape="joined"
        options={modeOptions}
        value={view.mode}
        onChoose={(mode) => changeView({ mode })}
      />
    </section>
  );
}
