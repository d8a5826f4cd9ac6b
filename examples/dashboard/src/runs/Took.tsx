import { type FragmentType, graphql, readFragment } from '../generated/index.ts';
import { isUnfinished } from '../status/status.ts';
import { formatDuration } from '../time/format.ts';
import { useNow } from '../time/useNow.ts';

const RUN = graphql(`
  fragment Took_Run on PipelineRun {
    status
    createTime
    modifyTime
  }
`);

/** How long a run has taken, or is taking. */
export function Took({ run: ref }: { run: FragmentType<typeof RUN> }) {
  const { status, createTime, modifyTime } = readFragment(RUN, ref);
  if (createTime === null) return null;
  if (isUnfinished(status)) return <Running sinceMs={Date.parse(createTime)} />;
  return modifyTime === null ? null : <>{formatDuration(Date.parse(modifyTime) - Date.parse(createTime))}</>;
}

const TICK_MS = 1000;

function Running({ sinceMs }: { sinceMs: number }) {
  return <>{formatDuration(useNow(TICK_MS) - sinceMs)} so far</>;
}
