import { useAnnouncement } from '../announcer/useAnnouncement.ts';
import { type FragmentType, graphql, readFragment } from '../generated/index.ts';
import type { StaleReason } from '../generated/graphql.ts';
import { formatClock } from '../time/format.ts';

const CONNECTION = graphql(`
  fragment Summary_Connection on PipelineRunConnection {
    totalCount
    asOf
    staleBecause
  }
`);

export interface SummaryProps {
  connection: FragmentType<typeof CONNECTION>;
  /** Which part is shown, such as `50 shown`. */
  extent: string;
  /** Runs that have appeared since the list was opened. */
  arrivalCount?: number;
}

const staleWords: Readonly<Record<StaleReason, { label: string; why: string }>> = {
  REFRESHING: { label: 'Refreshing', why: 'The gateway is fetching newer data.' },
  BUDGET: {
    label: 'Stale: quota used up',
    why: 'The quota of DataWorks calls is used up. This is the last known state.',
  },
  UPSTREAM_ERROR: {
    label: 'Stale: DataWorks is failing',
    why: 'DataWorks fails or cannot be reached. This is the last known state.',
  },
};

const count = new Intl.NumberFormat('en');

/** The number of runs and the freshness of the list. */
export function Summary({ connection, extent, arrivalCount = 0 }: SummaryProps) {
  const { totalCount, asOf, staleBecause } = readFragment(CONNECTION, connection);
  const total = totalCount === 1 ? '1 run' : `${count.format(totalCount)} runs`;
  const arrived = arrivalCount === 0 ? '' : `, ${count.format(arrivalCount)} new`;
  const isWorthAnnouncing = staleBecause !== null && staleBecause !== 'REFRESHING';
  // Without the time, which changes with every response and would be read out each time.
  useAnnouncement(
    `${total}, ${extent}${arrived}.${isWorthAnnouncing ? ` Stale: ${staleWords[staleBecause].why}` : ''}`,
  );
  return (
    <div className="summary">
      <p className="summary-count">
        <strong>{total}</strong> · {extent}
        {arrived}
      </p>
      {staleBecause !== null && <StaleBadge because={staleBecause} />}
      <p className="summary-time">
        as of <time dateTime={asOf}>{formatClock(asOf)}</time>
      </p>
    </div>
  );
}

function StaleBadge({ because }: { because: StaleReason }) {
  const { label, why } = staleWords[because];
  return (
    <span className={`stale stale-${because.toLowerCase()}`} title={why}>
      <svg className="stale-icon" viewBox="0 0 16 16" aria-hidden="true">
        <path d="M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8zM8 4.6V8l2.3 1.6" />
      </svg>
      {label}
      <span className="visually-hidden">. {why}</span>
    </span>
  );
}
