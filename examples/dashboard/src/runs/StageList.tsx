import { type FragmentType, graphql, readFragment } from '../generated/index.ts';
import { StatusBadge } from '../status/StatusBadge.tsx';

const STAGE = graphql(`
  fragment StageList_Stage on PipelineRunStage {
    code
    name
    status
    rawStatus
    message
  }
`);

/** The stages of a run as a list, with their messages. */
export function StageList({ stages: refs }: { stages: readonly FragmentType<typeof STAGE>[] }) {
  const stages = readFragment(STAGE, refs);
  return (
    <ol className="stage-list">
      {stages.map(({ code, name, status, rawStatus, message }) => (
        <li key={code}>
          <StatusBadge status={status} rawStatus={rawStatus} />
          <span>{name ?? code}</span>
          <code>{code}</code>
          {message !== null && <p className="stage-message">{message}</p>}
        </li>
      ))}
    </ol>
  );
}
