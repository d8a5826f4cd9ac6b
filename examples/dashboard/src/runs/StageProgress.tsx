import { type FragmentType, graphql, readFragment } from '../generated/index.ts';
import { labelOf } from '../status/status.ts';
import { StatusIcon } from '../status/StatusIcon.tsx';

const STAGE = graphql(`
  fragment StageProgress_Stage on PipelineRunStage {
    code
    name
    status
    rawStatus
  }
`);

/** The progress of a run, one symbol per stage. */
export function StageProgress({ stages: refs }: { stages: readonly FragmentType<typeof STAGE>[] }) {
  const stages = readFragment(STAGE, refs);
  const reached = stages.findLastIndex(({ status }) => status !== 'INIT');
  const current = stages[reached];
  return (
    <div className="stages">
      <ol className="stages-line" aria-label="Stages">
        {stages.map(({ code, name, status, rawStatus }) => {
          const words = `${name ?? code}: ${labelOf(status, rawStatus)}`;
          return (
            <li key={code} className={`stages-step status-${status.toLowerCase()}`} title={words}>
              <StatusIcon status={status} />
              <span className="visually-hidden">{words}</span>
            </li>
          );
        })}
      </ol>
      <span className="stages-now" aria-hidden="true">
        {current ? `${reached + 1}/${stages.length} ${current.name ?? current.code}` : 'Not started'}
      </span>
    </div>
  );
}
